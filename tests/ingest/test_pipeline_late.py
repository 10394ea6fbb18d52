"""Workers that come too late: what they were at has been cancelled or deleted, and the same files are taken in anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.catalog.job_rows import Job, Lease
from ingest.library import Library
from ingest.parse import ParserPool
from ingest.pipeline import clean
from ingest.pipeline.scan import scan
from ingest.pipeline.storing import Embedded, embed
from ingest.pipeline.taking import Taker
from ingest.verify import verify
from tests.ingest.ingesting import library_at, write_text


class Hand:
    """A worker whose every step is taken by the test."""

    def __init__(self, library: Library, pool: ParserPool) -> None:
        self.leases = library.catalog.leases
        self.taker = Taker(library, pool)
        self.run = self.leases.begin()

    def survey(self, job: Job) -> int:
        """Open what waits and return how many documents that was."""
        works = self.leases.surveys(self.run, job.id, 16)
        self.taker.survey(self.run, job.id, works)
        return len(works)

    def lease(self, job: Job) -> list[Lease]:
        return self.leases.parts(self.run, job.id, 8)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    write_text(tmp_path / "in" / "a.txt", "pump")
    with library_at(tmp_path / "data") as library:
        yield library


@pytest.fixture
def hands(library: Library) -> Iterator[tuple[Hand, Hand]]:
    with ParserPool(library.settings) as pool:
        yield Hand(library, pool), Hand(library, pool)


def submit(library: Library) -> Job:
    folder = library.settings.root.parent / "in"
    job = library.catalog.jobs.create("ingest", "default", {"paths": [str(folder)]})
    run = library.catalog.leases.begin("ingest")
    assert library.catalog.jobs.begin_step(run, job.id)
    assert scan(library, run, job)
    library.catalog.leases.end(run)
    return library.catalog.jobs.get(job.id)


def test_the_same_file_again_waits_for_the_worker_that_is_still_at_what_was_cancelled(
    library: Library, hands: tuple[Hand, Hand]
) -> None:
    slow, quick = hands
    first = submit(library)
    slow.survey(first)
    leases = slow.lease(first)
    library.catalog.jobs.cancel(first.id)
    second = submit(library)
    assert quick.survey(second) == 0
    slow.taker.take(slow.run, first.id, leases)
    assert quick.survey(second) == 1
    quick.taker.take(quick.run, second.id, quick.lease(second))
    clean(library)
    assert (library.catalog.jobs.get(second.id).state, verify(library, deep=True)) == ("finished", [])


def test_a_worker_that_was_taken_for_dead_takes_nothing_from_the_same_file_ingested_again(
    library: Library, hands: tuple[Hand, Hand], monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep, awake = hands
    first = submit(library)
    asleep.survey(first)
    leases = asleep.lease(first)

    def sleep(*embedding: Any) -> list[Embedded]:
        monkeypatch.undo()
        library.catalog.keeping(60).blame("default", asleep.run, "it fell silent")
        library.catalog.jobs.cancel(first.id)
        clean(library)
        second = submit(library)
        awake.survey(second)
        awake.taker.take(awake.run, second.id, awake.lease(second))
        return embed(*embedding)

    monkeypatch.setattr("ingest.pipeline.taking.embed", sleep)
    asleep.taker.take(asleep.run, first.id, leases)
    assert verify(library, deep=True) == []
    assert library.archive.count() == 1
