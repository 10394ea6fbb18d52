"""Watching folders: what becomes of the documents of files that go."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ingest.library import Library
from ingest.pipeline import watch
from tests.ingest.ingesting import run, write_text
from tests.ingest.watched import heard, held


def test_without_drop_a_document_stays_when_its_file_goes(library: Library, folder: Path) -> None:
    path = write_text(folder / "valve.txt", "valve")
    rounds = watch(library, [folder], every=0)
    heard(rounds)
    path.unlink()
    assert heard(rounds, 3) == []
    assert held(library) == {"valve.txt"}


def test_a_document_is_dropped_when_its_file_is_missing_for_the_second_time(library: Library, folder: Path) -> None:
    path = write_text(folder / "valve.txt", "valve")
    rounds = watch(library, [folder], every=0, drop=True)
    heard(rounds)
    path.unlink()
    assert heard(rounds) == []
    assert heard(rounds) == [("dropped", "valve.txt")]
    assert held(library) == set()


def test_a_file_that_is_back_in_time_keeps_its_document(library: Library, folder: Path) -> None:
    path = write_text(folder / "valve.txt", "valve")
    rounds = watch(library, [folder], every=0, drop=True)
    heard(rounds)
    path.rename(folder / ".aside")
    heard(rounds)
    (folder / ".aside").rename(path)
    assert heard(rounds, 2) == []
    path.unlink()
    assert heard(rounds) == []
    assert held(library) == {"valve.txt"}


def test_a_document_whose_file_is_renamed_moves_and_keeps_its_id(library: Library, folder: Path) -> None:
    path = write_text(folder / "valve.txt", "valve")
    rounds = watch(library, [folder], every=0, drop=True)
    heard(rounds)
    [before] = library.catalog.documents()
    path.rename(folder / "renamed.txt")
    assert heard(rounds, 3) == []
    assert [(row.id, Path(row.source).name) for row in library.catalog.documents()] == [(before.id, "renamed.txt")]


@pytest.mark.parametrize("place", ["in", "elsewhere"])
def test_a_document_moves_to_a_copy_that_is_still_there(
    library: Library, tmp_path: Path, folder: Path, place: str
) -> None:
    path = write_text(folder / "a.txt", "valve")
    copy = tmp_path / place / "b.txt"
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(path, copy)
    for each in (path, copy):
        run(library, each)
    rounds = watch(library, [folder], every=0, drop=True)
    heard(rounds)
    path.unlink()
    assert heard(rounds, 3) == []
    assert held(library) == {"b.txt"}


def test_documents_whose_files_went_before_the_watch_began_are_dropped_too(library: Library, folder: Path) -> None:
    for name in ("valve", "pump"):
        write_text(folder / f"{name}.txt", name)
    run(library, folder)
    (folder / "pump.txt").unlink()
    assert heard(watch(library, [folder], every=0, drop=True, once=True), 2) == [("dropped", "pump.txt")]
    assert held(library) == {"valve.txt"}


def test_only_documents_from_below_the_folder_and_of_the_collection_are_dropped(
    library: Library, tmp_path: Path, folder: Path
) -> None:
    paths = [write_text(tmp_path / place / "it.txt", place) for place in ("in", "in 2", "IN", "elsewhere")]
    run(library, *paths)
    run(library, write_text(folder / "other.txt", "crane"), collection="other")
    write_text(folder / "stays.txt", "pump")
    for path in (*paths, folder / "other.txt"):
        path.unlink()
    assert heard(watch(library, [folder], every=0, drop=True), 3) == [("finished", "stays.txt"), ("dropped", "it.txt")]
    assert len(library.catalog.documents()) == 5


def test_nothing_is_dropped_while_the_folder_is_away(library: Library, folder: Path) -> None:
    write_text(folder / "valve.txt", "valve")
    rounds = watch(library, [folder], every=0, drop_many=True)
    heard(rounds)
    folder.rename(folder.with_name("away"))
    [(kind, reason)] = heard(rounds, 3)
    assert (kind, reason.partition(": ")[0]) == ("trouble", f"{folder} cannot be read (No such file or directory)")
    folder.with_name("away").rename(folder)
    assert heard(rounds, 2) == []
    assert held(library) == {"valve.txt"}


def test_a_folder_that_is_away_keeps_its_documents_though_a_folder_above_it_is_there(
    library: Library, folder: Path
) -> None:
    write_text(folder / "valve.txt", "valve")
    write_text(folder / "disk" / "pump.txt", "pump")
    rounds = watch(library, [folder, folder / "disk"], every=0, drop=True)
    heard(rounds)
    (folder / "disk").rename(folder / ".disk")
    assert [kind for kind, _ in heard(rounds, 3)] == ["trouble"]
    assert held(library) == {"valve.txt", "pump.txt"}


def test_an_empty_folder_in_the_place_of_another_drops_nothing_unless_confirmed(library: Library, folder: Path) -> None:
    write_text(folder / "valve.txt", "valve")
    rounds = watch(library, [folder], every=0, drop=True)
    heard(rounds)
    folder.rename(folder.with_name("mounted"))
    folder.mkdir()
    [(kind, reason)] = heard(rounds, 3)
    assert kind == "trouble"
    assert "is its disk mounted? Nothing of it is dropped; if that is meant" in reason
    assert "is its disk mounted?" in heard(watch(library, [folder], every=0, drop=True))[0][1]
    assert heard(watch(library, [folder], every=0, drop_many=True), 2) == [("dropped", "valve.txt")]


def test_many_documents_at_once_are_dropped_only_if_confirmed(library: Library, folder: Path) -> None:
    for number in range(18):
        write_text(folder / f"{number:02}.txt", f"valve {number}")
    rounds = watch(library, [folder], every=0, drop=True)
    heard(rounds)
    for number in range(10):
        (folder / f"{number:02}.txt").unlink()
    [(kind, reason)] = heard(rounds, 3)
    assert kind == "trouble"
    assert reason.startswith(f"10 of the 18 documents of {folder} have lost their files at once.")
    assert len(held(library)) == 18
    assert len(heard(watch(library, [folder], every=0, drop_many=True), 2)) == 10


def test_half_of_a_folder_may_go(library: Library, folder: Path) -> None:
    for number in range(20):
        write_text(folder / f"{number:02}.txt", f"valve {number}")
    rounds = watch(library, [folder], every=0, drop=True)
    heard(rounds)
    for number in range(10):
        (folder / f"{number:02}.txt").unlink()
    assert [kind for kind, _ in heard(rounds, 2)] == ["dropped"] * 10
