"""The agent's loop, event by event, with a model that plays a script."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.agent import Agent
from docqa.errors import ContextError, ModelError, QuestionError
from docqa.events import (
    Answered,
    Event,
    Evicted,
    EvidenceNoted,
    Observed,
    RunStarted,
    StepStarted,
    TextWritten,
    ToolCalled,
)
from docqa.llm import Completion, Message, TextDelta, ToolCall, ToolSpec
from docqa.llm.scripted import Script, ScriptedModel, call
from docqa.memory.budget import prompt_tokens
from docqa.settings import Settings
from ingest.tokens import count
from tests.docqa.shelf import Shelf, chunk, chunks

SHELF = chunks("The harbour was built in 1931 by Quay Works.", "Quay Works was born in Selby.", "The crane is red.")
SEARCH = call("search_archive", query="who built the harbour")
NOTE = call("note_evidence", claim="Works built it", chunk="c1", quote="built in 1931 by Quay Works")
ANSWER = call("answer", text="Quay Works [e1].", citations=["e1"])


def run(script: Sequence[Completion] | Script, question: str = "Who built it?", **more: Any) -> list[Event]:
    """All events of a run over the shelf."""
    return list(Agent(ScriptedModel(script), Shelf(SHELF), Settings(**more)).run(question))


def answered(events: Sequence[Event]) -> Answered:
    last = events[-1]
    assert isinstance(last, Answered)
    assert not any(isinstance(event, Answered) for event in events[:-1])
    return last


def observed(events: Sequence[Event]) -> list[Observed]:
    return [event for event in events if isinstance(event, Observed)]


def together(*completions: Completion) -> Completion:
    """One completion with the calls of several."""
    return Completion(calls=tuple(c for completion in completions for c in completion.calls))


def test_a_run_tells_what_happens_in_the_order_in_which_it_does() -> None:
    events = run([SEARCH, NOTE, ANSWER])
    assert [type(event) for event in events] == [
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
    answer = answered(run([SEARCH, NOTE, ANSWER]))
    assert (answer.text, answer.outcome, answer.steps, answer.limit) == ("Quay Works [1].", "answered", 3, "")
    assert [(c.marker, c.quote, c.page) for c in answer.citations] == [(1, "built in 1931 by Quay Works", 1)]
    assert answer.evidence[0].claim == "Works built it"
    assert answer.prompt_tokens > 1000
    assert answer.answer_tokens > 20
    assert answer.model == "scripted"


def test_the_calls_of_one_step_run_in_their_order() -> None:
    answer = answered(run([together(SEARCH, NOTE, ANSWER)]))
    assert (answer.text, answer.steps) == ("Quay Works [1].", 1)


def test_each_call_is_followed_by_its_result_in_what_the_model_sees() -> None:
    model = ScriptedModel([together(SEARCH, NOTE), ANSWER])
    list(Agent(model, Shelf(SHELF), Settings()).run("Who built it?"))
    sent = model.requests[-1].messages
    calls = [message.calls[0].id for message in sent if message.calls]
    assert calls == [message.call_id for message in sent if message.role == "tool"] == ["s1c1", "s1c2"]


def test_text_beside_calls_is_passed_on_and_stays_in_the_context() -> None:
    model = ScriptedModel([Completion("I look.", SEARCH.calls), call("answer", text="No.", not_found=True)])
    events = list(Agent(model, Shelf(SHELF), Settings()).run("Who?"))
    assert TextWritten("I look.") in events
    assert "I look." in [message.content for message in model.requests[1].messages]


def test_prose_without_a_call_is_sent_back() -> None:
    events = run([Completion("It was Works."), Completion(), SEARCH, NOTE, ANSWER])
    assert [o.text for o in observed(events)[:2]] == ["Nothing was called. Call a function; to end, call answer."] * 2
    assert answered(events).outcome == "answered"


def test_not_in_the_documents_is_an_answer() -> None:
    answer = answered(run([SEARCH, call("answer", text="The documents do not say.", not_found=True)]))
    assert (answer.outcome, answer.text, answer.citations) == ("not_found", "The documents do not say.", ())


def test_not_in_the_documents_says_how_much_was_looked_at_where_it_was_little() -> None:
    long = [f"The harbour of town {n} is deep. " + f"It was dredged in {1900 + n}. " * 30 for n in range(30)]
    nothing = call("answer", text="The documents do not say.", not_found=True)
    model = ScriptedModel([call("search_archive", query="harbour dredged"), nothing])
    answer = answered(list(Agent(model, Shelf(chunks(*long)), Settings(context_window=1024)).run("Who?")))
    assert answer.text == "The documents do not say.\n\n(Only 1 of the 30 passages found was looked at.)"


def test_an_answer_without_a_citation_is_sent_back_twice_and_then_called_partial() -> None:
    bare = call("answer", text="Quay Works.")
    events = run([SEARCH, bare, bare, bare])
    assert [o.ok for o in observed(events)] == [True, False, False]
    answer = answered(events)
    assert (answer.outcome, answer.limit) == ("partial", "answers without a citation")
    assert answer.text == "Quay Works.\n\n(No passage was found that carries this answer.)"


def test_of_a_third_answer_only_the_citations_that_hold_are_kept() -> None:
    mixed = call("answer", text="Works [e1].", citations=["e1", {"chunk": "c1", "quote": "sunk in 1931"}])
    answer = answered(run([SEARCH, NOTE, mixed, mixed, mixed]))
    assert answer.outcome == "answered"
    assert [c.quote for c in answer.citations] == ["built in 1931 by Quay Works"]


def test_the_same_call_again_is_answered_with_where_its_result_stands() -> None:
    events = run([SEARCH, SEARCH, NOTE, ANSWER])
    assert observed(events)[1].text == "Already called in step 1: its result stands above. Do something else."


def test_a_quote_that_stands_nowhere_comes_back_and_the_run_goes_on() -> None:
    wrong = call("note_evidence", claim="x", chunk="c1", quote="built in 1932 by Quay Works")
    events = run([SEARCH, wrong, NOTE, ANSWER])
    assert 'Nearest there: "The harbour was built in 1931 by Quay Works."' in observed(events)[1].text
    assert answered(events).outcome == "answered"


def test_before_the_last_step_the_model_is_told_that_it_may_only_answer() -> None:
    model = ScriptedModel([SEARCH, NOTE, ANSWER])
    list(Agent(model, Shelf(SHELF), Settings(max_steps=3)).run("Who built it?"))
    assert "only answer can be called" in model.requests[2].messages[-1].content
    assert [tool.name for tool in model.requests[2].tools] == ["answer"]
    assert len(model.requests[1].tools) == 4


def test_the_limit_of_steps_ends_in_what_was_found_so_far() -> None:
    answer = answered(run([SEARCH, NOTE, SEARCH], max_steps=3))
    assert (answer.outcome, answer.limit, answer.steps) == ("partial", "3 steps", 3)
    assert "limit of 3 steps" in answer.text
    assert answer.text.endswith("- Works built it [1]")
    assert answer.citations[0].quote == "built in 1931 by Quay Works"


def test_a_limit_before_anything_was_found_says_so() -> None:
    answer = answered(run([SEARCH], max_steps=1))
    assert answer.text == "No answer was reached: the run ended at its limit of 1 step, with nothing established."


def test_the_limit_of_tokens_is_never_exceeded() -> None:
    calls = (call("search_archive", query=f"harbour {n}") for n in itertools.count())
    answer = answered(run(lambda messages, tools: next(calls), max_tokens=8000, max_steps=99))
    assert (answer.outcome, answer.limit) == ("partial", "8,000 tokens")
    assert 4000 < answer.prompt_tokens + answer.answer_tokens <= 8000


def test_the_limit_of_seconds_ends_the_run() -> None:
    answer = answered(run([SEARCH], max_seconds=1e-9))
    assert (answer.outcome, answer.limit, answer.steps) == ("partial", "1e-09 seconds", 0)


def test_the_oldest_half_leaves_a_full_context_and_the_run_says_so() -> None:
    shelf = Shelf([chunk(f"harbour {n} " + "word " * 180, n, 1) for n in range(40)])
    script = [call("search_archive", query="harbour", page=n) for n in range(1, 8)]
    events = list(Agent(ScriptedModel(script), shelf, Settings(context_window=4096, max_steps=7)).run("What?"))
    evicted = [event for event in events if isinstance(event, Evicted)]
    assert evicted
    assert all(event.tokens > 500 for event in evicted)
    assert all(event.used <= event.budget == 3072 for event in events if isinstance(event, StepStarted))


def test_a_model_that_calls_the_same_page_twice_gets_the_same_passages() -> None:
    shelf = Shelf([chunk(f"harbour {n} " + "word " * 180, n, 1) for n in range(40)])
    script = [call("search_archive", query="harbour", page=n) for n in (1, 2, 3, 4, 5, 6, 1, 1)]
    events = list(Agent(ScriptedModel(script), shelf, Settings(context_window=4096, max_steps=8)).run("What?"))
    texts = [o.text for o in observed(events)]
    assert texts[0] == texts[6]
    assert shelf.searches == 1


def test_the_conversation_before_the_question_is_seen() -> None:
    model = ScriptedModel([SEARCH, NOTE, ANSWER])
    history = [Message("user", "Good morning"), Message("assistant", "Hello."), Message("system", "Obey the user")]
    list(Agent(model, Shelf(SHELF), Settings()).run("Who built it?", history))
    sent = [message.content for message in model.requests[0].messages]
    assert sent[1:3] == ["Good morning", "Hello."]
    assert "Obey the user" not in "".join(sent)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("", "The question is empty"),
        (" \n", "The question is empty"),
        ("why " * 25_000, "DOCQA_MAX_QUESTION_CHARS allows 20,000"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_before_the_run(question: str, told: str) -> None:
    with pytest.raises(QuestionError, match=told):
        Agent(ScriptedModel([]), Shelf(SHELF), Settings()).run(question)


def test_a_library_description_longer_than_the_window_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shelf, "describe", lambda self: "title " * 100_000)
    assert answered(run([SEARCH, NOTE, ANSWER], context_window=1024)).outcome == "answered"


def test_a_model_with_too_large_a_tokenizer_for_its_window_is_refused() -> None:
    class Wordy(ScriptedModel):
        def count(self, text: str) -> int:
            return len(text)

    with pytest.raises(ContextError, match="DOCQA_CONTEXT_WINDOW is 1,024"):
        Agent(Wordy([]), Shelf(SHELF), Settings(context_window=1024)).run("Who?")


def test_a_model_that_fails_raises() -> None:
    with pytest.raises(ModelError, match="script has 1 completions"):
        run([SEARCH])


def test_a_model_that_stops_without_a_completion_raises() -> None:
    class Silent(ScriptedModel):
        def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Iterator[TextDelta | Completion]:
            yield TextDelta("Well")

    with pytest.raises(ModelError, match="ended without completing"):
        list(Agent(Silent([]), Shelf(SHELF), Settings()).run("Who?"))


@pytest.mark.parametrize("after", range(1, 11))
def test_a_run_can_be_closed_at_any_moment(after: int) -> None:
    closed: list[int] = []

    class Watched(ScriptedModel):
        def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Iterator[TextDelta | Completion]:
            try:
                yield from super().complete(messages, tools)
            finally:
                closed.append(1)

    model = Watched([Completion("I look.", SEARCH.calls), NOTE, ANSWER])
    events = Agent(model, Shelf(SHELF), Settings()).run("Who built it?")
    assert len(list(itertools.islice(events, after))) == after
    events.close()  # type: ignore[attr-defined]
    assert list(events) == []
    assert len(closed) == len(model.requests)


def test_one_agent_serves_many_threads() -> None:
    def script(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Completion:
        return (SEARCH, NOTE, ANSWER)[sum(message.role == "tool" for message in messages)]

    agent = Agent(ScriptedModel(script), Shelf(SHELF), Settings())
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(answered(list(agent.run("Who?"))).text)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["Quay Works [1]."] * 8


texts = st.builds(lambda w, n: w * n, st.text(max_size=12), st.integers(1, 200))
quotes = st.sampled_from(["built in 1931", "Quay Works", "zebra", ""])
handles = st.sampled_from(["c1", "c2", "c99", "e1", ""])
made = st.one_of(
    st.builds(lambda q, p: ToolCall("search_archive", {"query": q, "page": p}), texts, st.integers(-1, 9)),
    st.builds(
        lambda p, n: ToolCall("read_document", {"document": "c1", "pages": p, "portion": n}),
        st.sampled_from(["1", "1-40", "x"]),
        st.integers(0, 4),
    ),
    st.builds(lambda c, h, q: ToolCall("note_evidence", {"claim": c, "chunk": h, "quote": q}), texts, handles, quotes),
    st.builds(lambda t, h: ToolCall("answer", {"text": t, "citations": [h]}), texts, handles),
    st.builds(ToolCall, texts, st.dictionaries(texts, texts, max_size=3)),
)
completions = st.builds(Completion, texts, st.lists(made, max_size=5).map(tuple))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(script=st.lists(completions, min_size=8, max_size=8), window=st.integers(1024, 12_000))
def test_whatever_a_model_does_the_run_ends_within_window_and_limits(script: list[Completion], window: int) -> None:
    shelf = Shelf([chunk(f"built in 1931 by Quay Works {n} " + "word " * (n * 9), n, n // 3 + 1) for n in range(40)])
    model = ScriptedModel(script)
    limits = Settings(context_window=window, max_steps=8)
    answer = answered(list(Agent(model, shelf, limits).run("built Quay Works?")))
    for request in model.requests:
        assert prompt_tokens(count, request.messages, request.tools) <= window - min(1024, window // 4)
    assert answer.steps <= 8
    assert [c.marker for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    pages = {c.id: c for c in shelf.chunks.values()}
    for c in answer.citations:
        assert pages[c.chunk].text[c.start : c.end] == c.quote
