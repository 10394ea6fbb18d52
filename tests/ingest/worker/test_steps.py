"""What one process does alone for a job: deletions, verification, embedding anew, export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.catalog.job_rows import Job, JobKind
from ingest.parse import ParserPool
from ingest.pipeline.scan import scan
from ingest.settings import Settings
from ingest.verify import verify
from ingest.worker import steps
from ingest.worker.desk import Shelf
from ingest.worker.steps import do_step
from tests.ingest.ingesting import chunks, run, write_pdf, write_text


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A library with a text and a PDF of six pages, and a worker's run on it."""
    with ParserPool(settings := Settings(data_dir=tmp_path / "data", part_pages=2)) as pool:
        shelf = Shelf(settings, pool)
        files = write_text(tmp_path / "in/note.txt", "valve"), write_pdf(tmp_path / "in/pump.pdf", "pump", 6)
        run(shelf.library, *files)
        yield shelf
        shelf.close()


def done(shelf: Shelf, kind: JobKind, **arguments: Any) -> Job:
    """A job of a kind, with all that is to be done for it done."""
    job = shelf.library.catalog.jobs.create(kind, arguments=arguments)
    do_step(shelf, job.id)
    while leases := shelf.library.catalog.leases.parts(shelf.run, job.id, 2):
        shelf.taker.take(shelf.run, job.id, leases)
    return shelf.library.catalog.jobs.get(job.id)


def test_a_deletion_removes_documents_with_chunks_and_files(shelf: Shelf) -> None:
    first, second = shelf.library.catalog.documents()
    job = done(shelf, "delete", documents=[first.id, "no such document"])
    assert (job.state, job.counters.finished, job.counters.skipped) == ("finished", 1, 1)
    assert [row.id for row in shelf.library.catalog.documents()] == [second.id]
    assert list(shelf.library.files.all()) == [second.sha256]
    assert {chunk.document for chunk in chunks(shelf.library)} == {second.id}


def test_a_verification_logs_each_difference_and_mends_it_if_asked(shelf: Shelf) -> None:
    row = next(row for row in shelf.library.catalog.documents() if row.source.endswith("note.txt"))
    shelf.library.files.delete(row.sha256)
    seen = done(shelf, "verify")
    assert (seen.counters.failed, seen.counters.finished) == (1, 0)
    mended = done(shelf, "verify", repair=True)
    assert (mended.counters.failed, mended.counters.finished) == (0, 1)
    told = [entry.message for entry in shelf.library.catalog.jobs.log(mended.id, ("difference",))]
    assert told == [f"mended: {row.source}: the original file is missing"]


def test_embedding_anew_gives_the_same_archive_where_nothing_has_changed(shelf: Shelf) -> None:
    before = chunks(shelf.library)
    job = done(shelf, "re-embed")
    assert (job.state, job.counters.finished, job.counters.parts_done) == ("finished", 2, 4)
    assert chunks(shelf.library) == before
    assert verify(shelf.library, deep=True) == []


def test_embedding_anew_with_smaller_chunks_leaves_none_of_the_old_ones(tmp_path: Path, shelf: Shelf) -> None:
    run(shelf.library, write_text(tmp_path / "in/long.txt", "reservoir " * 60))
    before = {chunk.id for chunk in chunks(shelf.library)}
    smaller = shelf.library.settings.model_copy(update={"chunk_tokens": 64, "chunk_overlap": 8})
    with ParserPool(smaller) as pool:
        other = Shelf(smaller, pool)
        job = done(other, "re-embed")
        other.close()
    assert job.state == "finished"
    assert len(chunks(shelf.library)) > len(before)
    assert verify(shelf.library, deep=True) == []


def test_a_document_without_its_original_file_stays_as_it_is_when_others_are_embedded_anew(shelf: Shelf) -> None:
    before = chunks(shelf.library)
    for row in shelf.library.catalog.documents():
        shelf.library.files.delete(row.sha256)
        Path(row.source).unlink()
    job = done(shelf, "re-embed")
    assert (job.state, job.counters.unreadable, job.counters.parts) == ("finished", 2, 0)
    assert chunks(shelf.library) == before


