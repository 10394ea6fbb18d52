"""The model as the writer of the summary of what leaves the context."""

from __future__ import annotations

from collections.abc import Callable

from docqa import prompts
from docqa.agent.ending import Spent
from docqa.errors import ModelError
from docqa.llm import LLM, Completion, Message
from docqa.memory.budget import Counter, answer_room, cut, prompt_tokens
from docqa.settings import Settings

_FAILURES = 2  # after so many in one run the summary stays extractive
_WORDS = 0.6  # words that a token makes, with room to spare


class Writer:
    """Writes summaries with the run's model, within the run's limits; an empty text where that fails."""

    def __init__(
        self, llm: LLM, count: Counter, settings: Settings, spent: Spent, seconds_left: Callable[[], float]
    ) -> None:
        self._llm, self._count, self._settings = llm, count, settings
        self._spent, self._seconds_left = spent, seconds_left
        self._failed = 0

    def __call__(self, text: str, limit: int) -> str:
        """Summarise a text in at most ``limit`` tokens."""
        if self._failed >= _FAILURES:
            return ""
        settings = self._settings
        budget = settings.context_window - answer_room(settings.context_window, settings.reserved_answer)
        told = Message("system", prompts.SUMMARISE.format(words=int(limit * _WORDS)))
        room = budget - prompt_tokens(self._count, [told, Message("user", "")], ()) - 16
        messages = [told, Message("user", cut(text, room, self._count, prompts.CUT))]
        needed = prompt_tokens(self._count, messages, ()) + limit
        # Two more steps of the run must remain within its tokens, and half of its seconds.
        rest = 2 * min(settings.context_window, settings.max_tokens // 8)
        if self._spent.tokens + needed + rest > settings.max_tokens or self._seconds_left() <= 0:
            return ""
        completion = self._completed(messages, limit)
        self._failed = 0 if completion and completion.text.strip() else self._failed + 1
        if completion is None:
            return ""
        written = completion.answer_tokens or self._count(completion.text)
        asked = (completion.prompt_tokens or needed - limit) if completion.text else 0
        self._spent.pay(asked, written, completion.cached_tokens)
        return completion.text.strip()

    def _completed(self, messages: list[Message], limit: int) -> Completion | None:
        try:
            for piece in self._llm.complete(messages, (), limit=limit, seconds=max(0.01, self._seconds_left() / 2)):
                if isinstance(piece, Completion):
                    return piece
        except ModelError:
            return None
        return None
