"""Jobs followed to their end."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from docqa.cli.jobs.board import Board
from docqa.cli.jobs.seen import Eye
from ingest.errors import CatalogError
from ingest.library import Library
from ingest.settings import Settings
from tests.docqa.cli.conftest import Docqa
from tests.docqa.cli.working import Workshop

Meanwhile = Callable[..., None]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    opened = Workshop(tmp_path / "data")
    yield opened
    opened.catalog.close()


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Lets things happen between one look and the next, instead of waiting."""

    def happen(*things: Callable[[], object]) -> None:
        left = iter(things)
        monkeypatch.setattr("docqa.cli.jobs.watching.time", SimpleNamespace(sleep=lambda _: next(left)()))

    return happen


def stop() -> None:
    raise KeyboardInterrupt


def test_a_job_is_followed_to_its_end(docqa: Docqa, shop: Workshop, meanwhile: Meanwhile) -> None:
    job = shop.submit("/a.pdf")
    id = job.id[:8]
    meanwhile(lambda: shop.open(job), lambda: None, lambda: shop.do(job), lambda: shop.do(job))
    ended = docqa("jobs", "watch", job.id)
    assert ended.code == 0
    assert [line.split(",")[0] for line in ended.out.splitlines() if line.startswith(id)] == [
        f"{id} ingest running: 0/1 documents",
        f"{id} ingest running: 0/1 documents",
        f"{id} ingest running: 0/1 documents",
        f"{id} ingest finished: 1/1 documents",
    ]
    assert f"{id} ingest running: 0/1 documents, 1/2 parts (50%), " in ended.out
    assert f"Job {id} finished: 1/1 documents; 16 pages, 40 chunks" in ended.out


def test_a_job_with_failures_ends_with_2_and_names_them(docqa: Docqa, shop: Workshop) -> None:
    job = shop.open(shop.submit("/a.pdf"), failing={"/a.pdf": "damaged"})
    ended = docqa("jobs", "watch", job.id)
    assert ended.code == 2
    assert "1 failure:\n  /a.pdf: damaged\n" in ended.out
    assert f"Job {job.id[:8]} finished: 0/1 documents, 1 failed" in ended.out


def test_a_job_that_was_cancelled_ends_with_1(docqa: Docqa, shop: Workshop, meanwhile: Meanwhile) -> None:
    job = shop.submit("/a.pdf")
    meanwhile(lambda: shop.catalog.jobs.cancel(job.id))
    ended = docqa("jobs", "watch", job.id)
    assert ended.code == 1
    assert f"Job {job.id[:8]} is cancelled: 0/1 documents" in ended.out


def test_a_job_that_failed_ends_with_1_and_says_why(docqa: Docqa, shop: Workshop) -> None:
    job = shop.catalog.jobs.create("export")
    shop.catalog.jobs.begin_step(shop.run, job.id)
    shop.catalog.jobs.fail(shop.run, job.id, "it cannot be done")
    ended = docqa("jobs", "watch", job.id)
    assert ended.code == 1
    assert f"Job {job.id[:8]} failed: it cannot be done: 0 documents done" in ended.out


def test_ctrl_c_ends_the_view_and_not_the_job(docqa: Docqa, shop: Workshop, meanwhile: Meanwhile) -> None:
    job = shop.submit("/a.pdf")
    meanwhile(stop)
    ended = docqa("jobs", "watch", job.id[:8])
    assert ended.code == 130
    assert f"job {job.id[:8]} goes on, and 'docqa jobs cancel {job.id[:8]}' ends it" in ended.err
    assert shop.catalog.jobs.get(job.id).state == "running"


