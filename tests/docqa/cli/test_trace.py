"""``docqa trace``."""

from __future__ import annotations

from pathlib import Path

import pytest

from docqa.cli.trace import fullness
from docqa.errors import ModelError
from docqa.llm import Completion
from docqa.llm.scripted import call
from tests.docqa.cli.conftest import Docqa
from tests.docqa.recording.runs import FOUND, SEARCH, record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a recording is to be."""
    return tmp_path / "run.jsonl"


def test_a_run_is_shown_step_by_step(docqa: Docqa, path: Path) -> None:
    record(path)
    ended = docqa("trace", path)
    assert ended.code == 0
    for line in (
        "Who built it?",
        "  → search_archive(query='who built the harbour')",
        "    ↓ Harbour report, page 1, 13 tokens",
        "    ✓ Works built it (Harbour report, page 1)",
        "Quay Works [1].",
        "[1] Harbour report, page 1: “built in 1931 by Quay Works”",
    ):
        assert f"{line}\n" in ended.out
    assert "% of it begins as the last one" in ended.out
    assert "seconds: model 0.0" in ended.out


def test_the_fullness_of_the_context_is_a_bar_and_a_number() -> None:
    assert fullness(1024, 2048) == "██████████░░░░░░░░░░ 50 % full, 1,024 of 2,048 tokens"
    assert fullness(3000, 2048).startswith("█" * 20 + " 146 %")
    assert fullness(0, 0).startswith("░" * 20 + " 0 %")


def test_the_last_run_of_a_file_is_shown(docqa: Docqa, path: Path) -> None:
    record(path, question="The first?")
    record(path, question="The second?")
    assert docqa("trace", path).out.startswith("The second?\n  run 2 ")
    assert docqa("trace", path, "--run", 1).out.startswith("The first?\n  run 1 ")


def test_json_gives_an_object_for_each_step_and_one_for_the_end(docqa: Docqa, path: Path) -> None:
    record(path)
    *steps, end = docqa("trace", path, "--json").records
    assert [step["event"] for step in steps] == ["step"] * len(steps)
    assert [step["step"] for step in steps] == list(range(1, len(steps) + 1))
    assert (end["event"], end["question"], end["answer"]["text"]) == ("end", "Who built it?", "Quay Works [1].")


def test_control_characters_never_reach_the_terminal(docqa: Docqa, path: Path) -> None:
    evil = "\x1b]0;pwned\x07\x1b[31m\u202e"
    script = [
        Completion(f"I {evil}", SEARCH.calls),
        call(f"name{evil}", **{f"key{evil}": f"value{evil}"}),
        call("remember", block="task", text=f"a {evil}"),
        call("answer", text=f"No {evil}\n{evil}", not_found=True),
    ]
    record(path, script, question=f"Who {evil}?")
    shown = docqa("trace", path).out
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    assert docqa("replay", path).code == 0


def test_a_run_that_failed_shows_its_error(docqa: Docqa, path: Path) -> None:
    with pytest.raises(ModelError):
        record(path, [SEARCH])
    assert "ModelError: The script has 1 completions" in docqa("trace", path).out


def test_a_recording_that_was_cut_off_says_so(docqa: Docqa, path: Path) -> None:
    record(path, FOUND)
    path.write_bytes(path.read_bytes()[:-1500])
    assert docqa("trace", path).out.endswith("The recording was cut off here.\n")
