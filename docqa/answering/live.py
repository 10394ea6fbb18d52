"""A run as its reader sees it: the next event, in a thread or in asyncio, and a way to end it."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

from docqa.answering.buffer import Buffer, Ended
from docqa.events import Event
from docqa.llm.stopping import STOPPED, Stop


class Live:
    """The events of a run under way. It belongs to one reader; letting it go ends the run.

    ``run`` is its id, ``cached`` says whether it is the recorded answer of an earlier one.
    """

    def __init__(self, run: str, cached: bool, buffer: Buffer, stop: Stop, gone: Callable[[Stop], None]) -> None:
        """``gone`` is called where this is let go, perhaps amid a collection of garbage: it must take no lock."""
        self.run, self.cached = run, cached
        self._buffer, self._stop = buffer, stop
        weakref.finalize(self, gone, stop).atexit = False

    def next(self, seconds: float) -> Event | None:
        """The next event; None where none comes for so many seconds.

        Raises:
            Ended: the last one, ``Answered``, was read; or ``stop`` was called.
            StoppedError: the service ends, or nobody has read on for too long.
            DocqaError: the model, the archive or recall storage failed.
        """
        return self._buffer.take(seconds)

    async def events(self, heartbeat: float) -> AsyncGenerator[Event | None, None]:
        """The same for asyncio, without a thread that waits; None whenever nothing came for ``heartbeat`` seconds.

        It ends after the last event. Whoever leaves it before that ends the run.

        Raises:
            DocqaError: as ``next``.
        """
        loop, came = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            with suppress(RuntimeError):  # a loop that is closed has no reader any more
                loop.call_soon_threadsafe(came.set)

        try:
            with self._buffer.listening(tell):
                while True:
                    came.clear()
                    if event := self._buffer.take():
                        yield event
                    elif not await _comes(came, heartbeat):
                        yield None
        except Ended:
            return
        finally:
            if not self._buffer.is_over:
                self.stop()

    def stop(self) -> None:
        """End the run within a second, also where its model is silent. Nothing is read any more."""
        self._buffer.leave()
        self._stop.set(STOPPED)


async def _comes(came: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await came.wait()
    except TimeoutError:
        return False
    return True
