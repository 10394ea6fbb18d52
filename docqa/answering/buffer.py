"""Between a run and its reader: a few events, so that a slow reader holds up its own run and no memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from docqa.errors import StoppedError
from docqa.events import Event
from docqa.llm.stopping import Stop

MOST = 64
"""Events that wait for their reader; then the run waits."""


class Ended(Exception):
    """There is no further event: the run is over, and its last event was read."""


class Buffer:
    """The events of one run that nobody has read yet. One thread puts, one reader takes.

    Args:
        stop: ends the waiting for a reader.
        patience: seconds that the run waits for a reader who takes nothing.
    """

    def __init__(self, stop: Stop, patience: float) -> None:
        self._stop, self._patience = stop, patience
        self._changed = threading.Condition()
        self._waiting: deque[Event] = deque()
        self._end: Exception | None = None
        self._listener: Callable[[], None] | None = None

    def put(self, event: Event) -> None:
        """Have an event read, after waiting for room.

        Raises:
            StoppedError: the run is to end, or its reader has taken nothing for too long.
        """
        with self._stop.ending(self._tell), self._changed:
            room = self._changed.wait_for(lambda: len(self._waiting) < MOST or self._stop.is_set, self._patience)
            self._stop.check()
            if not room:
                raise StoppedError(f"Nobody has read on for {self._patience:g} s (DOCQA_READER_SECONDS).")
            self._waiting.append(event)
        self._tell()

    def finish(self, error: Exception | None = None) -> None:
        """Nothing more comes; the reader gets the error after the events that wait. The first call counts."""
        with self._changed:
            self._end = self._end or error or Ended()
        self._tell()

    def leave(self) -> None:
        """The reader has gone, and gets nothing any more."""
        with self._changed:
            self._waiting.clear()
            self._end, self._listener = Ended(), None
        self._tell()

    @property
    def is_over(self) -> bool:
        """Whether the reader has read all that there is, and nothing more comes."""
        with self._changed:
            return self._end is not None and not self._waiting

    def take(self, seconds: float = 0) -> Event | None:
        """The next event; None where none comes for some seconds.

        Raises:
            Ended: there is none any more.
            Exception: what the run ended with.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._end, seconds)
            if self._waiting:
                event = self._waiting.popleft()
                self._changed.notify_all()
                return event
            if self._end:
                raise self._end
            return None

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """While this lasts, have ``listener`` called whenever something may have come. It must not wait."""
        with self._changed:
            self._listener = listener
        try:
            yield
        finally:
            with self._changed:
                self._listener = None

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()
            listener = self._listener
        if listener:
            listener()
