"""Recorded runs replay to the same events, and changes are found."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from docqa import prompts
from docqa.agent import Agent
from docqa.errors import ContextOverflow, ModelError
from docqa.events import Event, Evicted
from docqa.llm import Completion, Message
from docqa.llm.scripted import ScriptedModel, call
from docqa.memory.paging import Pager
from docqa.memory.recall import RunRecall
from docqa.prompts import mistakes
from docqa.recording import Recording, Replay, read, recorded, replay
from docqa.recording.counting import Counts
from docqa.settings import Settings
from docqa.tools import specs
from ingest import tokens
from ingest.errors import ArchiveError
from tests.docqa.recording.runs import ANSWER, FOUND, NOTE, SEARCH, SHELF, again, only, record, together
from tests.docqa.shelf import Shelf, chunks

UNKNOWN = call("call_a_friend", name="Ada")
LONG = chunks(*(f"The harbour of town {n} is deep. " + f"It was dredged in {1900 + n}. " * 30 for n in range(9)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a recording is to be."""
    return tmp_path / "run.jsonl"


def identical(result: Replay, events: Sequence[Event]) -> bool:
    return result.identical and result.events == len(events)


def what(result: Replay) -> list[str]:
    return [departure.what for departure in result.departures]


@pytest.mark.parametrize(
    "script",
    [
        FOUND,
        [together(SEARCH, NOTE), ANSWER, ANSWER],
        [UNKNOWN, call("search_archive"), Completion("I think."), Completion(problem="cut off"), *FOUND],
        [Completion("I look.\nAnd look.\n", SEARCH.calls), *FOUND[1:]],
        [SEARCH, call("answer", text="Nothing.", not_found=True)],
        [call("remember", block="user", text="likes harbours"), call("search_conversation", query="harbour"), *FOUND],
        [call("read_document", document="Harbour report", pages="1-2"), call("list_documents"), *FOUND],
    ],
    ids=["plain", "several calls", "mistakes", "text", "not found", "memory", "reading"],
)
def test_a_run_replays_to_the_same_events(path: Path, script: list[Completion]) -> None:
    events = record(path, script)
    assert identical(again(path), events)


def test_a_run_with_evictions_replays_to_the_same_events(path: Path) -> None:
    script = [call("search_archive", query=f"harbour town {n} deep", page=1) for n in range(8)]
    model = ScriptedModel([*script, call("answer", text="No.", not_found=True)] * 2, summary="Harbours were looked up.")
    settings = Settings(context_window=3072, reserved_answer=256, max_steps=12)
    events = list(recorded(path, model, Shelf(LONG), settings, "Which harbour is deep?"))
    assert any(isinstance(event, Evicted) for event in events)
    assert identical(again(path), events)


@pytest.mark.parametrize("text", ["Wer baute den Hafen? 港 🏗", "who\ud800 built \udfff it", 'a "$" \\ \u2028 \x1b[31m'])
def test_any_text_survives(path: Path, text: str) -> None:
    script = [call("search_archive", query=f"harbour {text}"), call("answer", text=text, not_found=True)]
    events = record(path, script, question=text)
    assert identical(again(path), events)


def test_an_error_of_the_model_comes_again(path: Path) -> None:
    with pytest.raises(ModelError):
        record(path, [SEARCH])
    result = again(path)
    assert (result.identical, result.until, result.steps) == (True, "up to its error", 2)


def test_an_error_that_the_agent_handles_comes_again(path: Path) -> None:
    answers: Iterator[Completion | Exception] = iter([SEARCH, ContextOverflow("too long"), NOTE, ANSWER, ANSWER])

    def answer(*_: object) -> Completion:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    long = chunks(*["The harbour was built in 1931 by Quay Works. " + f"It is deep, says {n}. " * 60 for n in range(6)])
    settings = Settings(context_window=4096)
    try:
        events = list(recorded(path, ScriptedModel(answer), Shelf(long), settings, "Who built it?"))
    except ContextOverflow:
        assert again(path).identical
    else:
        assert identical(again(path), events)


def test_an_error_of_the_archive_comes_again(path: Path) -> None:
    class Broken(Shelf):
        def search(self, query: str) -> Any:
            raise ArchiveError("The archive is away.")

    with pytest.raises(ArchiveError):
        list(recorded(path, ScriptedModel(FOUND), Broken(SHELF), Settings(), "Who built it?"))
    assert again(path).identical


def test_a_run_that_was_closed_early_is_compared_up_to_there(path: Path) -> None:
    for events in range(10):
        run = recorded(path, ScriptedModel(FOUND), Shelf(SHELF), Settings(), "Who built it?")
        list(itertools.islice(run, events))
        run.close()
    results = [replay(run) for run in read(path)]
    assert [result.events for result in results] == list(range(10))
    assert {(result.identical, result.until) for result in results} == {(True, "up to where the run was ended early")}


def test_limits_of_time_are_met_at_the_same_place(path: Path) -> None:
    clock = itertools.count(0.1, 0.7)
    with Recording(path) as recording:
        model = ScriptedModel([SEARCH] + [Completion("Hm.\n" * 4, SEARCH.calls)] * 20)
        run = recording.run(model, Shelf(SHELF), Settings(max_seconds=12), "Who?", clock=lambda: next(clock))
        events = list(run)
    assert identical(again(path), events)


