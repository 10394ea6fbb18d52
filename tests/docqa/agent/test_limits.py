"""The limits of a run: steps, tokens, seconds; and what a run that reaches one says."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from docqa.agent import Agent
from docqa.errors import ModelTimeout
from docqa.events import Answered, Observed
from docqa.llm import Completion, TextDelta
from docqa.llm.scripted import ScriptedModel, call
from docqa.settings import Settings
from tests.docqa.agent.playing import ANSWER, NOTE, SEARCH, TEXTS, play, search
from tests.docqa.shelf import Shelf, chunks

KEYS = ("AX-100077: BX-200088", "BX-200088: CX-300099")
FOLLOW = "What is the value of AX-100077? Values may themselves be keys: follow them."


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_before_the_last_step_the_model_is_told_that_it_may_only_answer() -> None:
    played = play([SEARCH, NOTE, ANSWER], max_steps=3)
    assert "only answer can be called" in played.last[2]
    assert played.only == [(), (), ("answer",)]
    assert played.model.requests[2].tools == played.model.requests[0].tools


def test_the_last_step_runs_no_other_function() -> None:
    played = play([SEARCH, search("crane")], max_steps=2)
    assert played.told[1].startswith("There is no function 'search_archive' to call now; call one of: answer.")
    assert played.shelf.searches == 1


def test_the_limit_of_steps_ends_in_what_was_found_so_far() -> None:
    answer = play([SEARCH, NOTE, SEARCH], max_steps=3).answer
    assert (answer.outcome, answer.limit, answer.steps) == ("partial", "3 steps", 3)
    assert "limit of 3 steps" in answer.text
    assert "- Works built it [1]" in answer.text
    assert answer.citations[0].quote == "built in 1931 by Quay Works"


def test_a_partial_answer_says_what_is_missing() -> None:
    note = call("note_evidence", claim="AX leads to BX", chunk="c1", quote="AX-100077: BX-200088")
    answer = play([search("AX-100077"), note, SEARCH], KEYS[:1], FOLLOW, max_steps=3).answer
    assert "AX leads to BX [1]" in answer.text
    assert answer.text.endswith("Still to be looked up: BX-200088.")


def test_a_limit_before_anything_was_found_says_so() -> None:
    answer = play([SEARCH], max_steps=1).answer
    assert answer.text == "No answer was reached: the run ended at its limit of 1 step, with nothing established."


def test_what_the_last_step_answers_without_a_citation_is_kept_and_called_partial() -> None:
    answer = play([SEARCH, call("answer", text="It was Quay Works.")], max_steps=2).answer
    assert answer.outcome == "partial"
    assert answer.text.startswith("It was Quay Works.")
    assert "(No passage was found that carries this answer.)" in answer.text


def test_the_last_step_may_answer_over_an_open_lead() -> None:
    answer = call("answer", text="It ends with BX-200088 [c1].", citations=["c1"])
    played = play([search("AX-100077"), answer], KEYS[:1], FOLLOW, max_steps=2)
    assert (played.answer.outcome, played.answer.steps) == ("answered", 2)


@pytest.mark.parametrize("limit", [8000, 12_000, 20_000])
def test_the_limit_of_tokens_is_never_exceeded(limit: int) -> None:
    calls = (search(f"harbour {n}") for n in itertools.count())
    played = play(lambda messages, tools: next(calls), max_tokens=limit, max_steps=99)
    answer = played.answer
    assert (answer.outcome, answer.limit) == ("partial", f"{limit:,} tokens")
    assert limit / 3 < answer.prompt_tokens + answer.answer_tokens <= limit
    assert played.only[-1] == ("answer",)


def test_the_limit_of_seconds_ends_the_run() -> None:
    answer = play([SEARCH], max_seconds=1e-9).answer
    assert (answer.outcome, answer.limit, answer.steps) == ("partial", "1e-09 seconds", 0)


def test_when_four_fifths_of_the_seconds_are_over_the_step_may_only_answer() -> None:
    clock = Clock()

    class Slow(ScriptedModel):
        def complete(self, *asked: Any, **limits: Any) -> Iterator[TextDelta | Completion]:
            clock.now += 42
            yield from super().complete(*asked, **limits)

    model = Slow([SEARCH, NOTE, ANSWER])
    events = list(Agent(model, Shelf(chunks(*TEXTS)), Settings(max_seconds=100), clock).run("Who built it?"))
    assert [request.only for request in model.requests] == [(), (), ("answer",)]
    assert isinstance(events[-1], Answered)
    assert events[-1].outcome == "answered"


def test_a_model_still_writing_at_the_limit_of_seconds_is_ended_and_the_evidence_kept() -> None:
    clock = Clock()

    class Endless(ScriptedModel):
        def complete(self, *asked: Any, **limits: Any) -> Iterator[TextDelta | Completion]:
            if len(self.requests) < 2:
                yield from super().complete(*asked, **limits)
            while True:
                clock.now += 10
                yield TextDelta("and ")

    events = list(Agent(Endless([SEARCH, NOTE]), Shelf(chunks(*TEXTS)), Settings(max_seconds=100), clock).run("Who?"))
    assert isinstance(events[-1], Answered)
    assert (events[-1].limit, [e.claim for e in events[-1].evidence]) == ("100 seconds", ["Works built it"])
    assert "- Works built it [1]" in events[-1].text


def test_a_model_that_hangs_until_the_limit_of_seconds_ends_the_run_partial() -> None:
    clock = Clock()

    class Hanging(ScriptedModel):
        def complete(self, *asked: Any, seconds: float = 0, **limits: Any) -> Iterator[TextDelta | Completion]:
            clock.now += seconds
            raise ModelTimeout("It took too long.")
            yield TextDelta("")

    events = list(Agent(Hanging([]), Shelf(chunks(*TEXTS)), Settings(max_seconds=100), clock).run("Who?"))
    assert isinstance(events[-1], Answered)
    assert (events[-1].outcome, events[-1].limit) == ("partial", "100 seconds")


def test_what_one_step_has_no_room_to_call_is_told() -> None:
    many = Completion(calls=tuple(c for n in range(40) for c in search(f"harbour {n}").calls))
    played = play([many, SEARCH, NOTE, ANSWER])
    first = [event for event in played.of(Observed) if event.step == 1]
    assert 1 < len(first) <= 16
    assert first[-1].text.startswith(f"({40 - len(first)} further calls of this step were not run")


def test_a_run_that_ends_within_its_limits_names_none() -> None:
    answer = play([SEARCH, NOTE, ANSWER], max_steps=3).answer
    assert (answer.outcome, answer.limit) == ("answered", "")
