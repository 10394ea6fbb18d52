"""The main context: what the model sees in one call, built anew before each, and never larger than its window.

In this order: system instructions · what the library holds · core memory · summary of what was evicted · queue · and
last what changes at each step, the evidence ledger, notes, and how full the context is. So the beginning stays the same
and prompt caches hit. As in MemGPT (Packer et al., 2023) the oldest half of the queue is evicted to recall storage when
the window is full, and folded into the summary.

The room is shared out so that it suffices at every moment. Of what the fixed parts and the question leave, the
ledger takes at most 30 %, the summary 10 %, and the exchanges of one step what these leave: they are never evicted
before the model has seen them, everything else can be. Evidence noted in a step whose results fill the window shows in
its short form until the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from docqa import prompts
from docqa.errors import ContextError, QuestionError
from docqa.llm import Message, ToolSpec
from docqa.memory.budget import OVERHEAD, START, Counter, answer_room, cut, message_tokens, schema, too_small
from docqa.memory.contents import contents
from docqa.memory.core import CoreMemory
from docqa.memory.evidence import Ledger
from docqa.memory.longtext import asked
from docqa.memory.queue import Entry, Eviction, Exchange, Queue
from docqa.memory.recall import Recall
from docqa.memory.shortening import shortened
from docqa.memory.summary import Summary, Write
from docqa.prompts import status

_LEDGER, _SUMMARY, _NOTES, _QUESTION = 0.3, 0.1, 0.08, 0.4
_MOST_NOTES = 240  # tokens
_SMALL = 1200  # tokens of a budget that has no room for notes
_WIDE = 6000  # tokens of a budget in which a page of results may take a third
_LEAST = 150  # tokens that ledger, summary, queue and question share at least
_LEAST_QUESTION = 120  # tokens up to which a question is shown whole
_LEAST_CALL = 80  # tokens for a call and its result at least
_MOST_CALLS = 16
_SLACK = 12  # for tokenizers that count a whole higher than its parts


class MainContext:
    """The window of one run."""

    def __init__(
        self,
        count: Counter,
        window: int,
        reserved: int,
        tools: Sequence[ToolSpec],
        library: str,
        ledger: Ledger,
        recall: Recall,
        core: CoreMemory,
        write: Write | None = None,
    ) -> None:
        """Lay out the fixed parts.

        Args:
            count: tokens as the model counts them.
            window, reserved: its window in tokens, and how many of them are kept for the answer, at most a quarter.
            tools: the functions that are sent with every call.
            library: what the library holds; cut where the window is small.
            ledger, recall, core: evidence; what keeps the messages and the conversation's summary; core memory.
            write: writes the summary; none for an extractive one.

        Raises:
            ContextError: the window is too small for the fixed parts.
        """
        self._count, self._schema, self._write = count, schema(tools), write
        self.reserved = answer_room(window, reserved)
        self.budget = window - self.reserved
        self._ledger, self._recall, self._core = ledger, recall, core
        self._queue = Queue()
        self._evicted: list[Eviction] = []
        self._sent: list[Message] = []
        self.prompt_tokens = 0  # of the messages built last, with all functions,
        self.repeated = 0  # and of them, those that repeat the beginning of the messages built before
        self.shrunk = False  # whether something left, or was cut, when they were built
        self._library = self._question = ""
        self.notes_room = min(_MOST_NOTES, int(self.budget * _NOTES)) if self.budget >= _SMALL else 0
        self._end = Message("user", status.longest(self.budget, [t.name for t in tools[:2]], self.notes_room > 0))
        self._summary = Summary(count, 0)
        self._library = self._described(library, window, reserved)

    def _described(self, library: str, window: int, reserved: int) -> str:
        """What the library holds, cut to an eighth of what the fixed parts leave."""
        needed = self._fixed + max(0, self._core.limit - self._core.used)
        if self.budget < needed + _LEAST:
            raise ContextError(too_small(window, needed + _LEAST, reserved))
        limit = (self.budget - needed - _LEAST) // 8
        return cut(library, min(limit, 400), self._count, prompts.CUT) if limit >= 24 else ""

    @property
    def _fixed(self) -> int:
        """Tokens of the functions, the system message, and the status at its longest."""
        return self._functions + self._tokens(self._system()) + self._tokens(self._end) + self.notes_room + _SLACK

    @property
    def _functions(self) -> int:
        return START + self._count(self._schema)

    def _system(self) -> Message:
        parts = [prompts.SYSTEM, prompts.library(self._library) if self._library else "", self._core.render()]
        return Message("system", "\n".join(part for part in parts if part))

    @property
    def _left(self) -> int:
        """Tokens that ledger, summary and queue share."""
        return self.budget - self._fixed - self._counted(self._question)

    def ask(self, question: str, history: Sequence[tuple[Message, int]] = (), id: int = 0, summary: str = "") -> None:
        """Put the conversation before the run and its question into the queue. The question is never evicted.

        Args:
            question: the user's words; of a long one beginning and end are shown.
            history: messages before it, each with its id in recall (0: not there yet).
            id: the question's id in recall.
            summary: that of the conversation before them.

        Raises:
            QuestionError: the question does not fit the window.
        """
        room = max(int(self._left * _QUESTION), _LEAST_QUESTION)
        self._question = asked(question, room, self._counted)
        if self._least_room < _LEAST_CALL:
            raise QuestionError(
                f"The question takes {self._count(question):,} tokens, more than the window leaves room for: "
                f"shorten it or raise DOCQA_CONTEXT_WINDOW, which is {self.budget + self.reserved:,}."
            )
        limit = int(self._left * _SUMMARY) - OVERHEAD - _SLACK
        self._summary = Summary(self._count, limit, self._write, summary)
        for message, kept in history:
            if message.role in ("user", "assistant") and message.content:
                text = message.content if message.role == "user" else prompts.harmless(message.content)
                shown = self._shortened(Message(message.role, text), self.step_room // 2)
                ids = (kept,) if kept else tuple(self._recall.add([message], spoken=True))
                self._append(Entry(0, (shown,), self._tokens(shown), ids=ids))
        shown = Message("user", self._question)
        self._append(Entry(0, (shown,), self._tokens(shown), pinned=True, ids=(id,) if id else ()))

    @property
    def step_room(self) -> int:
        """Tokens that the exchanges of one step may take together: what ledger and summary leave."""
        left = self._left
        shown = self._ledger.render(int(left * _LEDGER) - _SLACK)
        return left - self._counted(shown) - int(left * _SUMMARY)

    @property
    def most_calls(self) -> int:
        """How many calls one step can run."""
        return min(_MOST_CALLS, max(1, self.step_room // _LEAST_CALL))

    @property
    def page_tokens(self) -> int:
        """Size of a page of results: a part of the budget, or what is free when ledger and summary are full."""
        return min(self._least_room - _LEAST_CALL, max(self.budget // (3 if self.budget >= _WIDE else 4), 700), 6000)

    @property
    def _least_room(self) -> int:
        left = self._left
        return left - int(left * _LEDGER) - int(left * _SUMMARY)

    @property
    def used(self) -> int:
        """Tokens of everything that would be sent now, the status counted at its longest."""
        fixed = self.budget - self._left  # with the question, which is pinned
        shown = self._ledger.render(self._ledger_room())
        return fixed + self._counted(self._summary.shown) + self._queue.tokens + self._counted(shown)

    def visible(self) -> tuple[set[str], set[int]]:
        """Ids of the chunks that stand here whole, also when a further page has come in; and of the messages here."""
        lasting = self.used + self.page_tokens + _LEAST_CALL <= self.budget
        return self._queue.chunks if lasting else set(), self._queue.ids

    def room(self, step: int, sharing: int = 1) -> int:
        """Tokens that the next exchange of a step may take, where ``sharing`` of them are still to come."""
        return (self.step_room - self._queue.spent(step)) // max(1, sharing)

    def result_room(self, message: Message, limit: int) -> int:
        """Tokens that a limit for an exchange leaves for the content of the result beside the model's message."""
        return limit - self._tokens(message) - self._tokens(Message("tool", "", call_id=message.calls[0].id)) - _SLACK

    def admit(self, step: int, exchange: Exchange, limit: int) -> str:
        """Put an exchange at the end of the queue, its result cut where both do not fit ``limit`` tokens.

        A call whose result was cut is not taken for repeated. Returns the result's content as it stands in the context.
        """
        message, result = exchange.message, exchange.result
        ids = self._recall.add([message, result])
        shown = self._shortened(result, min(limit, self.room(step)) - self._tokens(message))
        whole = shown.content == result.content
        both = (message, shown)
        call, chunks = (exchange.call, exchange.chunks) if whole else ("", frozenset[str]())
        self._append(
            Entry(step, both, self._all(both), call, exchange.gave, ids=tuple(ids), chunks=chunks, above=exchange.above)
        )
        return shown.content

    def remark(self, step: int, message: Message, note: str) -> None:
        """Put a message without a call, and what the model is told about it, at the end of the queue."""
        told = Message("user", note)
        both = (self._shortened(message, self.room(step) - self._tokens(told)), told)
        self._append(Entry(step, both, self._all(both), ids=tuple(self._recall.add([message, told]))))

    def made(self, call: str) -> Entry | None:
        """The entry of a call whose whole result is still in the queue."""
        return self._queue.made(call)

    def build(self, state: status.State, notes: str = "") -> list[Message]:
        """The messages of the next call. What does not fit is evicted first; ``notes`` are cut to their room."""
        evicted = len(self._evicted)
        if self._count.changed():
            self._queue.recount(self._all)
            self._ledger.recount()
            self._summary.recount()
        self._make_fit(state.step - 1)
        squeezed = self._squeeze()
        self.shrunk = squeezed or len(self._evicted) > evicted
        messages = [self._system()]
        if self._summary.text:
            messages.append(Message("user", self._summary.shown))
        messages.extend(message for entry in self._queue for message in entry.messages)
        ledger = self._ledger.render(self._ledger_room())
        now = replace(state, used=self.used, budget=self.budget)
        now = now if self.notes_room else replace(now, lead="", end="")
        messages.append(Message("user", status.status(ledger, cut(notes, self.notes_room, self._count), now)))
        self.prompt_tokens = self._functions + self._all(messages)
        same = next((n for n, (a, b) in enumerate(zip(self._sent, messages, strict=False)) if a != b), len(messages))
        self.repeated = self._functions + self._all(messages[:same]) if self._sent and same else 0
        self._sent = messages
        return messages

    def make_room(self, step: int) -> bool:
        """Evict once, because the server found the prompt too long; false where nothing may leave."""
        return self._evict(step)

    def contents(self) -> list[tuple[str, int]]:
        """What fills the window now, with its tokens, the last what is free: together they are the budget."""
        library = prompts.library(self._library) if self._library else ""
        texts = library, self._core.render(), self._summary.shown, self._ledger.render(self._ledger_room())
        first = self._functions + self._tokens(self._system())
        return contents(first, [self._count(text) for text in texts], self._queue, self.used, self.budget)

    def evictions(self) -> list[Eviction]:
        """Evictions since this was last asked."""
        done, self._evicted = self._evicted, []
        return done

    def _append(self, entry: Entry) -> None:
        self._queue.append(entry)
        self._make_fit(entry.step)

    def _make_fit(self, newest: int) -> None:
        while self.used > self.budget and self._evict(newest):
            pass

    def _evict(self, newest: int) -> bool:
        """Move the older half of what may leave to recall; false where nothing may. A step from ``newest`` on stays."""
        leaving = self._queue.leave(newest)
        if not leaving:
            return False
        messages = [m for e in leaving for m in e.messages]
        self._summary.fold(messages)
        if before := [id for e in leaving if e.step == 0 for id in e.ids]:
            self._recall.summarise(self._summary.text, max(before))
        tokens = sum(e.tokens for e in leaving)
        self._evicted.append(Eviction(len(messages), tokens, self._summary.text, self._summary.by_model))
        return True

    def _squeeze(self) -> bool:
        """Cut what is longest where the newest step alone no longer fits, because counts have grown."""
        squeezed = False
        while (excess := self.used - self.budget) > 0:
            if not self._queue.squeeze(excess, self._shortened, self._all):
                raise ContextError(too_small(self.budget + self.reserved, self.used + _LEAST, self.reserved))
            squeezed = True
        return squeezed

    def _ledger_room(self) -> int:
        left, newest = self._left, self._queue.spent(self._queue.newest())
        return min(int(left * _LEDGER), left - int(left * _SUMMARY) - newest) - _SLACK

    def _counted(self, text: str) -> int:
        """Tokens of a message of the user's with this text, 0 for none."""
        return self._tokens(Message("user", text)) if text else 0

    def _shortened(self, message: Message, limit: int) -> Message:
        return shortened(message, limit, self._count)

    def _all(self, messages: Sequence[Message]) -> int:
        return sum(map(self._tokens, messages))

    def _tokens(self, message: Message) -> int:
        return message_tokens(message, self._count)
