"""Ends a response at a deadline, though its server trickles bytes for ever.

A read timeout begins anew with every byte, so it cannot do this. A timer shuts the socket down instead, which ends the
read that waits on it at once.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Any

from docqa.llm.openai.retrying import Deadline


class Watch:
    """A context manager around the reading of a response; without a limit it does nothing."""

    def __init__(self, deadline: Deadline, response: Any) -> None:
        """``response`` is the HTTP library's, whose extensions hold the network stream."""
        stream = response.extensions.get("network_stream")
        self._socket: socket.socket | None = stream.get_extra_info("socket") if stream else None
        self._timer = threading.Timer(deadline.left, self._end) if deadline.seconds > 0 and self._socket else None

    def __enter__(self) -> Watch:
        if self._timer:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer.join()  # so that it never touches a socket that has gone back to the pool

    def _end(self) -> None:
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
