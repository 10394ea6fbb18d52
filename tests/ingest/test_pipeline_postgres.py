"""An ingest with the catalog on PostgreSQL gives what it gives with SQLite."""

from __future__ import annotations

from pathlib import Path

from ingest.library import Library
from ingest.pipeline import delete
from ingest.settings import Settings
from ingest.verify import verify
from tests.ingest.ingesting import contents, library_at, reasons, run, write_pdf, write_text


def files(folder: Path) -> Path:
    write_pdf(folder / "pump.pdf", "pump", pages=5)
    write_text(folder / "valve.txt", "valve")
    write_text(folder / "copy of valve.txt", "valve")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    return folder


def told(library: Library) -> list[tuple[object, ...]]:
    """What the catalog tells, without what differs from run to run."""
    rows = library.catalog.documents()
    return [(row.id, row.source, row.title, row.state, row.pages, row.chunks, row.error, row.sha256) for row in rows]


def test_the_archive_and_the_catalog_are_the_same_on_both_databases(tmp_path: Path, on_postgres: Settings) -> None:
    folder = files(tmp_path / "in")
    with (
        library_at(tmp_path / "sqlite") as one,
        Library.open(on_postgres.model_copy(update={"part_pages": 2})) as other,
    ):
        said = [run(library, folder) for library in (one, other)]
        assert sorted(each.kind for each in said[0]) == sorted(each.kind for each in said[1])
        assert reasons(said[0], "failed") == reasons(said[1], "failed") != {}
        assert contents(one) == contents(other) != []
        assert told(one) == told(other)
        assert verify(one, deep=True) == verify(other, deep=True) == []


def test_changed_and_deleted_documents_leave_nothing_behind(tmp_path: Path, on_postgres: Settings) -> None:
    folder = files(tmp_path / "in")
    with Library.open(on_postgres) as library:
        run(library, folder)
        write_text(folder / "valve.txt", "new valve")
        write_pdf(folder / "pump.pdf", "new pump", pages=2)
        run(library, folder)
        assert {chunk[2] for chunk in contents(library) if "pump" in chunk[2] and "new" not in chunk[2]} == set()
        for row in library.catalog.documents():
            delete(library, row.id)
        assert (contents(library), library.catalog.documents(), verify(library, deep=True)) == ([], [], [])