def test_without_an_id_all_open_jobs_are_followed_also_new_ones(
    docqa: Docqa, shop: Workshop, meanwhile: Meanwhile
) -> None:
    first = shop.open(shop.submit("/a.pdf"), parts=1)
    shop.finished("/before.pdf")
    later = []
    meanwhile(
        lambda: later.append(shop.submit("/b.pdf")),
        lambda: shop.do(first),
        lambda: shop.open(later[0], failing={"/b.pdf": "damaged"}),
    )
    ended = docqa("jobs", "watch")
    assert ended.code == 2
    assert f"Job {first.id[:8]} finished" in ended.out
    assert f"Job {later[0].id[:8]} finished" in ended.out
    assert "before.pdf" not in ended.out


def test_once_looks_once_and_shows_each_worker_with_what_it_does(docqa: Docqa, shop: Workshop) -> None:
    shop.catalog.leases.begin("keeper")
    job = shop.open(shop.submit("/a\x1b[2J.pdf"))
    shop.catalog.leases.parts(shop.run, job.id, 8)
    ended = docqa("jobs", "watch", "--once")
    assert ended.code == 0
    assert f": pages 1 to 8 of /a [2J.pdf (job {job.id[:8]})\n" in ended.out
    assert ": keeps a worker\n" in ended.out
    assert "1 worker running with 1 process\n" in ended.out


def test_what_a_worker_did_last_for_a_job_that_has_ended_is_not_what_it_does(docqa: Docqa, shop: Workshop) -> None:
    shop.finished("/a.pdf")
    said = docqa("jobs", "watch", "--once").out
    assert "/a.pdf" not in said
    assert ": waits\n" in said


def test_a_worker_that_is_silent_is_marked(docqa: Docqa, shop: Workshop) -> None:
    shop.fall_silent()
    said = docqa("jobs", "watch", "--once").out
    assert "silent for 17 min: it hangs, or is gone\n" in said
    assert "No worker is running: start one with 'docqa worker'. (silent for longer than a lease: 1)\n" in said


def test_json_prints_a_look_whenever_something_has_changed(docqa: Docqa, shop: Workshop, meanwhile: Meanwhile) -> None:
    job = shop.submit("/a.pdf", unreadable={"/b.pdf": "damaged"})
    nothing = [lambda: None] * 3
    meanwhile(*nothing, lambda: shop.open(job, parts=1), *nothing, lambda: shop.do(job))
    ended = docqa("jobs", "watch", job.id, "--json")
    assert ended.code == 2
    assert [look["jobs"][0]["counters"]["parts_done"] for look in ended.records] == [0, 0, 1]
    assert ended.records[0]["failures"][job.id][0]["source"] == "/b.pdf"
    assert ended.records[0]["workers"][0]["lost"] is False
    assert ended.records[0]["queues"] is None


def test_a_catalog_that_is_away_for_a_moment_does_not_end_the_view(
    docqa: Docqa, shop: Workshop, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, look, away = shop.finished("/a.pdf"), Eye.look, iter([True, True, False])

    def sometimes(eye: Eye) -> object:
        if next(away):
            raise CatalogError("The catalog cannot be used: it restarts.")
        return look(eye)

    monkeypatch.setattr(Eye, "look", sometimes)
    meanwhile(lambda: None, lambda: None)
    ended = docqa("jobs", "watch", job.id)
    assert ended.code == 0
    assert ended.out.count("The catalog cannot be used: it restarts.\n") == 1


def test_the_board_shows_jobs_failures_and_workers(shop: Workshop, tmp_path: Path) -> None:
    job = shop.submit("/a.pdf", "/b.pdf", unreadable={"/c.pdf": "cannot be \x1bread"})
    shop.do(shop.open(job))
    stream = io.StringIO()
    board = Board(Console(file=stream, width=120), once=True)
    with Library.open(Settings(data_dir=tmp_path / "data")) as library:
        board.show(Eye(library, job.id).look())
    board.trouble("The catalog is away.")
    said = stream.getvalue()
    assert "1/4 parts 25%  0/2 documents" in said
    assert "    /c.pdf: cannot be read" in said
    assert "time left not known yet: too few parts are done yet; /papers" in said
    assert "pages 1 to 8 of /" in said
    assert said.endswith("The catalog is away.\n")
