"""The limits of a run: steps, tokens and seconds; which of them ends it, and whether a further step is possible."""

from __future__ import annotations

from collections.abc import Callable

from docqa import prompts
from docqa.agent.ending import Spent
from docqa.memory.context import MainContext
from docqa.settings import Settings

_PAGES = 2  # of results that a further step may bring in
_NEARLY = 0.8  # share of the seconds after which the model may only answer


class Limits:
    """The limits of one run that begins now by ``clock`` and has taken ``spent``."""

    def __init__(self, settings: Settings, spent: Spent, clock: Callable[[], float]) -> None:
        self._settings, self._spent, self._clock = settings, spent, clock
        self._began = clock()

    def seconds(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._began

    def seconds_left(self) -> float:
        """Seconds until the run's limit."""
        return self._settings.max_seconds - self.seconds()

    def reached(self, context: MainContext) -> str:
        """The limit that the step that was built exceeds, or an empty text."""
        tokens = self._spent.tokens + context.prompt_tokens + context.reserved
        return self._first(self._spent.steps > self._settings.max_steps, self.seconds_left() <= 0, tokens)

    def near(self, context: MainContext) -> str:
        """The limit that allows no further step after this one, or an empty text."""
        now, reserved = context.used, context.reserved
        after = min(context.budget, now + min(context.step_room, _PAGES * context.page_tokens))
        late = self.seconds_left() <= (1 - _NEARLY) * self._settings.max_seconds
        tokens = self._spent.tokens + now + after + 2 * reserved
        return self._first(self._spent.steps >= self._settings.max_steps, late, tokens)

    def _first(self, steps: bool, late: bool, tokens: int) -> str:
        """The first limit that holds: of steps, of seconds, or of tokens, of which so many would be taken."""
        if steps:
            return prompts.counted(self._settings.max_steps, "step")
        if late:
            return prompts.counted(self._settings.max_seconds, "second")
        return f"{self._settings.max_tokens:,} tokens" if tokens > self._settings.max_tokens else ""
