"""The main context: what the model sees in one call, built anew before each, and never larger than its window.

In this order: system instructions · what the library holds · (place of core memory) · summary of what was evicted ·
queue · and last what changes at each step, the evidence ledger and how full the context is. As in MemGPT (Packer et
al., 2023) the oldest half of the queue is evicted to recall storage when the window is full, and folded into the
summary.

The room is shared out so that it suffices at every moment. Of what the fixed parts and the question leave, the
ledger takes at most 30 %, the summary 10 %, and the exchanges of one step what these leave: they are never evicted
before the model has seen them, everything else can be. Evidence noted in a step whose results fill the window shows in
its short form until the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from docqa import prompts
from docqa.errors import ContextError, QuestionError
from docqa.llm import LLM, Message, ToolCall, ToolSpec
from docqa.memory.budget import OVERHEAD, START, answer_room, cut, rendered, schema
from docqa.memory.evidence import Ledger
from docqa.memory.recall import Recall
from docqa.memory.summary import Summary

_LEDGER, _SUMMARY = 0.3, 0.1
_LEAST = 200  # tokens that ledger, summary, queue and question share at least
_LEAST_CALL = 96  # tokens for a call and its result at least
_MOST_CALLS = 16
_KEPT_COUNTS = 8
_SLACK = 12  # for tokenizers that count a whole higher than its parts


@dataclass(frozen=True, slots=True)
class Entry:
    """Messages that stay and leave together, and their tokens: a call and its result, or one message.

    ``step`` is 0 for what came before the run. ``call`` tells repeated calls.
    """

    step: int
    messages: tuple[Message, ...]
    tokens: int
    call: str = ""
    pinned: bool = False


class MainContext:
    """The window of one run."""

    def __init__(
        self,
        llm: LLM,
        window: int,
        reserved: int,
        tools: Sequence[ToolSpec],
        library: str,
        ledger: Ledger,
        recall: Recall,
    ) -> None:
        """Lay out the fixed parts.

        Args:
            llm: whose tokens are counted.
            window: its window in tokens, prompt and answer together.
            reserved: tokens of it kept for the answer, at most a quarter.
            tools: the functions that are sent with every call.
            library: what the library holds; cut where the window is small.
            ledger: the run's evidence.
            recall: takes what is evicted.

        Raises:
            ContextError: the window is too small for the fixed parts.
        """
        self._count = llm.count
        self.reserved = answer_room(window, reserved)
        self.budget = window - self.reserved
        self._ledger, self._recall = ledger, recall
        self._queue: list[Entry] = []
        self._evicted: list[tuple[int, int]] = []
        self._counts: dict[str, int] = {}
        self._summary = Summary(self._count, 0)
        self.prompt_tokens = 0  # of the messages built last, with all functions
        self._tools = START + self._count(schema(tools))
        self._status = self._tokens(Message("user", prompts.longest_status(self.budget))) + _SLACK
        fixed = self._tools + self._tokens(Message("system", prompts.SYSTEM)) + self._status
        if self.budget < fixed + _LEAST:
            raise ContextError(_too_small(window, fixed + _LEAST, reserved))
        self._system = Message("system", self._instructions(library, (self.budget - fixed - _LEAST) // 8))
        self._left = self.budget - self._tools - self._tokens(self._system) - self._status

    def _instructions(self, library: str, limit: int) -> str:
        shown = cut(library, min(limit, 400), self._count, prompts.CUT) if limit >= 24 else ""
        return f"{prompts.SYSTEM}\n{prompts.library(shown)}" if shown else prompts.SYSTEM

    def ask(self, question: str, history: Sequence[Message] = ()) -> None:
        """Put the conversation before the run and its question into the queue. The question is never evicted.

        Raises:
            QuestionError: the question does not fit the window.
        """
        asked = Message("user", prompts.question(question))
        self._left -= self._tokens(asked)
        if self._least_room < _LEAST_CALL:
            raise QuestionError(
                f"The question takes {self._tokens(asked):,} tokens, more than the window leaves room for: "
                f"shorten it or raise DOCQA_CONTEXT_WINDOW, which is {self.budget + self.reserved:,}."
            )
        self._summary = Summary(self._count, int(self._left * _SUMMARY) - OVERHEAD - _SLACK)
        for message in history:
            if message.role in ("user", "assistant") and message.content:
                self._append(0, (self._shortened(Message(message.role, message.content), self.step_room),))
        self._append(0, (asked,), pinned=True)

    @property
    def step_room(self) -> int:
        """Tokens that the exchanges of one step may take together: what ledger and summary leave."""
        shown = self._ledger.render(int(self._left * _LEDGER) - _SLACK)
        return self._left - self._counted(shown) - int(self._left * _SUMMARY)

    @property
    def most_calls(self) -> int:
        """How many calls one step can run."""
        return min(_MOST_CALLS, max(1, self.step_room // _LEAST_CALL))

    @property
    def page_tokens(self) -> int:
        """Size of a page of results: a third of the budget, or what is free when ledger and summary are full."""
        return min(self._least_room - _LEAST_CALL, max(self.budget // 3, 1400), 6000)

    @property
    def _least_room(self) -> int:
        return self._left - int(self._left * _LEDGER) - int(self._left * _SUMMARY)

    @property
    def used(self) -> int:
        """Tokens of everything that would be sent now, the status counted at its longest."""
        fixed = self.budget - self._left  # with the question, which is pinned
        queue = sum(entry.tokens for entry in self._queue if not entry.pinned)
        return fixed + self._counted(self._earlier()) + queue + self._counted(self._ledger.render(self._ledger_room()))

    def room(self, step: int, sharing: int = 1) -> int:
        """Tokens that the next exchange of a step may take, where ``sharing`` of them are still to come."""
        return (self.step_room - self._spent(step)) // max(1, sharing)

    def call_message(self, text: str, call: ToolCall, limit: int) -> Message:
        """The model's message with one call, its long arguments cut to fit ``limit`` tokens."""
        call = replace(call, name=call.name[:64])
        longest = max(64, 4 * limit)
        while True:
            arguments = {str(k)[:64]: _short(v, longest) for k, v in call.arguments.items()}
            message = Message("assistant", text[:longest], (replace(call, arguments=arguments),))
            if self._tokens(message) <= limit:
                return message
            if longest <= 8:
                return Message("assistant", "", (replace(call, name=cut(call.name, 16, self._count), arguments={}),))
            longest //= 2

    def result_room(self, message: Message, limit: int) -> int:
        """Tokens that a limit for an exchange leaves for the content of the result beside the model's message."""
        return limit - self._tokens(message) - self._tokens(Message("tool", "", call_id=message.calls[0].id)) - _SLACK

    def admit(self, step: int, message: Message, result: Message, limit: int, call: str = "") -> str:
        """Put an exchange at the end of the queue, its result cut where both do not fit ``limit`` tokens.

        ``call`` tells the call when it is repeated; it is forgotten where the result was cut. Returns the result's
        content as it stands in the context.
        """
        shortened = self._shortened(result, min(limit, self.room(step)) - self._tokens(message))
        self._append(step, (message, shortened), call if shortened.content == result.content else "")
        return shortened.content

    def remark(self, step: int, message: Message, note: str) -> None:
        """Put a message without a call, and what the model is told about it, at the end of the queue."""
        told = Message("user", note)
        self._append(step, (self._shortened(message, self.room(step) - self._tokens(told)), told))

    def made_in(self, call: str) -> int:
        """The step in which a call was made whose whole result is still in the queue, or 0."""
        return next((e.step for e in self._queue if call and e.call == call), 0)

    def build(self, step: int, steps: int, last: bool = False) -> list[Message]:
        """The messages of the next call. What does not fit is evicted first."""
        self._make_fit(step - 1)
        messages = [self._system]
        if self._summary.text:
            messages.append(Message("user", self._earlier()))
        messages.extend(message for entry in self._queue for message in entry.messages)
        ledger = self._ledger.render(self._ledger_room())
        status = Message("user", prompts.status(ledger, step, steps, self.used, self.budget, last))
        self.prompt_tokens = self.used - self._counted(ledger) - self._status + self._tokens(status)
        return [*messages, status]

    def evictions(self) -> list[tuple[int, int]]:
        """Evictions since this was last asked: messages and tokens of each."""
        done, self._evicted = self._evicted, []
        return done

    def _append(self, step: int, messages: tuple[Message, ...], call: str = "", pinned: bool = False) -> None:
        entry = Entry(step, messages, sum(map(self._tokens, messages)), call, pinned)
        self._queue.append(entry)
        self._make_fit(step)

    def _make_fit(self, newest: int) -> None:
        while self.used > self.budget and self._evict(newest):
            pass

    def _evict(self, newest: int) -> bool:
        """Move the older half of what may leave to recall; false where nothing may. A step from ``newest`` on stays."""
        before = [e for e in self._queue if e.step < newest or (e.step == 0 and e is not self._queue[-1])]
        may = [e for e in before if not e.pinned]
        if not may:
            return False
        leaving = may[: (len(may) + 1) // 2]
        gone = {id(e) for e in leaving}
        self._queue = [e for e in self._queue if id(e) not in gone]
        messages = [m for e in leaving for m in e.messages]
        self._recall.add(messages)
        self._summary.fold(messages)
        self._evicted.append((len(messages), sum(e.tokens for e in leaving)))
        return True

    def _spent(self, step: int) -> int:
        return sum(entry.tokens for entry in self._queue if entry.step == step > 0)

    def _ledger_room(self) -> int:
        newest = self._spent(self._queue[-1].step) if self._queue else 0
        return min(int(self._left * _LEDGER), self._left - int(self._left * _SUMMARY) - newest) - _SLACK

    def _earlier(self) -> str:
        return prompts.earlier(self._summary.text) if self._summary.text else ""

    def _counted(self, text: str) -> int:
        """Tokens of a message of the user's with this text, 0 for none; kept, since summary and ledger change
        seldom.
        """
        if text not in self._counts:
            if len(self._counts) >= _KEPT_COUNTS:
                self._counts.clear()
            self._counts[text] = self._tokens(Message("user", text)) if text else 0
        return self._counts[text]

    def _shortened(self, message: Message, limit: int) -> Message:
        if self._tokens(message) <= limit:
            return message
        room = limit - self._tokens(replace(message, content=""))
        while True:
            short = replace(message, content=cut(message.content, room, self._count, prompts.CUT))
            if self._tokens(short) <= limit or not short.content:
                return short
            room -= 4

    def _tokens(self, message: Message) -> int:
        return self._count(rendered(message)) + OVERHEAD


def _short(value: object, longest: int) -> object:
    """A JSON value with its strings cut; long lists and nested records are cut as text."""
    if isinstance(value, str):
        return value if len(value) <= longest else value[:longest] + prompts.CUT
    text = str(value)
    return value if len(text) <= longest else text[:longest] + prompts.CUT


def _too_small(window: int, needed: int, reserved: int) -> str:
    least = min(needed + reserved, -(-needed * 4 // 3) + 1)
    return f"DOCQA_CONTEXT_WINDOW is {window:,}; this model's instructions and functions need at least {least:,}."
