"""The agent: a loop of model calls and tools that ends with a cited answer, as a generator of events.

It sees protocols only: a model and archival storage. It ends by the model's ``answer``, or by a limit on steps,
tokens or seconds, and then it says what it has found so far. A mistake of the model becomes an observation; ours
raises.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from docqa import citations, prompts
from docqa.errors import ModelError, QuestionError
from docqa.events import (
    Answered,
    Citation,
    Event,
    Evicted,
    EvidenceNoted,
    Observed,
    Outcome,
    RunStarted,
    StepStarted,
    TextWritten,
    ToolCalled,
)
from docqa.llm import LLM, Completion, Message, ToolCall, ToolSpec
from docqa.memory.archival import Archival
from docqa.memory.context import MainContext
from docqa.memory.evidence import Ledger
from docqa.memory.recall import RunRecall
from docqa.settings import Settings
from docqa.tools import Answer, Observation, Tools, specs

_REFUSALS = 2  # times an answer without a citation that holds is sent back
_FEW = 10  # passages: where less was looked at and more was found, "not in the documents" says so
_NEARLY = 0.8  # share of the seconds after which the model may only answer


class Agent:
    """Answers questions with a model over archival storage. Runs share nothing, so one agent serves many threads."""

    def __init__(self, llm: LLM, archival: Archival, settings: Settings) -> None:
        self._llm = llm
        self._archival = archival
        self._settings = settings

    def run(self, question: str, history: Sequence[Message] = ()) -> Iterator[Event]:
        """Answer a question, yielding what happens; the last event is always ``Answered``.

        The run stops where the iterator is closed. ``history`` is the conversation before the question.

        Raises:
            QuestionError: the question is empty or too long; raised at once.
            ContextError: the window is too small; raised at once.
            DocqaError: while it runs, where the model or the archive fails.
        """
        question = prompts.well_formed(question).strip()
        history = [replace(message, content=prompts.well_formed(message.content)) for message in history]
        most = self._settings.max_question_chars
        if not question:
            raise QuestionError("The question is empty.")
        if len(question) > most:
            raise QuestionError(
                f"The question has {len(question):,} characters; DOCQA_MAX_QUESTION_CHARS allows {most:,}."
            )
        return _Run(self._llm, self._archival, self._settings, question, history).events()


class _Run:
    """One run: its context, ledger and tools, and what it has spent."""

    def __init__(
        self, llm: LLM, archival: Archival, settings: Settings, question: str, history: Sequence[Message]
    ) -> None:
        self._llm, self._settings, self._question = llm, settings, question
        self._ledger = Ledger(llm.count)
        window, reserved = settings.context_window, settings.reserved_answer
        library = archival.describe()
        self._context = MainContext(llm, window, reserved, specs(), library, self._ledger, RunRecall())
        self._context.ask(question, history)
        self._tools = Tools(archival, self._ledger, llm.count, self._context.page_tokens)
        self._began = time.monotonic()
        self._step = self._prompt_tokens = self._answer_tokens = self._refused = 0

    def events(self) -> Iterator[Event]:
        """The loop."""
        yield RunStarted(self._question, self._llm.name)
        while True:
            self._step += 1
            last = self._is_last()
            allowed = specs(("answer",)) if last else specs()
            messages = self._context.build(self._step, self._settings.max_steps, last)
            yield from self._evictions()
            limit = self._limit()
            if limit:
                self._step -= 1
                yield self._partial(limit)
                return
            yield StepStarted(self._step, self._context.prompt_tokens, self._context.budget)
            completion = yield from self._completed(messages, allowed)
            answered = None
            if completion:
                answered = yield from self._act(completion, [tool.name for tool in allowed])
            if answered:
                yield answered
                return

    def _limit(self) -> str:
        """The limit that the step would exceed, or an empty text."""
        settings = self._settings
        if self._step > settings.max_steps:
            return prompts.counted(settings.max_steps, "step")
        if time.monotonic() - self._began >= settings.max_seconds:
            return prompts.counted(settings.max_seconds, "second")
        if self._spent + self._context.prompt_tokens + self._context.reserved > settings.max_tokens:
            return f"{settings.max_tokens:,} tokens"
        return ""

    def _is_last(self) -> bool:
        """Whether a limit allows no further step after this one."""
        settings = self._settings
        now, reserved = self._context.used, self._context.reserved
        after = min(self._context.budget, now + self._context.step_room)
        return (
            self._step >= settings.max_steps
            or time.monotonic() - self._began >= _NEARLY * settings.max_seconds
            or self._spent + now + after + 2 * reserved > settings.max_tokens
        )

    @property
    def _spent(self) -> int:
        return self._prompt_tokens + self._answer_tokens

    def _completed(
        self, messages: Sequence[Message], allowed: Sequence[ToolSpec]
    ) -> Generator[Event, None, Completion | None]:
        """One call of the model; None where the run's time ended while it wrote."""
        text = ""
        stream = self._llm.complete(messages, allowed)
        for piece in stream:
            if isinstance(piece, Completion):
                self._prompt_tokens += piece.prompt_tokens or self._context.prompt_tokens
                self._answer_tokens += piece.answer_tokens or self._written(piece.text, piece.calls)
                return piece
            text += piece.text
            if piece.text:
                yield TextWritten(piece.text)
            if time.monotonic() - self._began >= self._settings.max_seconds:
                break
        else:
            raise ModelError(f"{self._llm.name} ended without completing its step.")
        self._prompt_tokens += self._context.prompt_tokens
        self._answer_tokens += self._written(text, ())
        return None

    def _written(self, text: str, calls: Sequence[ToolCall]) -> int:
        return self._llm.count(text) + sum(self._llm.count(_key(call)) for call in calls)

    def _act(self, completion: Completion, allowed: Sequence[str]) -> Generator[Event, None, Answered | None]:
        """Run the calls of a completion in their order; an answer that is accepted ends the run."""
        if not completion.calls:
            said = Message("assistant", completion.text[:2000] or "(nothing)")
            self._context.remark(self._step, said, prompts.NO_CALL)
            yield Observed(self._step, "", prompts.NO_CALL, "nothing was called", ok=False)
            yield from self._evictions()
            return None
        calls = completion.calls[: self._context.most_calls]
        for place, call in enumerate(calls):
            yield ToolCalled(self._step, call.name, dict(call.arguments))
            room = self._context.room(self._step, len(calls) - place)
            text = completion.text if place == 0 else ""
            message = self._context.call_message(text, replace(call, id=f"s{self._step}c{place + 1}"), room // 2)
            observation = self._observe(call, allowed, self._context.result_room(message, room))
            answered = self._accepted(observation.answer) if observation.answer else None
            if answered:
                return answered
            if place == len(calls) - 1 and len(calls) < len(completion.calls):
                left_out = prompts.not_run(len(completion.calls) - len(calls))
                observation = replace(observation, text=left_out + observation.text)
            yield from self._admitted(call, message, observation, room)
        return None

    def _observe(self, call: ToolCall, allowed: Sequence[str], room: int) -> Observation:
        made = self._context.made_in(_key(call)) if call.name != "answer" else 0
        if made:
            return Observation(prompts.repeated(made), f"the same call as in step {made}", ok=False, whole=False)
        return self._tools.call(call, allowed, room)

    def _admitted(self, call: ToolCall, message: Message, observation: Observation, room: int) -> Iterator[Event]:
        """Put a call and what it gave into the context."""
        result = Message("tool", observation.text, call_id=message.calls[0].id)
        key = _key(call) if observation.whole and observation.ok else ""
        shown = self._context.admit(self._step, message, result, room, key)
        yield Observed(self._step, call.name, shown, observation.summary, observation.ok)
        if observation.evidence:
            yield EvidenceNoted(self._step, observation.evidence)
        yield from self._evictions()

    def _evictions(self) -> Iterator[Event]:
        for messages, tokens in self._context.evictions():
            yield Evicted(self._step, messages, tokens)

    def _accepted(self, answer: Answer) -> Answered | None:
        """The end of the run where an answer holds, or has been sent back often enough; else None."""
        if answer.problems and (self._refused < _REFUSALS or not answer.text):
            self._refused += 1
            return None
        if answer.not_found:
            seen, found = self._tools.looked_at
            few = seen < min(_FEW, found)
            text = f"{answer.text}\n\n{prompts.looked_at(seen, found)}" if few else answer.text
            return self._answered(text, answer.cited, "not_found")
        if not answer.cited:
            return self._answered(f"{answer.text}\n\n{prompts.UNCITED}", (), "partial", "answers without a citation")
        return self._answered(answer.text, answer.cited, "answered")

    def _partial(self, limit: str) -> Answered:
        """The end of the run at a limit: the claims of the ledger with their quotes."""
        entries = self._ledger.entries
        cited = tuple((f"e{n}", entry.citation) for n, entry in enumerate(entries, 1))
        found = [f"{entry.claim} [e{n}]" for n, entry in enumerate(entries, 1)]
        return self._answered(prompts.partial(limit, found), cited, "partial", limit)

    def _answered(
        self, text: str, cited: Sequence[tuple[str, Citation]], outcome: Outcome, limit: str = ""
    ) -> Answered:
        numbered, verified = citations.number(text, cited)
        return Answered(
            text=numbered,
            citations=verified,
            outcome=outcome,
            model=self._llm.name,
            steps=self._step,
            seconds=time.monotonic() - self._began,
            prompt_tokens=self._prompt_tokens,
            answer_tokens=self._answer_tokens,
            limit=limit,
            evidence=self._ledger.entries,
        )


def _key(call: ToolCall) -> str:
    """A call as a text that is the same for the same call."""
    return call.name + json.dumps(call.arguments, sort_keys=True, ensure_ascii=False, default=str)
