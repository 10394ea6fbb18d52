"""Which files an ingest takes from the paths that it is given, and what it says of the others."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.library import Library
from ingest.parse import SUFFIXES
from ingest.pipeline.discover import discover, path_of, shown
from ingest.settings import Settings
from tests.ingest.ingesting import contents, reasons, run, write_pdf, write_text
from tests.ingest.parsers.made import laughs

# Root reads everything unless it gives up the capabilities for it; setpriv is part of util-linux.
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def found(*paths: Path) -> dict[str, str]:
    return {each.path.name: each.reason for each in discover(paths, SUFFIXES)}


def test_folders_are_read_in_order_of_their_names_and_links_are_not_followed_twice(tmp_path: Path) -> None:
    write_text(tmp_path / "b" / "two.txt", "valve")
    write_text(tmp_path / "a" / "one.txt", "pump")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert list(found(tmp_path)) == ["one.txt", "two.txt"]


def test_a_pdf_under_another_name_is_taken_in_with_its_folder(library: Library, tmp_path: Path) -> None:
    write_pdf(tmp_path / "papers" / "winch.pdf", "winch", 1).rename(tmp_path / "papers" / "winch.download")
    assert run(library, tmp_path / "papers")[-1].totals.finished == 1


def test_hidden_and_unknown_files_are_ignored_and_counted(library: Library, tmp_path: Path) -> None:
    write_text(tmp_path / "in" / "valve.txt", "valve")
    write_text(tmp_path / "in" / ".hidden.txt", "pump")
    (tmp_path / "in" / "program.bin").write_bytes(b"1")
    said = run(library, tmp_path / "in")
    assert said[-1].totals.ignored == 2
    assert reasons(said, "ignored")["program.bin"].startswith("not a format that docqa reads (.htm, ")


def test_a_file_of_unknown_format_that_is_named_fails_with_the_reason(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "program.bin"
    path.write_bytes(b"1")
    assert reasons(run(library, path), "failed")["program.bin"].startswith("not a format that docqa reads")


def test_patterns_are_expanded(tmp_path: Path) -> None:
    for name in ("one.txt", "two.txt", "three.md"):
        write_text(tmp_path / name, name)
    assert list(found(tmp_path / "*.txt")) == ["one.txt", "two.txt"]
    assert found(tmp_path / "*.pdf") == {"*.pdf": "nothing matches this pattern"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent.txt", "there is no such file or folder"),
        ("broken.txt", "a link that leads nowhere"),
        ("empty", "no file that docqa reads is in this folder"),
        ("pipe.txt", "not a file but a device, pipe or socket"),
        ("socket.txt", "not a file but a device, pipe or socket"),
        ("nothing.txt", "empty: it has no bytes"),
    ],
)
def test_what_cannot_be_taken_in_is_said_in_a_sentence(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    Path("broken.txt").symlink_to("gone.txt")
    Path("empty").mkdir()
    os.mkfifo("pipe.txt")
    Path("nothing.txt").touch()
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.txt")
        assert reasons(run(library, Path(name)), "failed") == {name: reason}


def test_a_file_without_permission_fails_alone(tmp_path: Path) -> None:
    write_text(tmp_path / "in" / "closed.txt", "valve").chmod(0)
    write_text(tmp_path / "in" / "open.txt", "pump")
    command = [sys.executable, "-c", "from docqa.cli import main; main()", "ingest", str(tmp_path / "in")]
    ended = subprocess.run([*UNPRIVILEGED, *command], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "closed.txt: cannot be read: Permission denied" in ended.stdout
    assert "1 file taken in, 1 failed" in ended.stdout


def test_a_file_that_the_disk_does_not_give_fails_alone(library: Library, tmp_path: Path) -> None:
    write_text(tmp_path / "in" / "good.txt", "pump")
    (tmp_path / "in" / "bad.txt").symlink_to("/proc/self/mem")  # a regular file whose first bytes cannot be read
    said = run(library, tmp_path / "in")
    assert reasons(said, "failed") == {"bad.txt": "cannot be read: Input/output error"}
    assert said[-1].totals.finished == 1


@pytest.mark.parametrize("name", [b"new\nline.txt", b"latin-\xe9.txt", b"back\\xe9.txt", "‮bidi.txt".encode()])
def test_any_name_that_the_disk_allows_is_shown_and_found_again(library: Library, tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    write_text(path, "valve")
    run(library, path)
    [row] = library.catalog.documents()
    assert row.source.isprintable()
    assert path_of(row.source) == path
    assert library.catalog.find(shown(path)) == [row]
    assert run(library, path)[-1].totals.skipped == 1


def test_different_names_are_never_shown_alike() -> None:
    names = [b"a\xe9", rb"a\xe9", rb"a\\xe9", b"a\n", rb"a\u000a", "aé".encode(), "a\u00ad".encode()]
    assert len({shown(Path(os.fsdecode(name))) for name in names}) == len(names)


def test_pages_that_cannot_be_read_are_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    laughs(tmp_path / "slow.pdf", b"0 0 m")  # its second page takes far longer than it may
    with Library.open(Settings(data_dir=tmp_path / "library", parse_seconds=1)) as library:
        said = run(library, tmp_path / "slow.pdf")
        [row] = library.catalog.documents()
        assert (row.state, row.missing_pages, row.error) == ("live", (2,), "timed out after 1 s on page 2")
        assert (said[-2].kind, said[-2].missing_pages) == ("finished", (2,))
        assert sorted(page for _, _, _, page in contents(library)) == [1, 3]
