"""The service as users start it: a ``docqa serve`` process and all that it starts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.workers import end_all

START_SECONDS = 60.0
END_SECONDS = 60.0


@dataclass
class Served:
    """A service that runs: ``base`` is its address, without ``/v1``; ``log`` is what it said on standard error."""

    process: subprocess.Popen[bytes]
    base: str
    said: str
    log_file: Path

    @property
    def log(self) -> str:
        """What it and its processes have logged so far."""
        return self.log_file.read_text(errors="replace")

    def tell_to_end(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end."""
        self.process.send_signal(sign)

    def end(self) -> int:
        """Wait until it has ended; its exit code."""
        return self.process.wait(END_SECONDS)


def command(*options: str) -> list[str]:
    """``docqa serve`` with some options, on a free port."""
    return [sys.executable, "-m", "docqa.cli", "serve", "--port", "0", *options]


@contextmanager
def served(data: Path, *options: str, settings: Mapping[str, str] | None = None) -> Iterator[Served]:
    """A service over a data folder, which lives as long as this context.

    Args:
        data: the folder.
        options: of ``docqa serve``.
        settings: more environment variables.

    Raises:
        RuntimeError: it does not start; the message holds what it said.
    """
    log = data.parent / "serve.log"
    said = data.parent / "serve.out"
    environment = {**os.environ, "DOCQA_DATA_DIR": str(data), **(settings or {})}
    with log.open("ab") as errors, said.open("wb") as out:
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command(*options), stdin=quiet, stdout=out, stderr=errors, env=environment)
    try:
        yield Served(process, _address(process, said, log), said.read_text(), log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        end_all(data)


def _address(process: subprocess.Popen[bytes], said: Path, log: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if found := re.search(r"at (http\S+)/v1;", said.read_text()):
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(log.read_text(errors="replace")[-3000:])
