"""Real workers for tests: ``docqa worker`` processes of one data folder, and what they consist of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

END_SECONDS = 30.0


class WorkerProcess:
    """A ``docqa worker``, in a session of its own, with its log in a file.

    Args:
        data: the data folder.
        log: the file that its log goes to, as JSON Lines.
        processes: parts done side by side.
        settings: more environment variables.
    """

    def __init__(self, data: Path, log: Path, processes: int = 1, settings: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.log = log
        command = [sys.executable, "-m", "docqa.cli", "worker", "--json", "--processes", str(processes)]
        environment = {**os.environ, "DOCQA_DATA_DIR": str(data), **(settings or {})}
        file: IO[bytes]
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment, start_new_session=True
            )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def stop(self) -> int:
        """Ask it to end, wait for that, and return its exit code."""
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill it, with no word of warning."""
        self.process.kill()
        self.process.wait()


@contextmanager
def workers(
    data: Path, folder: Path, count: int = 1, processes: int = 1, settings: Mapping[str, str] | None = None
) -> Iterator[list[WorkerProcess]]:
    """Some workers, ended at the end, with everything that was started by them."""
    started = [WorkerProcess(data, folder / f"worker{number}.log", processes, settings) for number in range(count)]
    try:
        yield started
    finally:
        for each in started:
            if each.alive:
                each.process.send_signal(signal.SIGTERM)
        for each in started:
            try:
                each.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                each.kill()
        end_all(data)


def processes_of(data: Path) -> dict[int, str]:
    """The processes that work in a data folder: their numbers, and what each is.

    That is ``supervisor``, ``celery`` (the one that forks), ``process`` (which does parts), ``parser``, ``broker``,
    ``submitter`` or ``other``.
    """
    found = {}
    mark = f"DOCQA_DATA_DIR={data}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            ours = mark in (entry / "environ").read_bytes().split(b"\0")
            if not ours and os.readlink(entry / "cwd") != str(data / "broker"):  # Valkey writes over its environment
                continue
            if (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            found[int(entry.name)] = _kind(entry)
        except OSError:
            continue
    return found


def tree_of(number: int) -> list[int]:
    """A process and all that descends from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                children.setdefault(int(_parent_of(entry)), []).append(int(entry.name))
    tree = [number]
    for each in tree:
        tree += children.get(each, [])
    return tree


def _parent_of(entry: Path) -> str:
    return (entry / "stat").read_text().rpartition(")")[2].split()[1]


def _kind(entry: Path) -> str:
    words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
    line = " ".join(words)
    if "valkey-server" in line:
        return "broker"
    if "ingest.parsers" in line:
        return "parser"
    if "--detach" in words:
        return "submitter"
    if "docqa.cli worker" in line:
        return "supervisor"
    if "ingest.worker" in line:
        above = Path("/proc") / _parent_of(entry) / "cmdline"
        return "process" if above.exists() and b"ingest.worker" in above.read_bytes() else "celery"
    return "other"


def end_all(data: Path) -> None:
    """Kill whatever still works in a data folder, and wait until it is gone."""
    ends = time.monotonic() + END_SECONDS
    while (left := processes_of(data)) and time.monotonic() < ends:
        for number in left:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.1)
