"""One step of a model behind a server that speaks OpenAI's chat completions."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from docqa.errors import ContextOverflow, ModelError
from docqa.llm import Completion, Message, TextDelta, ToolSpec, stopping
from docqa.llm.openai.asking import Step, missed
from docqa.llm.openai.client import OPENAI, Client
from docqa.llm.openai.counting import Count, Counter, ServerCount
from docqa.llm.openai.dialect import Dialect
from docqa.llm.openai.errors import Overflow, Refused
from docqa.llm.openai.exchange import Exchange
from docqa.llm.openai.opening import model_name
from docqa.llm.openai.pieces import Written
from docqa.llm.openai.probe import found_out
from docqa.llm.openai.remembered import Remembered
from docqa.llm.openai.retrying import Deadline
from docqa.memory.budget import answer_room
from docqa.settings import Settings
from ingest import tokens

_LOWER = {"native": "schema", "schema": "text"}
_MISSES = 2  # steps in a row without a call, after which another way is taken
_LOOK_SECONDS = 0.2  # after which one that waits for another's probe looks whether it is to end
_CHANGED = 0.02  # by which a factor of the counts must have changed to be saved


class OpenAIModel:
    """A model behind the server at ``DOCQA_LLM_BASE_URL``. Threads, each with its own run, may share it."""

    def __init__(self, settings: Settings) -> None:
        """Ask the server for its models.

        Raises:
            SettingsError: a setting is missing, or the server has no such model.
            ModelError: no server answers, or it refuses the key.
        """
        self._settings = settings
        self._client = Client(settings)
        try:
            self.name = self._client.model = model_name(self._client, settings)
        except BaseException:
            self._client.close()
            raise
        self._remembered = Remembered(settings.root, f"{self._client.server} {self.name}")
        self._dialect = self._remembered.dialect
        self._mode: str = self._remembered.mode if settings.llm_calls == "auto" else settings.llm_calls
        self._misses = 0
        self._lock, self._probing = threading.Lock(), threading.Lock()
        self._saved = self._remembered.factors
        self._counter = Counter(*_counts(self._client), self._saved)

    @property
    def mode(self) -> str:
        """How the model calls functions: ``native``, ``schema`` or ``text``; empty where that is not found out yet."""
        return self._mode

    def close(self) -> None:
        """Close the connections to the server."""
        self._client.close()

    def count(self, text: str) -> int:
        """Tokens of a text: the model's own where it or its server can count, else an estimate that is never fewer."""
        return self._counter(text)

    def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        only: Sequence[str] = (),
        *,
        limit: int = 0,
        seconds: float = 0,
    ) -> Iterator[TextDelta | Completion]:
        """Run one step; see ``docqa.llm.LLM.complete``.

        A stream that breaks off is asked for again. What was yielded of it stays, and the repetition yields nothing
        but its ``Completion``, whose text can then differ.

        Raises:
            ContextOverflow: the server found the prompt too long.
            ModelTimeout: ``seconds`` have passed.
            StoppedError: the run is to end (see ``docqa.llm.stopping``).
            ModelError: the server failed too often, or refused.
        """
        deadline = Deadline(seconds)
        limit = limit or answer_room(self._settings.context_window, self._settings.reserved_answer)
        known = mode = self._known_mode(deadline) if tools else "text"
        while True:
            step = Step(mode, messages, tools, only, limit)
            try:
                written = yield from self._exchanged(step, deadline)
                break
            except Refused as refusal:
                mode = self._after_refusal(mode, refusal)
        completion = step.completion(written)
        if mode != known:
            self._settle(mode)
        if tools:
            self._note(mode, completion, written)
        yield completion

    def _exchanged(self, step: Step, deadline: Deadline) -> Generator[TextDelta, None, Written]:
        """Run a step's request, and learn from it what the server takes and how many tokens it counted."""
        settings = self._settings
        body: dict[str, Any] = {
            "model": self.name,
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": settings.llm_temperature,
            "seed": settings.llm_seed,
            **step.body(),
        }
        exchange = Exchange(self._client, self._dialect, deadline, settings.llm_retries)
        try:
            written = yield from exchange.run(body, [tool.name for tool in step.tools], step.shown)
        except Overflow as overflow:
            raise self._overflow(step, overflow) from None
        with self._lock:
            new = exchange.dialect.without - self._dialect.without
            self._dialect = Dialect(self._dialect.without | new)
        if new:
            self._remembered.save(without=sorted(self._dialect.without))
        self._counter.learn(step.texts(), written.prompt_tokens)
        self._save_factors()
        return written

    def _known_mode(self, deadline: Deadline) -> str:
        """How the model calls functions, found out with the first step that has any."""
        if self._mode:
            return self._mode
        while not self._probing.acquire(timeout=min(deadline.left, _LOOK_SECONDS)):
            stopping.current().check()
            deadline.check(self._client.server)
        try:
            if not self._mode:
                self._settle(found_out(lambda step: self._probed(step, deadline)))
            return self._mode
        finally:
            self._probing.release()

    def _probed(self, step: Step, deadline: Deadline) -> tuple[Completion, bool]:
        asked = self._exchanged(step, deadline)
        while True:
            try:
                next(asked)
            except StopIteration as end:
                written: Written = end.value
                return step.completion(written), bool(written.calls)

    def _settle(self, mode: str) -> None:
        self._mode, self._misses = mode, 0
        self._remembered.save(calls=mode)

    def _after_refusal(self, mode: str, refusal: Refused) -> str:
        """The way to try where a server refuses functions. It is kept if the server then takes the request."""
        if self._settings.llm_calls == "auto" and mode == "native":
            return _LOWER[mode]
        hint = "; DOCQA_LLM_CALLS=auto finds another way to call functions" if mode == "native" else ""
        raise ModelError(f"{refusal}{hint}") from None

    def _note(self, mode: str, completion: Completion, written: Written) -> None:
        """Go a way down where the model has called nothing several times in a row."""
        if completion.calls:
            self._misses = 0
        elif missed(completion, written):
            with self._lock:
                self._misses += 1
                if self._misses >= _MISSES and self._settings.llm_calls == "auto" and mode == self._mode in _LOWER:
                    self._settle(_LOWER[mode])

    def _overflow(self, step: Step, overflow: Overflow) -> ContextOverflow:
        self._counter.overflowed(step.texts(), overflow.prompt)
        self._save_factors()
        window = self._settings.context_window
        long = f" ({overflow.prompt:,} tokens)" if overflow.prompt else ""
        has = f", whose window has {overflow.window:,}" if overflow.window else ""
        return ContextOverflow(
            f"The prompt{long} is too long for {self.name} at {self._client.server}{has}: lower DOCQA_CONTEXT_WINDOW, "
            f"which is {window:,}, or give the server a larger window."
        )

    def _save_factors(self) -> None:
        new = self._counter.factors
        if any(abs(new[way] - self._saved.get(way, 0)) > _CHANGED for way in new):
            self._saved = new
            self._remembered.save(factors=new)


def _counts(client: Client) -> tuple[Count | None, Count | None]:
    """OpenAI's own encoding of the model, if it is OpenAI's and known; else the server's way to count."""
    if client.url.startswith(OPENAI):
        return tokens.counter(client.model), None
    return None, ServerCount(client)
