"""What leaves a full context, what stays, and how it is summed up; a server that finds the prompt too long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from docqa.errors import ContextOverflow, ModelError, ModelTimeout
from docqa.events import Evicted, StepStarted
from docqa.llm import Completion, Message, TextDelta, ToolSpec
from docqa.llm.scripted import ScriptedModel, call
from docqa.memory.recall import RunRecall
from tests.docqa.agent.playing import ANSWER, NOTE, NOTHING, SEARCH, Played, noise, play, search, sizes

PAGES = [search("noise", page) for page in range(1, 9)]


def filled(model: ScriptedModel | None = None, **settings: Any) -> Played:
    """A run whose window of 4,096 tokens is filled several times."""
    return play(model or ScriptedModel([*PAGES, NOTHING]), noise(60), "What?", context_window=4096, **settings)


def test_the_oldest_half_leaves_a_full_context_and_the_run_says_so() -> None:
    played = filled()
    evicted = played.of(Evicted)
    assert evicted
    assert all(event.tokens > 500 for event in evicted)
    assert all(used <= budget == 3072 for used, budget in sizes(played))


def test_the_question_and_the_newest_observation_never_leave() -> None:
    played = filled()
    for step, request in enumerate(played.model.requests[1:]):
        contents = [message.content for message in request.messages]
        assert "<question>\nWhat?\n</question>" in contents
        assert played.told[step] in contents


def test_a_call_and_its_result_leave_together() -> None:
    for request in filled().model.requests:
        calls = [message.calls[0].id for message in request.messages if message.calls]
        assert calls == [message.call_id for message in request.messages if message.role == "tool"]


def test_from_seven_tenths_on_the_model_is_told_to_save_what_matters() -> None:
    played = filled()
    told = [("Note evidence now" in last) for last in played.last]
    full = [used >= 0.7 * budget for used, budget in sizes(played)]
    assert any(told)
    assert not told[0]
    assert sum(a == b for a, b in zip(told, full, strict=True)) >= len(told) - 2  # notes are counted at their longest


def test_what_left_is_in_recall_whole() -> None:
    recall = RunRecall()
    played = play([*PAGES, NOTHING], noise(60), "What?", recall, context_window=4096)
    assert played.of(Evicted)
    kept = [said.message.content for said in recall.fetch(range(1, 99))]
    assert all(text in kept for text in played.told)


def test_the_model_writes_the_summary_of_what_left() -> None:
    model = ScriptedModel([*PAGES, NOTHING], summary="Pages of noise were read; nothing was found in them.")
    played = filled(model)
    assert all(event.by_model for event in played.of(Evicted))
    assert played.of(Evicted)[-1].summary == model.summary
    assert model.requests[-1].messages[1].content == f"<earlier>\n{model.summary}\n</earlier>"


def test_the_summary_is_recursive() -> None:
    model = ScriptedModel([*PAGES, NOTHING], summary="Noise was read.")
    filled(model)
    assert len(model.summarised) >= 2
    first, second = (request.messages[-1].content for request in model.summarised[:2])
    assert "<earlier>" not in first
    assert second.startswith("<earlier>\nNoise was read.\n</earlier>")
    assert "noise 0 word" in first


def test_a_summary_that_is_too_long_is_cut_to_its_limit() -> None:
    model = ScriptedModel([*PAGES, NOTHING], summary="So much noise was read there. " * 200)
    played = filled(model)
    earlier = model.requests[-1].messages[1].content
    assert earlier.startswith("<earlier>\nSo much noise")
    assert model.count(earlier) <= 0.1 * 3072
    assert played.of(Evicted)[-1].by_model


def test_what_a_summary_costs_is_paid_by_the_run() -> None:
    free = filled().answer
    paid = filled(ScriptedModel([*PAGES, NOTHING], summary="Noise was read.")).answer
    assert paid.prompt_tokens > free.prompt_tokens + 200


class Failing(ScriptedModel):
    """A model that cannot write summaries: it raises, says nothing, or ends in the middle."""

    fault: Any = None

    def complete(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], only: Sequence[str] = (), **limits: Any
    ) -> Iterator[TextDelta | Completion]:
        if not tools and isinstance(self.fault, Exception):
            self.summarised.append(messages)  # type: ignore[arg-type]
            raise self.fault
        if not tools and self.fault == "stops":
            yield TextDelta("Some noi")
            return
        yield from super().complete(messages, tools, only, **limits)


@pytest.mark.parametrize(
    "fault", [ModelError("No."), ModelTimeout("Too slow."), ContextOverflow("Too long."), "empty", "stops"]
)
def test_where_the_model_fails_an_extractive_summary_takes_its_place_and_the_run_goes_on(fault: Any) -> None:
    model = Failing([SEARCH, *PAGES, NOTHING])
    model.fault = fault
    played = filled(model)
    assert played.of(Evicted)
    assert not any(event.by_model for event in played.of(Evicted))
    assert 'search_archive{"query": "noise"' in played.of(Evicted)[-1].summary
    assert played.answer.outcome == "not_found"


def test_after_two_failures_the_model_is_not_asked_for_summaries_again() -> None:
    model = Failing([*PAGES, *[search(f"noise {n}") for n in range(8)], NOTHING])
    model.fault = ModelError("No.")
    assert len(filled(model, max_steps=20).of(Evicted)) > 2
    assert len(model.summarised) == 2


def test_a_summary_is_not_asked_for_where_the_tokens_of_the_run_would_not_suffice() -> None:
    model = ScriptedModel([*PAGES, *PAGES], summary="Noise was read.")
    played = filled(model, max_tokens=20_000)
    assert played.answer.prompt_tokens + played.answer.answer_tokens <= 20_000


class Overflowing(ScriptedModel):
    """A model whose server finds the prompt of some requests too long."""

    refused: Sequence[int] = ()
    tried = 0
    refusals: list[tuple[Message, ...]]

    def complete(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], only: Sequence[str] = (), **limits: Any
    ) -> Iterator[TextDelta | Completion]:
        self.tried += bool(tools)
        if tools and self.tried in self.refused:
            self.refusals = [*getattr(self, "refusals", []), tuple(messages)]
            raise ContextOverflow("This model's maximum context length is 2048 tokens.")
        yield from super().complete(messages, tools, only, **limits)


def overflowing(*refused: int) -> Overflowing:
    model = Overflowing([*PAGES[:3], NOTHING])
    model.refused = refused
    return model


def test_a_prompt_that_the_server_finds_too_long_is_made_shorter_and_sent_again() -> None:
    model = overflowing(4)
    played = play(model, noise(60), "What?")
    assert played.answer.outcome == "not_found"
    assert len(played.of(Evicted)) == 1
    sent = [sum(len(m.content) for m in messages) for messages in (model.refusals[0], model.requests[3].messages)]
    assert sent[1] < 0.8 * sent[0]


def test_the_step_of_such_a_prompt_is_told_once() -> None:
    assert [e.step for e in play(overflowing(4), noise(60), "What?").of(StepStarted)] == [1, 2, 3, 4]


def test_a_second_refusal_of_the_same_step_is_raised() -> None:
    with pytest.raises(ContextOverflow, match="maximum context length"):
        play(overflowing(4, 5), noise(60), "What?")


def test_each_step_may_be_refused_once() -> None:
    assert play(overflowing(3, 5), noise(60), "What?").answer.outcome == "not_found"


def test_a_prompt_out_of_which_nothing_may_leave_is_raised_when_it_is_too_long() -> None:
    with pytest.raises(ContextOverflow):
        play(overflowing(1), noise(60), "What?")


def test_a_count_that_learned_from_the_refusal_still_lets_something_leave() -> None:
    class Learning(Overflowing):
        def count(self, text: str) -> int:
            return super().count(text) + (8 if self.tried >= 4 else 0)

    model = Learning([*PAGES[:3], NOTHING])
    model.refused = (4,)
    assert play(model, noise(60), "What?").of(Evicted)


def test_evidence_noted_before_an_eviction_is_cited_after_it() -> None:
    note = call("note_evidence", claim="It is noise", chunk="c1", quote="noise 0 word")
    cited = call("answer", text="Noise [e1].", citations=["e1"])
    played = play([PAGES[0], note, *PAGES[1:], cited], noise(60), "What?", context_window=4096)
    assert played.of(Evicted)
    assert [c.quote for c in played.answer.citations] == ["noise 0 word"]


def test_an_answer_in_progress_survives_the_eviction_of_its_own_step() -> None:
    texts = ["The harbour was built in 1931 by Quay Works. " + "word " * 900] * 2
    many = Completion("I have it.", (*SEARCH.calls, *NOTE.calls, *ANSWER.calls))
    assert play([many], texts, context_window=2048).answer.text == "Quay Works [1]."