def test_cancelling_to_embed_anew_leaves_the_documents_as_they_were(shelf: Shelf) -> None:
    before = chunks(shelf.library)
    job = shelf.library.catalog.jobs.create("re-embed")
    do_step(shelf, job.id)
    shelf.library.catalog.jobs.cancel(job.id)
    assert chunks(shelf.library) == before
    assert verify(shelf.library, deep=True) == []


def test_an_export_writes_documents_and_chunks_in_order(tmp_path: Path, shelf: Shelf) -> None:
    job = done(shelf, "export", to=str(tmp_path / "out"))
    assert (job.state, job.counters.finished) == ("finished", 2)
    documents, written = (
        [json.loads(line) for line in (tmp_path / "out" / f"{name}.jsonl").read_text().splitlines()]
        for name in ("documents", "chunks")
    )
    assert [row["source"] for row in documents] == [row.source for row in shelf.library.catalog.documents()]
    assert {chunk["id"] for chunk in written} == {chunk.id for chunk in chunks(shelf.library)}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["chunks.jsonl", "documents.jsonl"]


def test_a_job_of_a_kind_that_this_version_cannot_do_fails_with_a_sentence(shelf: Shelf) -> None:
    job = done(shelf, "evaluate")
    assert (job.state, job.note) == ("failed", "this version of docqa cannot do a job of kind 'evaluate'")


def test_a_scan_that_was_paused_goes_on_when_its_job_is_resumed(
    tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = shelf.library.catalog.jobs
    for number in range(3):
        write_text(tmp_path / f"more/{number}.txt", f"hydrant {number}")
    job = jobs.create("ingest", "default", {"paths": [str(tmp_path / "more")]})
    with monkeypatch.context() as patched:
        patched.setattr("ingest.pipeline.scan.KEEP_SECONDS", -1.0)
        patched.setattr(steps, "scan", lambda *given, seconds: scan(*given, lambda told: pause(job.id), seconds))
        pause = jobs.pause
        do_step(shelf, job.id)
    assert (jobs.get(job.id).state, jobs.get(job.id).step, jobs.get(job.id).held) == ("paused", "waiting", False)
    jobs.resume(job.id)
    do_step(shelf, job.id)
    assert (jobs.get(job.id).step, jobs.get(job.id).counters.found) == ("done", 3)


def test_a_scan_whose_time_is_over_is_gone_on_with_and_counts_each_file_once(tmp_path: Path, shelf: Shelf) -> None:
    for number in range(3):
        write_text(tmp_path / f"more/{number}.txt", f"hydrant {number}")
    catalog = shelf.library.catalog
    job = catalog.jobs.create("ingest", "default", {"paths": [str(tmp_path / "more"), str(tmp_path / "in")]})
    assert catalog.jobs.begin_step(shelf.run, job.id)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ingest.pipeline.scan.KEEP_SECONDS", -1.0)
        assert not scan(shelf.library, shelf.run, job, seconds=0)
    catalog.leases.release(shelf.run)
    do_step(shelf, job.id)
    counters = catalog.jobs.get(job.id).counters
    assert (counters.found, counters.skipped) == (3, 2)


def test_a_deletion_that_is_cancelled_deletes_no_more(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = shelf.library.catalog
    job = catalog.jobs.create("delete", arguments={"documents": [row.id for row in catalog.documents()]})
    delete = catalog.ledger.mark_deleted
    monkeypatch.setattr(catalog.ledger, "mark_deleted", lambda id: (delete(id), catalog.jobs.cancel(job.id)))
    do_step(shelf, job.id)
    assert (catalog.jobs.get(job.id).state, len(catalog.documents())) == ("cancelled", 1)


def test_a_cancelled_job_takes_no_document_to_be_embedded_anew(shelf: Shelf) -> None:
    catalog = shelf.library.catalog
    job = catalog.jobs.create("re-embed")
    catalog.jobs.cancel(job.id)
    assert catalog.leases.redo(job.id, [row.generation for row in catalog.documents()]) == -1
    assert done(shelf, "re-embed").counters.finished == 2


def test_an_export_to_a_place_that_cannot_be_written_fails_with_a_sentence(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "file").write_text("in the way")
    job = done(shelf, "export", to=str(tmp_path / "file"))
    assert job.state == "failed"
    assert "cannot be written" in job.note
