"""The main context is never larger than its window, whatever comes and however it is counted."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from docqa.errors import ContextError, QuestionError
from docqa.llm import Message, ToolCall
from docqa.llm.scripted import ScriptedModel
from docqa.memory.budget import Counter, prompt_tokens
from docqa.memory.context import MainContext
from docqa.memory.core import CoreMemory
from docqa.memory.evidence import Ledger
from docqa.memory.queue import Exchange
from docqa.memory.recall import RunRecall
from docqa.memory.shortening import call_message
from docqa.tools import CORE, specs
from tests.docqa.memory.laid_out import Glued, built, evidence

words = st.text(alphabet=st.sampled_from("ab 1.\n|é漢😀<>\"'{}\\"), max_size=40)
texts = st.one_of(words, st.builds(lambda w, n: w * n, words, st.integers(1, 400)))
records = st.dictionaries(words, texts, max_size=3)
values = st.one_of(texts, st.integers(), st.none(), st.lists(texts, max_size=3), records)
calls = st.builds(ToolCall, texts, st.dictionaries(words, values, max_size=4), st.just("s10c10"))
exchanges = st.lists(st.tuples(calls, texts), min_size=1, max_size=4)
notes = st.one_of(st.none(), st.tuples(texts, texts))
steps = st.lists(st.tuples(exchanges, texts, notes, texts), max_size=8)
summaries = st.sampled_from([None, "", "Much was read. ", "Much was read. " * 999])


class Run:
    """A context with its ledger and core memory."""

    def __init__(self, model: ScriptedModel, window: int, reserved: int, library: str, summary: str | None) -> None:
        count, recall = Counter(model.count), RunRecall()
        self.model, self.ledger = model, Ledger(count)
        core = CoreMemory(recall, count, window // 12)
        write = None if summary is None else lambda text, limit: summary
        self.main = MainContext(count, window, reserved, specs(CORE), library, self.ledger, recall, core, write)
        self.core = core

    def sent(self, step: int, noted: str = "") -> list[Message]:
        """The messages of a step, which fit."""
        messages = built(self.main, step, noted, last=step == 16)
        assert prompt_tokens(self.model.count, messages, specs(CORE)) <= self.main.budget
        assert self.main.prompt_tokens <= self.main.budget
        return messages

    def takes_in(self, step: int, made: list[tuple[ToolCall, str]], said: str) -> list[str]:
        """Admit the exchanges of a step; what of their results was admitted."""
        main, shown = self.main, []
        made = made[: main.most_calls]
        for place, (call, result) in enumerate(made):
            room = main.room(step, len(made) - place)
            message = call_message(said if not place else "", call, room // 2, main._count)
            exchange = Exchange(message, Message("tool", result, call_id=message.calls[0].id))
            shown.append(main.admit(step, exchange, room))
        return shown


@settings(max_examples=100, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    window=st.one_of(st.integers(1024, 3000), st.integers(1024, 131_072)),
    reserved=st.integers(64, 4096),
    make=st.sampled_from([ScriptedModel, Glued]),
    library=texts,
    history=st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), texts), max_size=4),
    question=st.text(min_size=1, max_size=60),
    steps=steps,
    summary=summaries,
)
def test_the_window_is_never_exceeded(
    window: int,
    reserved: int,
    make: type[ScriptedModel],
    library: str,
    history: list[Message],
    question: str,
    steps: list[Any],
    summary: str | None,
) -> None:
    try:
        run = Run(make([]), window, reserved, library, summary)
        run.main.ask(question, [(message, 0) for message in history])
    except (ContextError, QuestionError):
        assert window < 1500
        return
    assert run.main.budget <= window - min(reserved, window // 4)
    for step, (made, said, noted, remarks) in enumerate(steps, 1):
        sent = run.sent(step, remarks)
        assert sum(question.strip() in m.content for m in sent if "<question>" in m.content) >= 1
        run.main.remark(step, Message("assistant", said), "Call a function.") if not said else None
        newest = run.takes_in(step, made, said)
        if noted:
            run.ledger.add(evidence(*noted), "c1")
        assert [m.content for m in run.sent(step + 1) if m.role == "tool"][-len(newest) :] == newest


@settings(max_examples=60, deadline=None, derandomize=True, phases=[Phase.generate])
@given(window=st.integers(3000, 131_072), growth=st.floats(1, 2), at=st.integers(1, 6), steps=steps)
def test_nor_where_the_counts_grow_between_two_steps(window: int, growth: float, at: int, steps: list[Any]) -> None:
    class Growing(ScriptedModel):
        factor = 1.0

        def count(self, text: str) -> int:
            return int(super().count(text) * self.factor)

    model = Growing([])
    run = Run(model, window, 1024, "3 documents", None)
    run.main.ask("Who built it?")
    for step, (made, said, noted, _) in enumerate(steps, 1):
        run.sent(step)
        run.takes_in(step, made, said)
        if noted:
            run.ledger.add(evidence(*noted), "c1")
        if step == at:
            model.factor = growth
        run.sent(step + 1)
