"""Ending a call of the model from another thread, also while the model is silent.

A run binds its ``Stop`` to the thread that it runs in. Whatever waits there for a model asks for ``current()``: it
waits by it, or says how its waiting is ended. So the protocol of a model needs to know nothing of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from docqa.errors import StoppedError

STOPPED = "The answer was stopped."


class Stop:
    """Whether something is to end, and how it is woken up for that. Safe to use from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []
        self._reason, self._kind = STOPPED, StoppedError

    @property
    def is_set(self) -> bool:
        """Whether it is to end."""
        return self._event.is_set()

    def set(self, reason: str = STOPPED, kind: type[StoppedError] = StoppedError) -> None:
        """Let it end, for a reason that is a sentence for the user, by an error of a kind; the first one counts."""
        with self._lock:
            if self._event.is_set():
                return
            self._reason, self._kind = reason, kind
            self._event.set()
            for end in self._ends:
                end()

    def check(self) -> None:
        """Go on unless it is to end.

        Raises:
            StoppedError: it is to end.
        """
        if self._event.is_set():
            raise self._kind(self._reason)

    def wait(self, seconds: float) -> None:
        """Do nothing for some seconds.

        Raises:
            StoppedError: it is to end; raised at once, also in the middle.
        """
        self._event.wait(seconds)
        self.check()

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """While this lasts, have ``end`` called where it is to end: by the thread that says so, and never afterwards.

        ``end`` must not wait for anything.

        Raises:
            StoppedError: it is to end already.
        """
        with self._lock:
            self.check()
            self._ends.append(end)
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)


_current: ContextVar[Stop] = ContextVar("stop", default=Stop())  # noqa: B039  # the default is never set


def current() -> Stop:
    """The one that is bound to this thread; one that is never set where none is."""
    return _current.get()


@contextmanager
def bound(stop: Stop) -> Iterator[None]:
    """Bind one to this thread for as long as this lasts."""
    token = _current.set(stop)
    try:
        yield
    finally:
        _current.reset(token)
