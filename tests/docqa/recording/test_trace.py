"""What a trace tells of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from docqa.errors import ModelError
from docqa.events import Evicted, StepStarted
from docqa.llm import Completion
from docqa.llm.scripted import ScriptedModel, call
from docqa.memory.budget import prompt_tokens
from docqa.memory.recall import RunRecall
from docqa.recording import recorded, trace
from docqa.settings import Settings
from ingest import tokens
from tests.docqa.recording.runs import ANSWER, FOUND, NOTE, SEARCH, SHELF, only, record, together
from tests.docqa.recording.test_replay import LONG
from tests.docqa.shelf import Shelf


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a recording is to be."""
    return tmp_path / "run.jsonl"


def test_a_trace_has_each_step_and_the_answer(path: Path) -> None:
    record(path)
    found = trace(only(path))
    assert (found.question, found.model, found.how, found.error) == ("Who built it?", "scripted", "done", "")
    assert [step.step for step in found.steps] == list(range(1, len(found.steps) + 1))
    assert found.answer
    assert found.answer["text"] == "Quay Works [1]."


def test_it_tells_how_full_the_context_was(path: Path) -> None:
    events = record(path)
    started = [(event.used, event.budget) for event in events if isinstance(event, StepStarted)]
    assert [(step.used, step.budget) for step in trace(only(path)).steps] == started


def test_it_tells_which_passages_came_into_the_context(path: Path) -> None:
    record(path)
    came = trace(only(path)).steps[0].came
    assert [(shown.document, shown.page) for shown in came] == [("Harbour report", "1"), ("Harbour report", "3")]
    assert came[0].tokens >= tokens.count("The harbour was built in 1931 by Quay Works.")


def test_it_tells_the_calls_and_what_they_gave(path: Path) -> None:
    record(path, [together(SEARCH, NOTE), ANSWER, ANSWER])
    first = trace(only(path)).steps[0]
    assert [(called.name, called.ok) for called in first.calls] == [("search_archive", True), ("note_evidence", True)]
    assert "2 passages" in first.calls[0].gave
    assert first.evidence[0]["claim"] == "Works built it"


def test_a_step_without_a_call_tells_the_mistake(path: Path) -> None:
    record(path, [Completion("I think so."), *FOUND])
    first = trace(only(path)).steps[0]
    assert (first.text, first.calls[0].name, first.calls[0].ok) == ("I think so.", "", False)


def test_it_counts_the_prompts_as_the_model_does(path: Path) -> None:
    model = ScriptedModel(FOUND)
    list(recorded(path, model, Shelf(SHELF), Settings(), "Who built it?"))
    sent = [prompt_tokens(tokens.count, request.messages, request.tools) for request in model.requests]
    assert [step.prompts[0].tokens for step in trace(only(path)).steps] == sent


def test_it_tells_how_much_of_a_prompt_repeats_the_last_one(path: Path) -> None:
    record(path)
    first, second = (step.prompts[0] for step in trace(only(path)).steps[:2])
    assert first.repeated == 0
    assert first.tokens // 2 < second.repeated < first.tokens


def test_it_tells_what_left_the_context(path: Path) -> None:
    searches = [call("search_archive", query=f"harbour town {n} deep") for n in range(8)]
    model = ScriptedModel([*searches, call("answer", text="No.", not_found=True)] * 2, summary="Looked up.")
    settings = Settings(context_window=3072, reserved_answer=256, max_steps=12)
    events = list(recorded(path, model, Shelf(LONG), settings, "Which harbour is deep?"))
    left = [(event.step, event.messages) for event in events if isinstance(event, Evicted)]
    steps = trace(only(path)).steps
    assert [(step.step, gone["messages"]) for step in steps for gone in step.evicted] == left


def test_a_prompt_for_a_summary_is_told_from_a_step(path: Path) -> None:
    searches = [call("search_archive", query=f"harbour town {n} deep") for n in range(8)]
    model = ScriptedModel([*searches, call("answer", text="No.", not_found=True)] * 2, summary="Looked up.")
    settings = Settings(context_window=3072, reserved_answer=256, max_steps=12)
    list(recorded(path, model, Shelf(LONG), settings, "Which harbour is deep?"))
    prompts = [prompt for step in trace(only(path)).steps for prompt in step.prompts]
    assert sum(prompt.summary for prompt in prompts) == len(model.summarised)
    assert sum(not prompt.summary for prompt in prompts) == len(model.requests)


def test_tokens_that_the_server_told_are_taken(path: Path) -> None:
    told = Completion(calls=SEARCH.calls, prompt_tokens=900, answer_tokens=30, cached_tokens=700)
    record(path, [told, *FOUND[1:]])
    first, second = trace(only(path)).steps[:2]
    assert (first.prompt_tokens, first.cached_tokens, first.answer_tokens) == (900, 700, 30)
    assert second.prompt_tokens == second.prompts[0].tokens


def test_an_event_that_has_no_place_of_its_own_is_told(path: Path) -> None:
    model = ScriptedModel([call("remember", block="task", text="Who built it"), *FOUND])
    list(recorded(path, model, Shelf(SHELF), Settings(), "Who built it?", recall=RunRecall()))
    assert [other["event"] for step in trace(only(path)).steps for other in step.other] == ["Remembered"]


def test_seconds_are_told_by_part(path: Path) -> None:
    record(path)
    for step in trace(only(path)).steps:
        assert step.model_seconds > 0
        assert step.own_seconds > 0
    assert trace(only(path)).steps[0].archive_seconds > 0


def test_a_run_that_failed_tells_its_error(path: Path) -> None:
    with pytest.raises(ModelError):
        record(path, [SEARCH])
    found = trace(only(path))
    assert found.answer is None
    assert found.error.startswith("ModelError: The script has 1 completions")
    assert [step.step for step in found.steps] == [1, 2]
