"""The parent's handle on one guarded child process: starts it, asks it, and ends it when a limit is passed."""

from __future__ import annotations

import io
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.parsers.frames import HEADER, MAX_FRAME, Report, Request, frame

_START_SECONDS = 60.0
_ROOT = Path(__file__).resolve().parents[2]


class Stopped(Exception):
    """The child ended, or was ended, before it had answered.

    Args:
        reason: ``timed out after 120 s`` and the like, to be followed by the page.
        limit: whether it was over a limit, rather than gone for a reason of its own.
    """

    def __init__(self, reason: str, limit: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.limit = limit


class _Plain(pickle.Unpickler):
    """Reads pickles of plain values only, so that nothing runs here that a hostile file made the child send."""

    def find_class(self, module: str, name: str) -> Any:
        """Refuse every class and function."""
        raise pickle.UnpicklingError(f"a report names {module}.{name}")


class Child:
    """A child process that reads documents, with limits on wall time, CPU time and memory.

    Args:
        memory_mb: most private memory of the process, in MiB.
    """

    def __init__(self, memory_mb: int) -> None:
        self._memory_mb = memory_mb
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ingest.parsers.worker", str(memory_mb)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, env=environment,
        )  # fmt: skip
        self._buffer = bytearray()
        self._ready = False
        self.served = 0

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def ask(self, request: Request, seconds: float) -> Iterator[Report]:
        """Send a request and yield the child's reports; the last is its final one.

        Raises:
            Stopped: it was over a limit or died; the process is gone then.
        """
        if not self._ready:
            self._next(time.monotonic(), _START_SECONDS, request.cpu_seconds)
            self._ready = True
        began = time.monotonic()
        try:
            self._write(frame(request))
        except OSError:
            raise self._ended(request.cpu_seconds) from None
        self.served += 1
        while True:
            report = self._next(began, seconds, request.cpu_seconds)
            if report[0] == "memory":
                self.close()
                raise Stopped(f"needed more than {self._memory_mb} MiB of memory", True)
            yield report
            if report[0] not in ("at", "page"):
                return

    def kill(self) -> None:
        """End the process from another thread than the one that reads with it, which finds it gone."""
        self._process.kill()

    def close(self) -> None:
        """End the process and wait for it; may be called twice."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._close_pipes()

    def disown(self) -> None:
        """Forget a process that belongs to the parent of this one, after a fork."""
        self._process.returncode = 0
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self._process.stdin.write(view) or 0 :]

    def _next(self, began: float, seconds: float, cpu_seconds: float) -> Report:
        """The next report, or ``Stopped`` when time is up or the process is gone."""
        while (report := self._parsed()) is None:
            left = began + seconds - time.monotonic()
            if left <= 0 or not self._readable(left):
                self.close()
                raise Stopped(f"timed out after {seconds:g} s", True)
            assert self._process.stdout is not None
            data = os.read(self._process.stdout.fileno(), 1 << 20)
            if not data:
                raise self._ended(cpu_seconds)
            self._buffer += data
        return report

    def _readable(self, seconds: float) -> bool:
        assert self._process.stdout is not None
        poll = select.poll()
        poll.register(self._process.stdout.fileno(), select.POLLIN)
        return bool(poll.poll(seconds * 1000 + 1))

    def _parsed(self) -> Report | None:
        if len(self._buffer) < HEADER.size:
            return None
        (length,) = HEADER.unpack_from(self._buffer)
        if length > MAX_FRAME:
            self.close()
            raise Stopped("the reader sent what cannot be understood", False)
        if len(self._buffer) < HEADER.size + length:
            return None
        data = bytes(self._buffer[HEADER.size : HEADER.size + length])
        del self._buffer[: HEADER.size + length]
        try:
            report = _Plain(io.BytesIO(data)).load()
        except Exception as error:
            self.close()
            raise Stopped("the reader sent what cannot be understood", False) from error
        return report if isinstance(report, tuple) and report else ("unknown",)

    def _ended(self, cpu_seconds: float) -> Stopped:
        self._process.wait()
        code = self._process.returncode
        self.close()
        if code == -signal.SIGXCPU:
            reason = f"used more than {cpu_seconds:g} s of CPU time"
        elif code == -signal.SIGKILL:
            reason = "the reader was killed"
        else:
            reason = "the reader crashed"
        return Stopped(reason, code == -signal.SIGXCPU)
