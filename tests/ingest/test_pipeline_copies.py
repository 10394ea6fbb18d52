"""Copies, and files that move: whatever is on disk under the given paths is in the library after one ingest."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ingest.library import Library
from ingest.pipeline import delete, intake
from ingest.verify import verify
from tests.ingest.ingesting import chunks, reasons, run, write_text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "in"


@pytest.fixture(params=[64, 1])
def group(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files claimed all together, and one by one."""
    monkeypatch.setattr(intake, "GROUP", request.param)


def held(library: Library) -> dict[str, str]:
    """The subject of each document's text, by file name; chunks and catalog have to agree."""
    of = {chunk.generation: chunk.text.split("About ")[1].split()[0] for chunk in chunks(library)}
    rows = library.catalog.documents()
    assert {row.generation for row in rows} == set(of)
    assert verify(library, deep=True) == []
    return {Path(row.source).name: of[row.generation] for row in rows}


@pytest.mark.usefixtures("group")
def test_a_file_that_changes_hands_its_former_text_over_to_the_copy(library: Library, folder: Path) -> None:
    path = write_text(folder / "b.txt", "valve")
    for name in ("a.txt", "c.txt"):
        shutil.copy(path, folder / name)
    run(library, folder)
    former = library.catalog.documents()[0].id
    write_text(folder / "a.txt", "pump")
    run(library, folder)
    assert held(library) == {"a.txt": "pump", "b.txt": "valve"}
    assert [Path(row.source).name for row in library.catalog.documents() if row.id == former] == ["b.txt"]


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("names", [("a.txt", "b.txt"), ("b.txt", "a.txt")])
def test_a_copy_made_just_before_the_file_changed_is_taken_in(
    library: Library, folder: Path, names: tuple[str, str]
) -> None:
    changing, copy = names
    run(library, write_text(folder / changing, "valve").parent)
    shutil.copy(folder / changing, folder / copy)
    write_text(folder / changing, "pump")
    run(library, folder)
    assert held(library) == {changing: "pump", copy: "valve"}


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("order", ["bac", "bca", "cab"])
def test_files_that_change_places_are_all_still_there(library: Library, folder: Path, order: str) -> None:
    for name, subject in zip("abc", ("valve", "pump", "crane"), strict=True):
        write_text(folder / name / "it.txt", subject)
    run(library, folder)
    texts = {name: (folder / name / "it.txt").read_text() for name in "abc"}
    for name, other in zip("abc", order, strict=True):
        (folder / name / "it.txt").write_text(texts[other])
    run(library, folder)
    for row in library.catalog.documents():
        [chunk] = [chunk for chunk in chunks(library) if chunk.generation == row.generation]
        assert chunk.text in Path(row.source).read_text()
    assert sorted(held_texts(library)) == ["crane", "pump", "valve"]


def held_texts(library: Library) -> list[str]:
    return [chunk.text.split("About ")[1].split()[0] for chunk in chunks(library)]


def test_a_file_that_was_moved_is_shown_at_its_new_place(library: Library, folder: Path) -> None:
    path = write_text(folder / "old.txt", "valve")
    run(library, folder)
    [before] = library.catalog.documents()
    moved = path.rename(folder / "new.txt")
    said = run(library, folder)
    [row] = library.catalog.documents()
    assert (row.id, row.generation, row.source) == (before.id, before.generation, str(moved))
    assert reasons(said, "skipped") == {"new.txt": f"already in the library, until now as {path}"}


def test_a_known_copy_takes_the_place_of_a_file_that_is_gone(library: Library, folder: Path) -> None:
    path = write_text(folder / "a.txt", "valve")
    shutil.copy(path, folder / "b.txt")
    run(library, folder)
    run(library, folder)
    path.unlink()
    run(library, folder)
    assert held(library) == {"b.txt": "valve"}


def test_another_file_where_a_moved_one_was_is_a_document_of_its_own(library: Library, folder: Path) -> None:
    path = write_text(folder / "old.txt", "valve")
    run(library, folder)
    path.rename(folder / "new.txt")
    run(library, folder)
    write_text(path, "pump")
    run(library, folder)
    assert held(library) == {"old.txt": "pump", "new.txt": "valve"}
    write_text(path, "crane")
    run(library, folder)
    assert held(library) == {"old.txt": "crane", "new.txt": "valve"}


def test_a_copy_that_is_gone_keeps_no_outdated_text(library: Library, folder: Path) -> None:
    path = write_text(folder / "a.txt", "valve")
    shutil.copy(path, folder / "b.txt")
    run(library, folder)
    (folder / "b.txt").unlink()
    write_text(path, "pump")
    run(library, folder)
    assert held(library) == {"a.txt": "pump"}


def test_a_new_version_that_fails_leaves_the_former_text_with_the_copy(library: Library, folder: Path) -> None:
    path = write_text(folder / "a.txt", "valve")
    shutil.copy(path, folder / "b.txt")
    run(library, folder)
    path.write_bytes(b"%PDF-1.7\nnothing that a reader could use")
    run(library, folder)
    rows = {Path(row.source).name: row.state for row in library.catalog.documents()}
    assert rows == {"a.txt": "failed", "b.txt": "live"}


def test_deleting_says_where_copies_are_and_the_next_ingest_takes_them_in(library: Library, folder: Path) -> None:
    path = write_text(folder / "a.txt", "valve")
    for name in ("b.txt", "gone.txt"):
        shutil.copy(path, folder / name)
    run(library, folder)
    (folder / "gone.txt").unlink()
    [row] = library.catalog.documents()
    assert delete(library, row.id) == [str(folder / "b.txt")]
    assert library.catalog.documents() == []
    run(library, folder / "b.txt")
    assert held(library) == {"b.txt": "valve"}
