"""``docqa replay``."""

from __future__ import annotations

from pathlib import Path

import pytest

from docqa import prompts
from docqa.llm.scripted import call
from tests.docqa.cli.conftest import Docqa
from tests.docqa.recording.runs import FOUND, SEARCH, record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a recording is to be."""
    return tmp_path / "run.jsonl"


def change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Change a sentence that the model reads."""
    changed = prompts.SYSTEM.replace("You know only what your functions show you.", "\x1b[31mYou know nothing.")
    monkeypatch.setattr(prompts, "SYSTEM", changed)


def test_a_run_that_is_the_same_ends_with_0(docqa: Docqa, path: Path) -> None:
    events = record(path)
    ended = docqa("replay", path)
    steps = sum(type(event).__name__ == "StepStarted" for event in events)
    assert (ended.code, ended.out) == (0, f"{steps} steps, {len(events)} events: identical\n")


def test_a_changed_prompt_is_shown_with_its_step_and_ends_with_1(
    docqa: Docqa, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(path)
    change(monkeypatch)
    ended = docqa("replay", path)
    assert ended.code == 1
    assert "  step 1: message 1 (system) differs, in content\n" in ended.out
    assert "    -You know only what your functions show you.\n" in ended.out
    assert "    +[31mYou know nothing.\n" in ended.out
    assert "\x1b" not in ended.out


def test_each_run_of_a_file_is_replayed(docqa: Docqa, path: Path) -> None:
    record(path)
    record(path, [SEARCH, call("answer", text="No.", not_found=True)])
    lines = docqa("replay", path).out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["run 1", "run 2"]
    assert docqa("replay", path, "--run", 2).out == lines[1].removeprefix("run 2: ") + "\n"


def test_a_recording_that_was_cut_off_is_replayed_as_far_as_it_goes(docqa: Docqa, path: Path) -> None:
    record(path)
    path.write_bytes(path.read_bytes()[:-1500])
    ended = docqa("replay", path)
    assert ended.code == 0
    assert ended.out.endswith("identical up to where the recording was cut off\n")


def test_a_replay_that_cannot_go_on_says_why(docqa: Docqa, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path)
    monkeypatch.setattr("docqa.agent.run.Run._act", lambda *_: iter(()))
    ended = docqa("replay", path)
    assert ended.code == 1
    assert "  It cannot go on: the model is called once more than was recorded.\n" in ended.out


def test_json_gives_an_object_for_each_run(docqa: Docqa, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path)
    (same,) = docqa("replay", path, "--json").records
    assert (same["identical"], same["run"], same["departures"]) == (True, 1, [])
    change(monkeypatch)
    (other,) = docqa("replay", path, "--json").records
    assert other["identical"] is False
    assert "message 1 (system) differs" in [departure["what"] for departure in other["departures"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [("notes\n", "is not a recording"), ('{"kind":"run","format":1}\n{\n{}\n', "Line 2 of the recording is damaged")],
)
def test_what_cannot_be_read_ends_with_a_sentence(docqa: Docqa, path: Path, content: str, said: str) -> None:
    path.write_text(content)
    ended = docqa("replay", path)
    assert ended.code == 1
    assert ended.err.startswith("docqa: ")
    assert said in ended.err


def test_no_library_is_read(docqa: Docqa, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path, FOUND)
    monkeypatch.setenv("DOCQA_ARCHIVE", "nonsense")
    assert docqa("replay", path).code == 0
    assert not (tmp_path / "data").exists()
