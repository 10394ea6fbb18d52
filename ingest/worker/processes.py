"""Celery's processes, as a child of a worker: started, started again when they end, and ended."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from ingest.worker.logs import log

LONGEST_PAUSE = 30.0


class Processes:
    """Those that serve some queues.

    Args:
        count: how many do parts side by side.
        queues: which they serve.
        form: of their logs, ``json`` or ``text``.
        end_seconds: how long they may take to end, when they are told to.
        module: see ``ingest.worker.__main__``; with it they are threads of one process.
    """

    def __init__(self, count: int, queues: Sequence[str], form: str, end_seconds: float, module: str = "") -> None:
        self._told: dict[str, object] = {"processes": count, "queues": ",".join(queues)}
        self._arguments = [str(count), ",".join(queues), form, str(os.getpid()), *([module] if module else [])]
        self._end_seconds = end_seconds
        self._celery: subprocess.Popen[bytes] | None = None
        self._failures = 0
        self._not_before = self._started = 0.0
        self._renewing = False

    @property
    def is_there(self) -> bool:
        """Whether they run."""
        return self._celery is not None and self._celery.poll() is None

    def ensure(self) -> None:
        """Start them where they do not run; those that end again and again are waited for longer each time."""
        if self.is_there:
            return
        now = time.monotonic()
        if self._renewing:
            self._celery, self._renewing = None, False
        if self._celery:
            log("the processes have ended", logging.WARNING, code=self._celery.returncode)
            lasted = now - self._started > LONGEST_PAUSE  # then what went wrong before is no sign any more
            self._celery, self._failures = None, 1 if lasted else self._failures + 1
            self._not_before = now + min(2.0 ** (self._failures - 1) - 1, LONGEST_PAUSE)
        if now < self._not_before:
            return
        command = [sys.executable, "-m", "ingest.worker", *self._arguments]
        quiet = subprocess.DEVNULL  # Celery prints there that it shuts down; logs go to standard error
        self._started = now
        self._celery = subprocess.Popen(command, stdin=quiet, stdout=quiet, start_new_session=True)
        log("started the processes", **self._told)

    def renew(self) -> None:
        """Have them finish what they are at and end; then they are started anew."""
        if self._celery and self.is_there and not self._renewing:
            log("the broker was away: starts the processes anew")
            self._renewing = True
            self._celery.send_signal(signal.SIGTERM)

    def tell_to_end(self) -> None:
        """Ask them to end after what they are at."""
        if self._celery and self.is_there:
            self._celery.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Wait until they have ended, for as long as they may take."""
        if self._celery is None:
            return
        try:
            self._celery.wait(self._end_seconds)
        except subprocess.TimeoutExpired:
            self._celery.kill()
            self._celery.wait()
