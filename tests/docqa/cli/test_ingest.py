"""``docqa ingest``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docqa.cli.conftest import Docqa


def test_it_says_what_was_stored_and_ends_with_0(docqa: Docqa, folder: Path) -> None:
    ended = docqa("ingest", folder)
    assert ended.code == 0
    assert "stored   " in ended.out
    assert "2 files taken in; 2 pages, 2 chunks" in ended.out


def test_the_same_again_does_nothing_and_says_so(docqa: Docqa, library: Path) -> None:
    ended = docqa("ingest", library)
    assert ended.code == 0
    assert "0 files taken in, 2 in the library already" in ended.out


def test_a_failure_is_listed_with_its_reason_and_ends_with_2(docqa: Docqa, folder: Path) -> None:
    (folder / "broken.pdf").write_text("not a PDF at all")
    ended = docqa("ingest", folder)
    assert ended.code == 2
    assert "2 files taken in, 1 failed" in ended.out
    assert any("broken.pdf: " in line for line in ended.out.partition("could not be taken in:")[2].splitlines())


def test_a_pattern_in_quotes_is_expanded(docqa: Docqa, folder: Path) -> None:
    assert "1 file taken in" in docqa("ingest", folder / "har*.md").out


def test_json_is_one_record_a_line_with_the_totals_in_the_last(docqa: Docqa, folder: Path) -> None:
    records = docqa("ingest", folder, "--json").records
    assert {record["event"] for record in records} == {"progress"}
    assert records[-1]["kind"] == "done"
    assert records[-1]["totals"]["finished"] == 2


def test_without_a_terminal_there_are_no_colours_and_no_bars(docqa: Docqa, folder: Path) -> None:
    ended = docqa("ingest", folder)
    assert "\x1b" not in ended.out + ended.err
    assert "\r" not in ended.out + ended.err


def test_a_collection_keeps_documents_apart(docqa: Docqa, folder: Path) -> None:
    docqa("ingest", folder / "harbour.md", "--collection", "places")
    docqa("ingest", folder / "engineer.md", "--collection", "people")
    listed = docqa("documents", "list", "--collection", "people", "--json").records
    assert [Path(row["source"]).name for row in listed] == ["engineer.md"]


def test_an_interrupt_ends_with_130_and_says_that_it_goes_on(folder: Path) -> None:
    for number in range(200):
        (folder / f"{number}.md").write_text(f"# Note {number}\n\n" + f"The note {number} says little. " * 200)
    # Where the tests run in the background, a shell has the interrupt ignored; a user's docqa has it as usual.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from docqa.cli import main; main()"
    command = [sys.executable, "-c", code, "ingest", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as child:
        assert child.stdout is not None
        child.stdout.readline()  # the first document is stored
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "continues where it stopped" in said
    assert "Traceback" not in said


def test_a_file_that_may_not_be_read_fails_alone(docqa: Docqa, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = folder / "harbour.md"
    allowed = os.access
    monkeypatch.setattr(
        "os.access", lambda path, *more, **other: str(path) != str(locked) and allowed(path, *more, **other)
    )
    locked.chmod(0)
    ended = docqa("ingest", locked, folder / "engineer.md")
    assert "/engineer.md (1 page, 1 chunk)" in ended.out
    if os.geteuid():  # nothing is locked for root
        assert ended.code == 2
        assert "harbour.md: cannot be read: Permission denied" in ended.out
