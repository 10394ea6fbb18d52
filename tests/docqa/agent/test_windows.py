"""Whatever a model does, a run keeps its window and its limits and ends with an answer whose citations hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from docqa.agent import Agent
from docqa.errors import ContextError, ModelError
from docqa.events import Answered, StepStarted
from docqa.llm import Completion, Message, TextDelta, ToolCall, ToolSpec
from docqa.llm.scripted import ScriptedModel, call
from docqa.memory.budget import prompt_tokens
from docqa.memory.recall import RunRecall
from docqa.settings import Settings
from tests.docqa.agent.playing import NOTHING, noise, play, search
from tests.docqa.shelf import Shelf, chunk


class Checked(ScriptedModel):
    """A model that checks each prompt by its own tokenizer as it stands at that moment."""

    window, reserved, growth, grows_at = 0, 1024, 1.0, 3
    fails = False
    largest = 0

    def count(self, text: str) -> int:
        factor = self.growth if len(self.requests) >= self.grows_at else 1.0
        return int(super().count(text) * factor)

    def complete(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], only: Sequence[str] = (), **limits: Any
    ) -> Iterator[TextDelta | Completion]:
        size = prompt_tokens(self.count, messages, tools)
        assert size <= self.window - min(self.reserved, self.window // 4)
        self.largest = max(self.largest, size)
        if self.fails and not tools:
            raise ModelError("No summary.")
        yield from super().complete(messages, tools, only, **limits)


class Wordy(Checked):
    """Another tokenizer: three characters a token, and a whole that counts higher than its parts."""

    def count(self, text: str) -> int:
        factor = self.growth if len(self.requests) >= self.grows_at else 1.0
        return int((len(text) // 3 + (len(text) > 20) + (len(text) > 200)) * factor)


texts = st.builds(lambda w, n: w * n, st.text(max_size=12), st.integers(1, 200))
quotes = st.sampled_from(["built in 1931", "Quay Works", "zebra", ""])
handles = st.sampled_from(["c1", "c2", "c99", "e1", "m1", "m3", ""])
numbers = st.integers(-1, 9)
blocks = st.sampled_from(["user", "library", "task", "x"])
words = st.sampled_from(["built", "Quay Works", "1931", "zebra", "built Quay Works 1931"])


def called(name: str, **arguments: Any) -> st.SearchStrategy[ToolCall]:
    """Calls of one function with these arguments."""
    return st.builds(lambda given: ToolCall(name, given), st.fixed_dictionaries(arguments))


made = st.one_of(
    called("search_archive", query=words | texts, page=numbers),
    called("read_document", document=handles, pages=st.sampled_from(["1", "1-40", "x"]), portion=numbers),
    called("read_document", document=st.just("question"), pages=st.sampled_from(["1", "2", "9"])),
    called("list_documents", filter=st.sampled_from(["", "Harbour", "x"]), page=numbers),
    called("note_evidence", claim=texts, chunk=handles, quote=quotes),
    called("search_conversation", query=words | texts, page=numbers),
    called("remember", block=blocks, text=words | texts),
    called("forget", block=blocks, text=words),
    called("answer", text=texts, citations=st.lists(handles, max_size=3)),
    called("answer", text=texts, citations=st.just([]), not_found=st.booleans(), dismiss=texts),
    st.builds(ToolCall, texts, st.dictionaries(texts, texts, max_size=3)),
)
completions = st.builds(
    Completion, texts, st.lists(made, max_size=5).map(tuple), problem=st.sampled_from(["", "Broken."])
)
windows = st.one_of(st.integers(1400, 6000), st.integers(1400, 131_072))
SHELF = [chunk(f"built in 1931 by Quay Works {n} " + "word " * (n * 9), n, n // 3 + 1) for n in range(40)]


def run(model: Checked, window: int, question: str, said: Sequence[str] = ()) -> Answered | None:
    """The answer of a run in a conversation; None where the window is too small for the instructions."""
    model.window = window
    recall = RunRecall()
    recall.add([Message("assistant" if n % 2 else "user", text) for n, text in enumerate(said)], spoken=True)
    try:
        limits = Settings(context_window=window, max_steps=8, max_tokens=60_000)
        events = list(Agent(model, Shelf(SHELF), limits).run(question, (), recall))
    except ContextError:
        assert window <= 4096
        return None
    assert all(event.used <= event.budget for event in events if isinstance(event, StepStarted))
    (answer,) = [event for event in events if isinstance(event, Answered)]
    assert events[-1] is answer
    return answer


def holds(answer: Answered) -> None:
    """Whether an answer is within the limits, and its citations stand where they say."""
    assert answer.steps <= 8
    assert answer.prompt_tokens <= 60_000  # a script knows no limit for what it writes
    assert [c.marker for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    stored = {c.id: c for c in SHELF}
    for c in answer.citations:
        assert stored[c.chunk].text[c.start : c.end] == c.quote


@settings(max_examples=120, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    script=st.lists(completions, min_size=8, max_size=8),
    window=windows,
    make=st.sampled_from([Checked, Wordy]),
    summary=st.sampled_from(["", "Much was read. ", "Much was read. " * 400]),
    said=st.lists(texts, max_size=6),
    long=st.integers(1, 800),
)
def test_whatever_a_model_does_the_run_ends_within_window_and_limits(
    script: list[Completion], window: int, make: type[Checked], summary: str, said: list[str], long: int
) -> None:
    answer = run(make(script, summary=summary), window, "built Quay Works? " * long, said)
    if answer:
        holds(answer)


@settings(max_examples=60, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    script=st.lists(completions, min_size=8, max_size=8),
    window=st.integers(4096, 131_072),
    make=st.sampled_from([Checked, Wordy]),
    growth=st.floats(1.0, 2.0),
    at=st.integers(1, 7),
)
def test_also_where_the_counts_grow_in_the_middle_of_a_run(
    script: list[Completion], window: int, make: type[Checked], growth: float, at: int
) -> None:
    model = make(script, summary="Much was read.")
    model.growth, model.grows_at = growth, at
    answer = run(model, window, "built Quay Works?")
    if answer:
        holds(answer)


def test_counts_that_grow_until_the_instructions_do_not_fit_end_the_run_with_the_least_that_would() -> None:
    model = Checked([*(search("noise", page) for page in range(1, 8)), NOTHING])
    model.window, model.growth = 1100, 2.0
    with pytest.raises(ContextError, match=r"DOCQA_CONTEXT_WINDOW is 1,100; .* need at least [12],\d\d\d"):
        play(model, noise(60), "What?", context_window=1100)


@pytest.mark.parametrize("window", [2500, 4096, 8192, 16_384])
@pytest.mark.parametrize("at", [1, 2, 4, 6])
def test_counts_that_double_evict_and_never_exceed_the_window(window: int, at: int) -> None:
    model = Checked([*(search("noise", page) for page in range(1, 8)), NOTHING], summary="Noise was read.")
    model.window, model.growth, model.grows_at = window, 2.0, at
    played = play(model, noise(60), "What?", context_window=window)
    assert all(used <= budget for used, budget in [(e.used, e.budget) for e in played.of(StepStarted)])
    assert played.answer.outcome == "not_found"


def test_a_full_ledger_is_shown_within_the_window_when_the_counts_double() -> None:
    notes = [call("note_evidence", claim=f"Claim {n} " * 12, chunk="c1", quote="noise 0 word") for n in range(12)]
    model = Checked([search("noise"), *notes, search("noise", 2), NOTHING])
    model.window, model.growth, model.grows_at = 4096, 2.0, 13
    played = play(model, noise(60), "What?", context_window=4096, max_steps=20)
    assert all(event.used <= event.budget for event in played.of(StepStarted))
    assert played.answer.outcome == "not_found"


@pytest.mark.parametrize("window", [1300, 2048, 4096, 8192, 32_768, 131_072])
@pytest.mark.parametrize("make", [Checked, Wordy])
def test_a_window_of_any_size_is_used_and_kept(window: int, make: type[Checked]) -> None:
    model = make([*(search("noise", page) for page in range(1, 12)), NOTHING])
    model.window = window
    play(model, noise(200), "What?", context_window=window)
    assert model.largest > 0.4 * min(window, 16_000)
