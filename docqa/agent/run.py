"""One run: its context, ledger and tools, what it has spent, and the loop."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from docqa import prompts
from docqa.agent.ending import SOURCES, Ending, Spent, said
from docqa.agent.limits import Limits
from docqa.agent.narrowing import Narrowing
from docqa.agent.writing import Writer
from docqa.errors import ContextOverflow, ModelError, ModelTimeout
from docqa.events import (
    Answered,
    Event,
    Evicted,
    EvidenceNoted,
    Observed,
    Remembered,
    RunStarted,
    StepStarted,
    TextWritten,
    ToolCalled,
)
from docqa.llm import LLM, Completion, Message, ToolCall
from docqa.memory.archival import Archival
from docqa.memory.budget import Counter, answer_room, schema
from docqa.memory.context import MainContext
from docqa.memory.core import CoreMemory, most_tokens
from docqa.memory.evidence import Ledger
from docqa.memory.leads import Leads
from docqa.memory.queue import Exchange
from docqa.memory.recall import Recall
from docqa.memory.shortening import call_message
from docqa.prompts import mistakes, status
from docqa.settings import Settings
from docqa.tools import CONVERSATION, CORE, NAMES, Answer, Observation, Tools, specs
from docqa.tools.functions import Memory
from ingest.errors import DocqaError

log = logging.getLogger(__name__)
_MOST_TALK = 4  # steps in a row in which the model calls nothing
_HISTORY = 100  # messages of the conversation that are looked at for the context
_FUNCTIONS = 0.4  # share of the budget that instructions and functions may take for all functions to be offered
_CITES = re.compile(r"\[e\d{1,3}[\],;]")


class Run:
    """One run. ``ask`` comes first, then ``events``."""

    def __init__(
        self, llm: LLM, archival: Archival, settings: Settings, recall: Recall, clock: Callable[[], float]
    ) -> None:
        self._llm, self._archival, self._settings, self._recall = llm, archival, settings, recall
        self._count = Counter(llm.count)
        self._ledger = Ledger(self._count)
        self._spent = Spent()
        self._limits = Limits(settings, self._spent, clock)
        self._talk = 0
        self._mistaken: set[str] = set()

    def ask(self, question: str, history: Sequence[Message]) -> MainContext:
        """Lay out the context with the question and the conversation before it. Raises what ``MainContext`` does."""
        settings, count = self._settings, self._count
        summary, until = self._recall.summary()
        recent = self._recall.recent(_HISTORY)
        kept = [(s.message, s.id) for s in recent if s.id > until]
        before = [*kept, *zip(history, self._recall.add(history, spoken=True), strict=True)]
        wanted = self._offered(question, begun=bool(recent))
        asked = self._recall.add([Message("user", question)], spoken=True)[0]  # kept whatever becomes of the run
        self._names = wanted if self._has_room_for(wanted) else CORE
        limit = most_tokens(settings) if "remember" in self._names else 0
        core = CoreMemory(self._recall, count, limit)
        core.heard([question, *(message.content for message, _ in before if message.role == "user")])
        self._leads = Leads(question)
        by_model = settings.summary == "model"
        write = Writer(self._llm, count, settings, self._spent, self._limits.seconds_left) if by_model else None
        library = self._archival.describe()
        core.saw([library, summary, *(m.content for m, _ in before if m.role == "assistant")])
        sizes = (settings.context_window, settings.reserved_answer)
        self._context = MainContext(count, *sizes, specs(self._names), library, self._ledger, self._recall, core, write)
        self._question = question
        self._context.ask(question, before, asked, summary)
        # What an answer may rest on without a source: the user's words, and answers that had sources.
        told = [m.content for m, _ in before if m.role == "user" or SOURCES in m.content]
        self._tools = self._functions(core, told)
        self._narrowing = Narrowing(self._leads, self._names)
        return self._context

    def _offered(self, question: str, begun: bool) -> tuple[str, ...]:
        """The functions for this run: those of the conversation where there is one, and the search in what was said
        where anything was, in this conversation (``begun``) or another.
        """
        without: tuple[str, ...] = () if self._recall.lasting else CONVERSATION
        if not without and not begun and not self._recall.search(question[:1000], 1):
            without = ("search_conversation",)
        return tuple(name for name in NAMES if name not in without)

    def _functions(self, core: CoreMemory, told: Sequence[str]) -> Tools:
        """The functions of the run; ``told`` is the conversation before it."""
        memory = Memory(
            self._archival,
            self._ledger,
            core,
            self._recall,
            self._leads,
            self._question,
            self._context.visible,
            lambda: [*told, *core.blocks.values()],
        )
        return Tools(memory, self._count, self._context.page_tokens)

    def events(self) -> Generator[Event, None, None]:
        """The loop."""
        yield RunStarted(self._question, self._llm.name)
        while True:
            self._spent.steps += 1
            last = bool(self._limits.near(self._context))
            only = ("answer",) if last else self._narrowing.only()
            messages = self._build(last, only)
            yield from self._evictions()
            limit = self._limits.reached(self._context)
            if limit:
                self._spent.steps -= 1
                yield self._ended(self._ending().limit(limit, self._leads.open()[:3]))
                return
            context = self._context
            yield StepStarted(self._spent.steps, context.prompt_tokens, context.budget, context.repeated, only)
            completion = yield from self._completed(messages, last, only)
            answered = (yield from self._act(completion, only)) if completion else None
            if answered:
                yield self._ended(answered)
                return

    def _build(self, last: bool, only: tuple[str, ...]) -> list[Message]:
        lead = "" if last else self._narrowing.lead
        state = status.State(self._spent.steps, self._settings.max_steps, 0, 1, only, last, lead, self._leads.end())
        notes = [status.STUCK] if self._narrowing.stuck else []
        notes += self._leads.notes() + self._tools.seen()
        return self._context.build(state, "\n".join(notes))

    def _has_room_for(self, names: tuple[str, ...]) -> bool:
        window = self._settings.context_window
        budget = window - answer_room(window, self._settings.reserved_answer)
        return self._count(schema(specs(names))) + self._count(prompts.SYSTEM) <= _FUNCTIONS * budget

    def _completed(
        self, messages: Sequence[Message], last: bool, only: tuple[str, ...]
    ) -> Generator[Event, None, Completion | None]:
        """One call of the model; None where the run's time ended while it wrote. A prompt that the server finds too
        long is made shorter and sent again, once.
        """
        try:
            return (yield from self._streamed(messages, only))
        except ContextOverflow:
            rebuilt = self._build(last, only)
            if not self._context.shrunk:
                if not self._context.make_room(self._spent.steps):
                    raise
                rebuilt = self._build(last, only)
            yield from self._evictions()
        return (yield from self._streamed(rebuilt, only))

    def _streamed(
        self, messages: Sequence[Message], only: tuple[str, ...]
    ) -> Generator[Event, None, Completion | None]:
        text = ""
        try:
            for piece in self._llm.complete(
                messages, specs(self._names), only, seconds=max(self._limits.seconds_left(), 0.01)
            ):
                if isinstance(piece, Completion):
                    written = piece.answer_tokens or self._written(piece.text, piece.calls)
                    self._spent.pay(piece.prompt_tokens or self._context.prompt_tokens, written, piece.cached_tokens)
                    return piece
                text += piece.text
                if piece.text:
                    yield TextWritten(piece.text)
                if self._limits.seconds_left() <= 0:
                    break
            else:
                raise ModelError(f"{self._llm.name} ended without completing its step.")
        except ModelTimeout:
            if self._limits.seconds_left() > 0.5:
                raise
        self._spent.pay(self._context.prompt_tokens, self._written(text, ()))
        return None

    def _written(self, text: str, calls: Sequence[ToolCall]) -> int:
        return self._count(text) + sum(self._count(_key(call)) for call in calls)

    def _act(self, completion: Completion, only: Sequence[str]) -> Generator[Event, None, Answered | None]:
        """Run the calls of a completion in their order; an answer that is accepted ends the run."""
        asked = completion.calls
        if not asked and _CITES.search(completion.text):  # an answer in prose that cites what was noted
            asked = (ToolCall("answer", {"text": completion.text}),)
        if not asked:
            return (yield from self._talked(completion))
        self._talk = 0
        calls, new = asked[: self._context.most_calls], False
        for place, call in enumerate(calls):
            yield ToolCalled(self._spent.steps, call.name, dict(call.arguments))
            room = self._context.room(self._spent.steps, len(calls) - place)
            text = completion.text if place == 0 else ""
            call = replace(call, id=f"s{self._spent.steps}c{place + 1}")
            message = call_message(text, call, room // 2, self._count)
            observation = self._observe(call, only, self._context.result_room(message, room))
            if observation.answer:
                observation, answered = self._judged(observation, observation.answer)
                if answered:
                    return answered
            if place == len(calls) - 1 and len(calls) < len(asked):
                left_out = mistakes.not_run(len(asked) - len(calls))
                observation = replace(observation, text=left_out + observation.text)
            new = new or observation.new
            yield from self._admitted(call, message, observation, room)
        self._narrowing.progress(new)
        return None

    def _talked(self, completion: Completion) -> Generator[Event, None, Answered | None]:
        """A step without a call: the model is told, and one that only talks ends the run."""
        self._talk += 1
        note = mistakes.unreadable(completion.problem) if completion.problem else mistakes.NO_CALL
        said_text = completion.text[:2000] or "(nothing)"
        if self._talk >= _MOST_TALK:
            return self._ending().uncited(said_text, f"{self._talk} steps without a call")
        self._context.remark(self._spent.steps, Message("assistant", said_text), note)
        summary = "the call could not be read" if completion.problem else "nothing was called"
        yield Observed(self._spent.steps, "", note, summary, ok=False)
        yield from self._evictions()
        self._narrowing.progress(False)
        return None

    def _observe(self, call: ToolCall, only: Sequence[str], room: int) -> Observation:
        made = self._context.made(_key(call)) if call.name != "answer" else None
        if made:
            told = mistakes.repeated(made.step, made.gave)
            if lead := self._narrowing.repeated(call.name):
                told += f" {mistakes.open_lead(lead)}"
            return Observation(told, f"the same call as in step {made.step}", ok=False, whole=False)
        observation = self._tools.call(call, only or self._names, room, self._spent.steps)
        if not observation.ok and call.name != "answer":
            if _key(call) in self._mistaken:  # told once and not understood: the next step has to do something else
                self._narrowing.repeated(call.name)
            self._mistaken.add(_key(call))
        return observation

    def _judged(self, observation: Observation, answer: Answer) -> tuple[Observation, Answered | None]:
        """An answer that is accepted ends the run; one that is sent back becomes an observation."""
        last = self._limits.near(self._context)
        if last and answer.text and answer.problems and not answer.cited and not answer.recalled:
            return observation, self._ending().uncited(answer.text, last)
        if not (last and answer.text) and self._narrowing.refuses(answer, self._tools.looked_up):
            return observation, None
        passed_over = "" if last else self._narrowing.passes_over(answer, self._tools.stands_under(answer))
        if passed_over:
            return Observation(passed_over, "sent back: a lead is open", ok=False, answer=answer), None
        return observation, self._ending().answer(answer, self._tools.looked_at)

    def _admitted(self, call: ToolCall, message: Message, observation: Observation, room: int) -> Iterator[Event]:
        """Put a call and what it gave into the context."""
        step = self._spent.steps
        result = Message("tool", observation.text, call_id=message.calls[0].id)
        key = _key(call) if observation.whole and observation.ok else ""
        chunks = observation.chunks if observation.whole else frozenset[str]()
        exchange = Exchange(message, result, key, observation.summary, chunks, observation.above)
        shown = self._context.admit(step, exchange, room)
        yield Observed(step, call.name, shown, observation.summary, observation.ok)
        if observation.evidence:
            yield EvidenceNoted(step, observation.evidence)
        if observation.remembered:
            yield Remembered(step, *observation.remembered)
        yield from self._evictions()

    def _evictions(self) -> Iterator[Event]:
        for gone in self._context.evictions():
            yield Evicted(self._spent.steps, gone.messages, gone.tokens, gone.summary, gone.by_model)

    def _ending(self) -> Ending:
        return Ending(self._llm.name, self._spent, self._limits.seconds(), self._ledger.entries)

    def _ended(self, answered: Answered) -> Answered:
        try:
            self._recall.add([Message("assistant", said(answered))], spoken=True)
            self._recall.index()
        except DocqaError as error:  # the user is to have the answer, whatever becomes of the conversation
            log.warning("The answer was not kept in the conversation, or not indexed: %s", error)
        return answered


def _key(call: ToolCall) -> str:
    """A call as a text that is the same for the same call."""
    return call.name + json.dumps(call.arguments, sort_keys=True, ensure_ascii=False, default=str)
