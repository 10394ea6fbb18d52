"""Watching folders: what comes, changes, fails and goes, round by round."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from ingest.errors import ArchiveError, EmbedderMismatch, NotFoundError
from ingest.library import Library
from ingest.pipeline import Progress, delete, ingest, watch, watching
from tests.ingest.ingesting import run, write_text
from tests.ingest.watched import heard, held

NEVER = 1e6
"""So long between two rounds that a file counts as standing still only where a second round has seen it unchanged."""


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that a watch asks for, none of which is made."""
    asked: list[float] = []
    monkeypatch.setattr(watching, "sleep", asked.append)
    return asked


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that the pipeline is asked to take in."""
    names: list[str] = []

    def noting(library: Library, paths: Sequence[Path], collection: str) -> Generator[Progress, None, None]:
        names.extend(path.name for path in paths)
        return ingest(library, paths, collection)

    monkeypatch.setattr("ingest.pipeline.ingest", noting)
    return names


def test_what_is_there_is_taken_in_and_then_what_comes_and_changes(library: Library, folder: Path) -> None:
    write_text(folder / "deep" / "valve.txt", "valve")
    rounds = watch(library, [folder], every=0)
    assert heard(rounds) == [("finished", "valve.txt")]
    write_text(folder / "pump.txt", "pump")
    assert heard(rounds) == [("finished", "pump.txt")]
    write_text(folder / "pump.txt", "crane")
    assert heard(rounds) == [("replaced", "pump.txt")]
    assert heard(rounds) == []


def test_what_is_in_the_library_already_is_not_told_and_a_newer_version_replaces_it(
    library: Library, folder: Path
) -> None:
    for name in ("valve", "pump"):
        write_text(folder / f"{name}.txt", name)
    run(library, folder)
    write_text(folder / "pump.txt", "crane")
    assert heard(watch(library, [folder], every=0)) == [("replaced", "pump.txt")]


def test_a_file_is_left_alone_until_it_stands_still(library: Library, folder: Path, pauses: list[float]) -> None:
    rounds = watch(library, [folder], every=NEVER)
    for subject in ("valve", "valve and a pump"):
        write_text(folder / "growing.txt", subject)
        assert heard(rounds) == []
    assert heard(rounds) == [("finished", "growing.txt")]
    assert pauses == [NEVER, NEVER]


def test_a_file_that_is_in_the_library_is_not_offered_to_the_pipeline_again(
    library: Library, folder: Path, offered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "copy.txt"):
        write_text(folder / name, "valve")
    monkeypatch.setattr(watching, "BUSY_SECONDS", 0)  # the copy is looked at again once its text is in
    assert heard(watch(library, [folder], every=0), 4) == [("finished", "a.txt")]
    assert offered == ["a.txt", "copy.txt", "copy.txt"]


def test_a_failure_is_told_once_and_again_when_the_file_has_changed(
    library: Library, folder: Path, offered: list[str]
) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    rounds = watch(library, [folder], every=0)
    assert heard(rounds, 3) == [("failed", "broken.pdf")]
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    assert heard(rounds, 3) == [("failed", "broken.pdf")]
    assert offered == ["broken.pdf", "broken.pdf"]


def test_an_unchanged_file_that_failed_is_tried_again_later_and_not_told_again(
    library: Library, folder: Path, offered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "AGAIN_SECONDS", 0)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    assert heard(watch(library, [folder], every=0), 3) == [("failed", "broken.pdf")]
    assert offered == ["broken.pdf"] * 3


def test_what_cannot_be_looked_at_is_told_once(library: Library, folder: Path) -> None:
    (folder / "broken.txt").symlink_to("nowhere.txt")
    rounds = watch(library, [folder], every=0)
    assert heard(rounds, 2) == [("failed", "broken.txt")]


def test_an_error_that_may_pass_is_told_once_with_longer_and_longer_pauses(
    library: Library, folder: Path, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_library: Library) -> None:
        raise ArchiveError("The archive is away.")

    write_text(folder / "valve.txt", "valve")
    rounds = watch(library, [folder], every=0)
    with monkeypatch.context() as patched:
        patched.setattr(Library, "archive", property(away))
        assert heard(rounds, 9) == [("trouble", "The archive is away.")]
    assert heard(rounds) == [("finished", "valve.txt")]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_an_error_that_does_not_pass_ends_the_watch(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another(_library: Library) -> None:
        raise EmbedderMismatch("The archive was made with another embedder.")

    write_text(folder / "valve.txt", "valve")
    monkeypatch.setattr(Library, "archive", property(another))
    with pytest.raises(EmbedderMismatch):
        heard(watch(library, [folder], every=0))


def test_a_single_round_takes_a_second_look_at_files_that_are_new(
    library: Library, folder: Path, pauses: list[float]
) -> None:
    write_text(folder / "valve.txt", "valve")
    assert heard(watch(library, [folder], every=NEVER, once=True), 3) == [("finished", "valve.txt")]
    assert heard(watch(library, [folder], every=0, once=True), 3) == []
    assert pauses == [NEVER]


def test_a_single_round_names_the_files_that_are_still_being_written(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_text(folder / "growing.txt", "valve")
    monkeypatch.setattr(watching, "sleep", lambda _seconds: write_text(path, "valve and a pump"))
    assert heard(watch(library, [folder], every=NEVER, once=True), 3) == [("skipped", "growing.txt")]


def test_what_a_user_deletes_stays_deleted_while_its_file_does_not_change(library: Library, folder: Path) -> None:
    path = write_text(folder / "valve.txt", "valve")
    rounds = watch(library, [folder], every=0)
    heard(rounds)
    delete(library, library.catalog.documents()[0].id)
    assert heard(rounds) == []
    write_text(path, "pump")
    assert heard(rounds) == [("finished", "valve.txt")]


def test_docqas_own_files_are_not_watched(library: Library, tmp_path: Path, folder: Path) -> None:
    shutil.copy(write_text(folder / "valve.txt", "valve"), tmp_path / "library.txt")
    write_text(tmp_path / "library" / "note.txt", "pump")
    assert [kind for kind, _ in heard(watch(library, [tmp_path], every=0), 2)] == ["finished"]
    (tmp_path / "library" / "in").mkdir()
    write_text(tmp_path / "library" / "in" / "crane.txt", "crane")
    assert heard(watch(library, [tmp_path / "library" / "in"], every=0)) == [("finished", "crane.txt")]


def test_a_watch_can_be_closed_in_the_middle_and_another_one_goes_on(library: Library, folder: Path) -> None:
    for number in range(4):
        write_text(folder / f"{number}.txt", f"valve {number}")
    rounds = watch(library, [folder], every=0)
    assert next(rounds).kind == "finished"
    rounds.close()
    heard(watch(library, [folder], every=0))
    assert len(held(library)) == 4


def test_a_folder_that_is_not_there_is_refused_at_once(library: Library, folder: Path) -> None:
    with pytest.raises(NotFoundError, match="/nowhere' to watch: make it first"):
        watch(library, [folder / "nowhere"])
    with pytest.raises(NotFoundError, match="is not a folder: 'docqa watch' takes folders, 'docqa ingest' files"):
        watch(library, [write_text(folder / "valve.txt", "valve")])


def test_a_name_that_cannot_be_shown_is_watched_like_any_other(library: Library, folder: Path) -> None:
    path = write_text(folder / os.fsdecode(b"latin-\xe9 100%_!.txt"), "valve")
    rounds = watch(library, [folder], every=0, drop=True)
    assert heard(rounds) == [("finished", "latin-\\xe9 100%_!.txt")]
    path.unlink()
    assert heard(rounds, 2) == [("dropped", "latin-\\xe9 100%_!.txt")]
