"""The processes of ``docqa serve``: those that answer requests, and a worker; kept running, and ended together."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING

from docqa.cli.children import Child
from docqa.cli.worker import BESIDE

if TYPE_CHECKING:
    from docqa.settings import Settings

TICK_SECONDS = 0.1
END_SECONDS = 30.0
"""What a process gets to end, beside the time that its answers or parts have."""
INTERRUPTED = 130


class Serving:
    """Runs a service until it is told to stop.

    Args:
        settings: time limits, and the form of logs.
        listening: where requests come in; all processes take them from here, so that none is refused while one of
            them is started again.
        workers: processes that answer.
        with_worker: whether a worker is started too.
        figures: a folder in which several processes keep their figures for each other; empty for one.
        ready: called once when requests are answered.
    """

    def __init__(
        self, settings: Settings, listening: socket.socket, workers: int, with_worker: bool, figures: str,
        ready: Callable[[], None],
    ) -> None:  # fmt: skip
        self._settings, self._ready = settings, ready
        self._heard, self._told = os.pipe()
        os.set_blocking(self._heard, False)
        files = (listening.fileno(), self._told)
        command = [sys.executable, "-m", "docqa.api", *map(str, files)]
        environment = {"PROMETHEUS_MULTIPROC_DIR": figures} if figures else {}
        self._answering = [Child("a process that answers", command, environment, files) for _ in range(workers)]
        form = ["--json"] if settings.log_format == "json" else []
        worker = Child("the worker", [sys.executable, "-m", "docqa.cli", "worker", *form], {BESIDE: "1"})
        self._children = [*self._answering, *([worker] if with_worker else [])]
        self._stop, self._at_once = Event(), Event()
        self._is_ready = False

    def stop(self) -> None:
        """Let it end: answers and parts under way first. Called again, everything ends at once."""
        if self._stop.is_set():
            self._at_once.set()
        self._stop.set()

    def run(self) -> int:
        """Run until ``stop``; what the command ends with. Where it cannot start, its processes have said why."""
        try:
            for each in self._children:
                each.start()
            while not self._stop.wait(TICK_SECONDS):
                if not self._is_ready and (failed := self._failed()) is not None:
                    self._end()
                    return failed
                self._look_after()
            print("Ends after what is under way; Ctrl-C again ends it at once.", file=sys.stderr, flush=True)
            return self._end()
        finally:
            for each in self._children:
                each.kill()
            os.close(self._heard)
            os.close(self._told)

    def _look_after(self) -> None:
        if not self._is_ready and self._someone_is_ready():
            self._is_ready = True
            self._ready()
        for each in self._children:
            if (code := each.ensure()) is not None:
                print(f"docqa: {each.name} has ended ({code}) and is started again.", file=sys.stderr, flush=True)

    def _failed(self) -> int | None:
        """What a process that answers ended with before any was ready; None where none did."""
        return next((code or 1 for each in self._answering if (code := each.code) is not None), None)

    def _someone_is_ready(self) -> bool:
        try:
            return bool(os.read(self._heard, 1))
        except BlockingIOError:
            return False

    def _end(self) -> int:
        """Have all of them end; what the command ends with."""
        for each in self._children:
            each.tell_to_end()
        answers_end = time.monotonic() + self._settings.shutdown_seconds + END_SECONDS
        while any(each.is_there for each in self._children):
            if self._at_once.wait(TICK_SECONDS):
                return INTERRUPTED
            for each in self._answering if time.monotonic() > answers_end else ():
                each.kill()
        return 0
