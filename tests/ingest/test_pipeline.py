"""Taking documents in: what is stored, what is skipped, what fails alone, and what replaces what."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ingest.archive import open_archive
from ingest.errors import EmbedderMismatch
from ingest.library import Library
from ingest.pipeline import delete, ingest
from ingest.types import Condition, Filter
from ingest.verify import verify
from tests.ingest.ingesting import Ingesting, chunks, contents, library_at, reasons, run, write_pdf, write_text


def test_every_page_of_every_file_is_stored_once(library: Library, tmp_path: Path) -> None:
    write_pdf(tmp_path / "in" / "pump.pdf", "pump", pages=5)
    write_text(tmp_path / "in" / "below" / "valve.txt", "valve")
    last = run(library, tmp_path / "in")[-1]
    assert (last.kind, last.totals.finished, last.totals.pages) == ("done", 2, 6)
    assert sorted({(chunk.title, chunk.page) for chunk in chunks(library) if chunk.page > 1})[-1][1] == 5
    assert len(library.catalog.documents()) == 2
    assert verify(library, deep=True) == []


def test_progress_tells_of_each_document_from_found_to_finished(library: Library, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "pump.pdf", "pump", pages=5)
    said = run(library, path)
    assert [each.kind for each in said] == ["found", "started", "part", "part", "part", "finished", "done"]
    assert [each.pages for each in said if each.kind == "part"] == [2, 4, 5]
    assert said[-2].chunks == library.archive.count() == said[-1].totals.chunks
    assert {each.document for each in said[:-1]} == {library.catalog.documents()[0].id}


def test_the_same_file_again_changes_nothing_and_says_so(library: Library, tmp_path: Path) -> None:
    path = write_text(tmp_path / "valve.txt", "valve")
    run(library, path)
    before = contents(library)
    said = run(library, path)
    assert reasons(said, "skipped") == {"valve.txt": f"already in the library as {path}"}
    assert contents(library) == before


def test_the_same_bytes_at_another_place_are_not_stored_twice(library: Library, tmp_path: Path) -> None:
    first = write_text(tmp_path / "in" / "a.txt", "valve")
    write_text(tmp_path / "in" / "b.txt", "valve")
    said = run(library, tmp_path / "in")
    assert [each.source for each in said if each.kind == "finished"] == [str(first)]
    assert "b.txt" in reasons(said, "skipped")
    assert len(library.catalog.documents()) == 1


def test_the_same_bytes_in_another_collection_are_another_document(library: Library, tmp_path: Path) -> None:
    path = write_text(tmp_path / "valve.txt", "valve")
    run(library, path)
    run(library, path, collection="other")
    assert [row.name for row in library.catalog.collections()] == ["default", "other"]
    assert len({chunk.id for chunk in chunks(library)}) == 2


def test_a_second_ingest_opens_neither_embedder_nor_archive(tmp_path: Path) -> None:
    path = write_text(tmp_path / "valve.txt", "valve")
    with library_at(tmp_path / "library") as library:
        run(library, path)
    with library_at(tmp_path / "library") as library:
        run(library, path)
        assert library.opened == {"catalog", "files"}


def test_another_embedder_is_refused_before_anything_is_written_down(tmp_path: Path) -> None:
    with library_at(tmp_path / "library") as library:
        open_archive(library.settings, "another", library.embedder.dimension).close()
        with pytest.raises(EmbedderMismatch):
            run(library, write_text(tmp_path / "valve.txt", "valve"))
        assert library.catalog.documents() == []
        assert list(library.files.all()) == []


def test_a_changed_file_replaces_its_former_version(library: Library, tmp_path: Path) -> None:
    path = write_text(tmp_path / "valve.txt", "valve")
    run(library, path)
    former = library.catalog.documents()[0]
    write_text(path, "turbine")
    run(library, path)
    [now] = library.catalog.documents()
    assert now.id == former.id
    assert all("turbine" in chunk.text for chunk in chunks(library))
    assert list(library.files.all()) == [now.sha256]


def test_a_search_sees_the_old_or_the_new_version_never_both_or_neither(library: Library, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "pump.pdf", "pump", pages=6)
    run(library, path)
    seen, over = [], threading.Event()

    def search() -> None:
        while not over.is_set():
            before = library.catalog.visibility()
            where = Filter((Condition("generation", "none_of", before.hidden),)) if before.hidden else Filter()
            hits = library.archive.search("section kilograms", None, 100, where, "keyword")
            if library.catalog.visibility() == before:
                seen.append({hit.generation for hit in hits})

    reader = threading.Thread(target=search)
    reader.start()
    for subject in ("turbine", "boiler", "crane"):
        write_pdf(path, subject, pages=6)
        run(library, path)
    over.set()
    reader.join()
    assert {len(generations) for generations in seen} == {1}
    assert len(set.union(*seen)) > 1


def test_a_new_version_that_fails_leaves_the_old_one_live(library: Library, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "pump.pdf", "pump", pages=1)
    run(library, path)
    path.write_bytes(b"%PDF-1.7\nnothing that a reader could use")
    said = run(library, path)
    [row] = library.catalog.documents()
    assert list(reasons(said, "failed")) == ["pump.pdf"]
    assert row.state == "live"
    assert row.error.startswith("a newer version could not be taken in: ")
    assert "pump" in chunks(library)[0].text


def test_a_failed_file_is_tried_again_and_its_neighbours_are_not_stopped(library: Library, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.pdf").write_bytes(b"%PDF-1.7\nnothing that a reader could use")
    write_text(tmp_path / "in" / "good.txt", "valve")
    first, second = run(library, tmp_path / "in"), run(library, tmp_path / "in")
    assert (first[-1].totals.finished, first[-1].totals.failed) == (1, 1)
    assert (second[-1].totals.skipped, second[-1].totals.failed) == (1, 1)
    assert [row.state for row in library.catalog.documents()] == ["failed", "live"]


def test_deleting_removes_rows_chunks_and_bytes(library: Library, tmp_path: Path) -> None:
    run(library, write_text(tmp_path / "valve.txt", "valve"))
    kept = write_text(tmp_path / "pump.txt", "pump")
    run(library, kept)
    delete(library, library.catalog.find("valve.txt")[0].id)
    assert [row.source for row in library.catalog.documents()] == [str(kept)]
    assert all("pump" in chunk.text for chunk in chunks(library))
    assert len(list(library.files.all())) == 1
    assert verify(library, deep=True) == []


def test_a_deleted_document_comes_back_when_it_is_taken_in_again(library: Library, tmp_path: Path) -> None:
    path = write_text(tmp_path / "valve.txt", "valve")
    run(library, path)
    before = contents(library)
    delete(library, library.catalog.documents()[0].id)
    assert run(library, path)[-1].totals.finished == 1
    assert contents(library) == before


def test_an_ingest_whose_generator_is_closed_is_gone_on_with_by_the_next(library: Library, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "pump.pdf", "pump", pages=40)
    said = ingest(library, [path])
    assert any(each.kind == "started" for each in said)
    said.close()
    names = {thread.name for thread in threading.enumerate()}
    assert not any(name.startswith("ingest") for name in names)
    run(library, path)
    assert library.catalog.documents()[0].pages == 40
    assert verify(library, deep=True) == []


def test_a_file_that_is_long_unchanged_is_gone_on_with_and_not_taken_for_one_that_is_in(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.pipeline.intake.SURE_AFTER_NS", 0)  # nanoseconds
    path = write_pdf(tmp_path / "pump.pdf", "pump", pages=40)
    said = ingest(library, [path])
    assert any(each.kind == "started" for each in said)
    said.close()
    assert run(library, path)[-1].totals.finished == 1
    assert reasons(run(library, path), "skipped") == {"pump.pdf": f"already in the library as {path}"}


@pytest.mark.slow
def test_two_ingests_of_one_folder_at_once_store_everything_once(tmp_path: Path) -> None:
    for number in range(8):
        write_pdf(tmp_path / "in" / f"pump{number}.pdf", f"pump {number}", pages=4)
    processes = [Ingesting(tmp_path / "both", tmp_path / "in") for _ in range(2)]
    said = [line for process in processes for line in process.finish()]
    assert sum(line.startswith("finished") for line in said) == 8
    with library_at(tmp_path / "both") as library, library_at(tmp_path / "alone") as alone:
        run(alone, tmp_path / "in")
        assert contents(library) == contents(alone)
        assert verify(library, deep=True) == []
