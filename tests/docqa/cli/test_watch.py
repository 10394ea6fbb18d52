"""``docqa watch``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docqa.cli.conftest import Docqa

ONCE = ("--once", "--every", 1)


def test_once_takes_in_what_is_there_and_says_so(docqa: Docqa, folder: Path) -> None:
    ended = docqa("watch", folder, *ONCE)
    assert ended.code == 0
    *lines, last = ended.out.splitlines()
    assert sorted(lines) == [f"taken in {folder}/{name}.md (1 page, 1 chunk)" for name in ("engineer", "harbour")]
    assert last == "2 files taken in."


def test_once_says_nothing_where_nothing_is_new(docqa: Docqa, library: Path) -> None:
    ended = docqa("watch", library, *ONCE)
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_once_ends_with_2_where_a_file_failed(docqa: Docqa, folder: Path) -> None:
    (folder / "broken.pdf").write_text("not a PDF at all")
    ended = docqa("watch", folder, *ONCE)
    assert ended.code == 2
    assert f"failed   {folder}/broken.pdf: " in ended.out
    assert "2 files taken in, 1 failed." in ended.out


def test_a_newer_version_and_a_dropped_document_are_told(docqa: Docqa, folder: Path) -> None:
    docqa("ingest", folder)
    (folder / "harbour.md").write_text("# The harbour of Ostervik\n\nThe harbour was closed in 1950.\n")
    (folder / "engineer.md").unlink()
    ended = docqa("watch", folder, "--drop", *ONCE)
    assert ended.out.splitlines() == [
        f"replaced {folder}/harbour.md (1 page, 1 chunk)",
        f"dropped  {folder}/engineer.md",
        "0 files taken in, 1 replaced, 1 dropped.",
    ]


def test_trouble_goes_to_standard_error(docqa: Docqa, folder: Path) -> None:
    docqa("ingest", folder)
    for path in folder.iterdir():
        path.unlink()
    ended = docqa("watch", folder, "--drop", *ONCE)
    assert ended.out == ""
    assert "is its disk mounted? Nothing of it is dropped; if that is meant, start again with --drop-many." in ended.err


def test_json_is_one_record_a_line_with_the_sums_in_the_last(docqa: Docqa, folder: Path) -> None:
    *records, last = docqa("watch", folder, "--json", *ONCE).records
    assert {(record["event"], record["kind"]) for record in records} == {("progress", "finished")}
    assert {Path(record["source"]).name for record in records} == {"harbour.md", "engineer.md"}
    assert last == {
        "event": "progress", "kind": "done", "finished": 2, "replaced": 0, "failed": 0, "skipped": 0, "dropped": 0,
    }  # fmt: skip


def test_the_documents_belong_to_the_collection(docqa: Docqa, folder: Path) -> None:
    docqa("watch", folder, "--collection", "work", *ONCE)
    assert [row["name"] for row in docqa("collections", "--json").records] == ["work"]


def test_a_folder_that_is_not_there_is_an_error(docqa: Docqa, tmp_path: Path) -> None:
    ended = docqa("watch", tmp_path / "nowhere")
    assert ended.code == 1
    assert f"There is no folder '{tmp_path}/nowhere' to watch: make it first" in ended.err


def test_a_pause_of_less_than_a_second_is_refused(docqa: Docqa, folder: Path) -> None:
    assert docqa("watch", folder, "--every", 0).code == 2


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_takes_in_what_comes_until_it_is_stopped_and_says_what_it_did(folder: Path, end: signal.Signals) -> None:
    # Where the tests run in the background, a shell has the interrupt ignored; a user's docqa has it as usual.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from docqa.cli import main; main()"
    command = [sys.executable, "-c", code, "watch", str(folder), "--every", "1", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as child:
        assert child.stdout is not None
        first = {Path(json.loads(child.stdout.readline())["source"]).name for _ in range(2)}
        (folder / "new.md").write_text("# The lighthouse\n\nThe lighthouse of Ostervik was lit in 1920.\n")
        new = json.loads(child.stdout.readline())
        child.send_signal(end)
        rest, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (0, "")
    assert first == {"harbour.md", "engineer.md"}
    assert (new["kind"], Path(new["source"]).name) == ("finished", "new.md")
    assert json.loads(rest)["finished"] == 3


def test_the_handling_of_sigterm_is_as_before_afterwards(docqa: Docqa, library: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    docqa("watch", library, *ONCE)
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_interrupted_single_round_does_not_count_as_done(
    docqa: Docqa, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.pipeline.looking.Folders.look", lambda _: signal.raise_signal(signal.SIGTERM))
    assert docqa("watch", library, *ONCE).code == 130
