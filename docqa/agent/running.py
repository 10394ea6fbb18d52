"""A run under way: its events, and what fills its context."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from docqa.events import Event


class Running(Iterator[Event]):
    """The events of a run as they happen. Closing it, or letting it go, ends the run."""

    def __init__(self, events: Generator[Event, None, None], contents: Callable[[], list[tuple[str, int]]]) -> None:
        self._events, self._contents = events, contents

    def __next__(self) -> Event:
        """The next event of the run."""
        return next(self._events)

    def close(self) -> None:
        """End the run here; what its model is sending is cut off."""
        self._events.close()

    def context(self) -> list[tuple[str, int]]:
        """What fills the context now, each with its tokens, the last what is free: together all that there is to read.

        Also after the run has ended.
        """
        return self._contents()
