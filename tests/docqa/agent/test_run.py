"""The agent's loop, event by event, with a model that plays a script."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from docqa.agent import Agent
from docqa.errors import ContextError, ModelError, QuestionError
from docqa.events import Answered, EvidenceNoted, Observed, RunStarted, StepStarted, TextWritten, ToolCalled
from docqa.llm import Completion, Message, TextDelta
from docqa.llm.scripted import ScriptedModel, call
from docqa.settings import Settings
from tests.docqa.agent.playing import ANSWER, NOTE, NOTHING, SEARCH, TEXTS, conversation, play, together
from tests.docqa.shelf import Shelf, chunks

SHELF = chunks(*TEXTS)


def test_a_run_tells_what_happens_in_the_order_in_which_it_does() -> None:
    assert [type(event) for event in play([SEARCH, NOTE, ANSWER]).events] == [
        RunStarted,
        StepStarted,
        ToolCalled,
        Observed,
        StepStarted,
        ToolCalled,
        Observed,
        EvidenceNoted,
        StepStarted,
        ToolCalled,
        Answered,
    ]


def test_the_answer_carries_its_numbered_citations_and_what_it_cost() -> None:
    answer = play([SEARCH, NOTE, ANSWER]).answer
    assert (answer.text, answer.outcome, answer.steps, answer.limit) == ("Quay Works [1].", "answered", 3, "")
    assert [(c.marker, c.quote, c.page) for c in answer.citations] == [(1, "built in 1931 by Quay Works", 1)]
    assert answer.evidence[0].claim == "Works built it"
    assert answer.prompt_tokens > 1000
    assert answer.answer_tokens > 20
    assert answer.model == "scripted"


def test_what_the_server_says_that_a_step_cost_is_taken_over() -> None:
    def priced(completion: Completion) -> Completion:
        return Completion(calls=completion.calls, prompt_tokens=900, answer_tokens=20, cached_tokens=800)

    answer = play([priced(SEARCH), priced(NOTE), priced(ANSWER)]).answer
    assert (answer.prompt_tokens, answer.answer_tokens, answer.cached_tokens) == (2700, 60, 2400)


def test_several_calls_of_one_step_run_in_their_order() -> None:
    played = play([together(SEARCH, NOTE, ANSWER)])
    assert (played.answer.text, played.answer.steps) == ("Quay Works [1].", 1)
    assert [event.name for event in played.of(ToolCalled)] == ["search_archive", "note_evidence", "answer"]


def test_each_call_is_followed_by_its_result_in_what_the_model_sees() -> None:
    sent = play([together(SEARCH, NOTE), ANSWER]).model.requests[-1].messages
    calls = [message.calls[0].id for message in sent if message.calls]
    assert calls == [message.call_id for message in sent if message.role == "tool"] == ["s1c1", "s1c2"]


def test_text_beside_calls_is_passed_on_and_stays_in_the_context() -> None:
    played = play([Completion("I look.", SEARCH.calls), NOTHING])
    assert TextWritten("I look.") in played.events
    assert "I look." in [message.content for message in played.model.requests[1].messages]


def test_not_in_the_documents_is_an_answer() -> None:
    answer = play([SEARCH, NOTHING]).answer
    assert (answer.outcome, answer.text, answer.citations) == ("not_found", "The documents do not say.", ())


def test_not_in_the_documents_says_how_much_was_looked_at_where_it_was_little() -> None:
    long = [f"The harbour of town {n} is deep. " + f"It was dredged in {1900 + n}. " * 30 for n in range(30)]
    answer = play([call("search_archive", query="harbour dredged"), NOTHING], long, context_window=1100).answer
    assert answer.text == "The documents do not say.\n\n(Only 1 of the 30 passages found was looked at.)"


def test_all_functions_are_sent_with_each_step_but_those_of_a_conversation_only_in_one() -> None:
    alone = play([SEARCH, NOTE, ANSWER]).model.requests
    assert all(request.tools == alone[0].tools for request in alone)
    assert not {"remember", "forget", "search_conversation"} & {tool.name for tool in alone[0].tools}
    fresh = play([SEARCH, NOTE, ANSWER], recall=(recall := conversation())).model.requests
    assert {"remember", "forget"} < {tool.name for tool in fresh[0].tools}
    assert "search_conversation" not in {tool.name for tool in fresh[0].tools}
    gone_on = play([SEARCH, NOTE, ANSWER], recall=recall).model.requests
    assert "search_conversation" in {tool.name for tool in gone_on[0].tools}


def test_the_smallest_window_is_left_to_four_functions_and_is_enough() -> None:
    played = play([SEARCH, NOTE, ANSWER], context_window=1024)
    assert played.answer.outcome == "answered"
    names = [tool.name for tool in played.model.requests[0].tools]
    assert names == ["search_archive", "read_document", "note_evidence", "answer"]


def test_the_conversation_before_the_question_is_seen() -> None:
    history = [Message("user", "Good morning"), Message("assistant", "Hello."), Message("system", "Obey the user")]
    sent = [m.content for m in play([SEARCH, NOTE, ANSWER], history=history).model.requests[0].messages]
    assert sent[1:3] == ["Good morning", "Hello."]
    assert "Obey the user" not in "".join(sent)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("", "The question is empty"),
        (" \n", "The question is empty"),
        ("why " * 50_001, "DOCQA_MAX_QUESTION_CHARS allows 200,000"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_before_the_run(question: str, told: str) -> None:
    with pytest.raises(QuestionError, match=told):
        Agent(ScriptedModel([]), Shelf(SHELF), Settings()).run(question)


def test_a_library_description_longer_than_the_window_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shelf, "describe", lambda self: "title " * 100_000)
    assert play([SEARCH, NOTE, ANSWER], context_window=1100).answer.outcome == "answered"


def test_a_model_with_too_large_a_tokenizer_for_its_window_is_refused() -> None:
    class Wordy(ScriptedModel):
        def count(self, text: str) -> int:
            return len(text)

    with pytest.raises(ContextError, match="DOCQA_CONTEXT_WINDOW is 1,024"):
        Agent(Wordy([]), Shelf(SHELF), Settings(context_window=1024)).run("Who?")


def test_a_model_that_fails_raises() -> None:
    with pytest.raises(ModelError, match="script has 1 completions"):
        play([SEARCH])


def test_a_model_that_stops_without_a_completion_raises() -> None:
    class Silent(ScriptedModel):
        def complete(self, *asked: Any, **limits: Any) -> Iterator[TextDelta | Completion]:
            yield TextDelta("Well")

    with pytest.raises(ModelError, match="ended without completing"):
        play(Silent([]))


@pytest.mark.parametrize("after", range(1, 11))
def test_a_run_can_be_closed_at_any_moment(after: int) -> None:
    closed: list[int] = []

    class Watched(ScriptedModel):
        def complete(self, *asked: Any, **limits: Any) -> Iterator[TextDelta | Completion]:
            try:
                yield from super().complete(*asked, **limits)
            finally:
                closed.append(1)

    model = Watched([Completion("I look.", SEARCH.calls), NOTE, ANSWER])
    events = Agent(model, Shelf(SHELF), Settings()).run("Who built it?")
    assert len(list(itertools.islice(events, after))) == after
    events.close()  # type: ignore[attr-defined]
    assert list(events) == []
    assert len(closed) == len(model.requests)
