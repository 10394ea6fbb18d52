"""Processes that a command keeps running beside itself, and ends with itself."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

LONGEST_PAUSE = 30.0
LASTING_SECONDS = 30.0
"""How long one has to have run for its end to be no sign of those before."""
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class Child:
    """A process that is started again when it ends, a little later each time.

    Args:
        name: what it is, for messages.
        command: what is run.
        environment: variables beside those of this process.
        files: numbers of the files that it is given.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None, files: Sequence[int] = ()
    ) -> None:
        self.name = name
        self._command, self._environment, self._files = command, dict(environment or {}), files
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._not_before = 0.0
        self._failures = 0

    def start(self) -> None:
        """Start it. It gets SIGTERM when this process ends, however that comes, and no Ctrl-C of the terminal."""
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self._environment},
            pass_fds=self._files,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )

    @property
    def code(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._process.poll() if self._process else None

    def ensure(self) -> int | None:
        """Start it again if it has ended and its pause is over; what it ended with, said once."""
        now, code = time.monotonic(), self.code
        if self._process and code is None:
            return None
        if self._process:
            self._failures = 0 if now - self._started > LASTING_SECONDS else self._failures + 1
            self._not_before = now + min(2.0**self._failures - 1, LONGEST_PAUSE)
            self._process = None
            return code
        if now >= self._not_before:
            self.start()
        return None

    def tell_to_end(self) -> None:
        """Ask it to end."""
        if self._process and self.code is None:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, with those that it started in its session."""
        if self._process and self.code is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @property
    def is_there(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self.code is None


def _end_with_parent() -> None:
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