def test_a_conversation_replays_with_what_was_kept_of_it(path: Path) -> None:
    recall = RunRecall()
    recall.add([Message("user", "I am Ada."), Message("assistant", "Hello.")], spoken=True)
    recall.write_block("user", "Ada")
    history = [Message("user", "Before."), Message("assistant", "Yes.")]
    events = list(recorded(path, ScriptedModel(FOUND), Shelf(SHELF), Settings(), "Who built it?", history, recall))
    assert identical(again(path), events)


def test_a_model_that_learns_to_count_counts_the_same_again(path: Path) -> None:
    class Learning(ScriptedModel):
        def count(self, text: str) -> int:
            return tokens.count(text) * (3 + len(self.requests)) // 3

    events = list(recorded(path, Learning(FOUND), Shelf(SHELF), Settings(), "Who built it?"))
    assert identical(again(path), events)


def test_a_replay_does_not_look_at_the_environment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = record(path, context_window=4096)
    monkeypatch.setenv("DOCQA_CONTEXT_WINDOW", "nonsense")
    monkeypatch.setenv("DOCQA_MAX_STEPS", "1")
    assert identical(again(path), events)


def test_a_changed_sentence_of_the_prompt_is_found_and_shown(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path)
    changed = prompts.SYSTEM.replace("You know only what your functions show you.", "You know what they show you.")
    monkeypatch.setattr(prompts, "SYSTEM", changed)
    result = again(path)
    found = next(d for d in result.departures if d.what == "message 1 (system) differs")
    assert (found.step, found.field) == (1, "content")
    assert "-You know only what your functions show you." in found.diff
    assert "+You know what they show you." in found.diff
    assert what(result).count("message 1 (system) differs") == 1


def test_a_changed_result_of_a_tool_is_found_in_event_and_prompt(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path, [Completion("Let me think."), *FOUND])
    monkeypatch.setattr(mistakes, "NO_CALL", "Nothing was called, so nothing came of it.")
    result = again(path)
    event = next(departure for departure in result.departures if departure.event)
    assert (event.step, event.what, event.field) == (1, "event 4 (Observed) differs", "text")
    assert event.recorded.startswith("Nothing was called. ")
    assert event.now == "Nothing was called, so nothing came of it."
    assert (2, "message 4 (user) differs") in [(departure.step, departure.what) for departure in result.departures]


def test_a_changed_function_is_found(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path)

    def changed(*names: Any) -> Any:
        return tuple(dataclasses.replace(spec, description=f"Really: {spec.description}") for spec in specs(*names))

    monkeypatch.setattr("docqa.agent.run.specs", changed)
    assert "the function search_archive differs" in what(again(path))


def test_another_call_of_the_archive_ends_the_replay(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path)
    search = Pager.search
    monkeypatch.setattr(Pager, "search", lambda pager, query, *more: search(pager, query.upper(), *more))
    result = again(path)
    assert not result.identical
    assert result.stopped.startswith("the archive is asked for what was not recorded: search(query='WHO")


def test_more_model_calls_than_were_recorded_end_the_replay(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path)
    monkeypatch.setattr("docqa.agent.run.Run._act", lambda *_: iter(()))
    result = again(path)
    assert result.stopped == "the model is called once more than was recorded"
    assert what(result)[0] == "event 3 is of another kind"


def test_an_earlier_end_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path)
    run = Agent.run

    def shorter(self: Agent, *given: Any, **named: Any) -> Iterator[Event]:
        return itertools.islice(run(self, *given, **named), 3)

    monkeypatch.setattr(Agent, "run", shorter)
    assert what(again(path))[0].startswith("the run ends, ")


def test_a_failure_that_was_not_recorded_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path)

    def fails(*_: object) -> Iterator[Event]:
        raise ModelError("No more.")
        yield

    monkeypatch.setattr("docqa.agent.run.Run._act", fails)
    assert what(again(path))[0].startswith("the run fails (ModelError: No more.)")


def test_a_text_that_was_not_counted_is_estimated_as_the_model_counts(path: Path) -> None:
    class Doubling(ScriptedModel):
        def count(self, text: str) -> int:
            return 2 * tokens.count(text)

    list(recorded(path, Doubling(FOUND), Shelf(SHELF), Settings(), "Who built it?"))
    count = Counts(only(path))
    assert count("never counted") == tokens.count("never counted")
    for text in (prompts.SYSTEM, *(message.content for message in only(path).history)):
        count(text)
    assert count("never counted") == 2 * tokens.count("never counted")


def test_deltas_come_as_they_came(path: Path) -> None:
    events = record(path, [Completion("One.\nTwo.\n", SEARCH.calls), *FOUND[1:]])
    assert [type(e).__name__ for e in events].count("TextWritten") == 2
    assert [line.get("what", str) for _, line in only(path).of("piece")][:3] == ["TextDelta", "TextDelta", "Completion"]
