"""Several writers at once: on PostgreSQL they go beside each other where they can, and nothing is lost or blocked."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, delete, select, text

from ingest.catalog.engine import open_engine
from ingest.catalog.epochs import alone, beside
from ingest.catalog.tables import parts, runs
from ingest.settings import Settings
from tests.contracts.jobs.stress import Stress
from tests.contracts.jobs.truth import untruths
from tests.ingest.catalog.jobbing import PAGES, Bench, at_once


@pytest.fixture(scope="module")
def engine(postgres_url: str) -> Iterator[Engine]:
    engine = open_engine(Settings(catalog_url=postgres_url))
    yield engine
    engine.dispose()


@pytest.fixture
def bench(engine: Engine) -> Bench:
    return Bench(engine, uuid4().hex)


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Bench]:
    engine = open_engine(Settings(data_dir=tmp_path / "data"))
    yield Bench(engine, "default")
    engine.dispose()


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def test_a_part_that_another_transaction_is_at_is_skipped(bench: Bench) -> None:
    job = bench.surveyed(3, "a")
    with bench.engine.begin() as connection:
        first = select(parts.c.number).where(parts.c.job == job, parts.c.number == 0)
        assert connection.scalar(first.with_for_update()) == 0
        assert [bench.one(job).part.number for _ in range(2)] == [1, 2]
        assert bench.leases.parts(bench.run, job, PAGES) == []
    assert bench.one(job).part.number == 0


def test_workers_do_not_wait_for_each_other(bench: Bench) -> None:
    job, other = bench.surveyed(2, "a"), bench.surveyed(1, "b")
    with beside(bench.engine, bench.catalog._tenant):
        bench.mark(job, bench.one(job))
        assert bench.drain(other) == 1
    assert bench.jobs.get(other).state == "finished"


def test_who_goes_alone_holds_up_no_other_tenant(bench: Bench, engine: Engine) -> None:
    other = Bench(engine, uuid4().hex)
    with alone(bench.engine, bench.catalog._tenant):
        assert other.drain(other.surveyed(1, "a")) == 1


def test_nothing_is_leased_to_a_run_that_is_struck_out_meanwhile(bench: Bench, aside: ThreadPoolExecutor) -> None:
    job, run = bench.surveyed(1, "a"), bench.leases.begin()
    with alone(bench.engine, bench.catalog._tenant) as connection:
        lease = aside.submit(bench.leases.parts, run, job, PAGES)
        wait_for_its_turn(bench.engine, lease)
        connection.execute(delete(runs).where(runs.c.id == run))
    assert lease.result() == []
    assert bench.one(job)


def test_a_job_that_is_cancelled_while_files_are_claimed_keeps_none(bench: Bench, aside: ThreadPoolExecutor) -> None:
    job = bench.scanning()
    with beside(bench.engine, bench.catalog._tenant):
        cancelled = aside.submit(bench.jobs.cancel, job)
        wait_for_its_turn(bench.engine, cancelled)
    cancelled.result()
    assert bench.claim(job, "a")[0].work is None


def test_cancelling_and_marking_at_once_do_not_block_each_other(bench: Bench) -> None:
    for number in range(30):
        job = bench.surveyed(2, f"a{number}", f"b{number}")
        leases, run = [bench.one(job), bench.one(job)], bench.leases.begin()
        at_once(
            partial(bench.mark, job, *leases),
            partial(bench.jobs.cancel, job),
            partial(bench.leases.parts, run, job, PAGES),
        )
        bench.leases.end(run)
        assert bench.jobs.get(job).state == "cancelled"


def test_a_document_that_comes_back_while_it_is_removed_is_there_once(bench: Bench) -> None:
    for _ in range(30):
        bench.drain(bench.surveyed(1, "a"))
        bench.ledger.mark_deleted(bench.document("a"))
        job, leftovers = bench.scanning(), bench.ledger.leftovers()
        at_once(partial(bench.claim, job, "a"), partial(bench.ledger.forget, leftovers, lambda sha256: None))
        assert bench.counted(job) == {"found": 1}
        assert bench.states() == {"a": "queued"}
        bench.jobs.cancel(job)


@pytest.mark.slow
@pytest.mark.parametrize(("kept_in", "seconds"), [("bench", 5.0), ("on_sqlite", 3.0)])
def test_whatever_is_done_to_jobs_at_once_they_stay_true(
    kept_in: str, seconds: float, request: pytest.FixtureRequest
) -> None:
    bench, seed = request.getfixturevalue(kept_in), random.randrange(10**6)
    print(f"seed {seed}")
    stress = Stress(bench, seed)
    stress.go(6, seconds)
    assert untruths(bench.engine, bench.catalog._tenant, stress.named) == []
    stress.finish()
    assert untruths(bench.engine, bench.catalog._tenant, stress.named) == []
    bench.ledger.forget(bench.ledger.leftovers(), lambda sha256: None)
    assert {held.state for held in bench.ledger.inventory()} <= {"live", "failed"}


def wait_for_its_turn(engine: Engine, call: Future[Any]) -> None:
    """Until a call waits for a turn that another transaction has."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    while not call.done():
        with engine.connect() as connection:
            if connection.scalar(waiting):
                return
        time.sleep(0.01)
