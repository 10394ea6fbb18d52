"""Workers and submissions as processes of their own, for measurements."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ingest.catalog.job_rows import Job
from ingest.library import Library

COMMAND = (sys.executable, "-m", "docqa.cli")


@contextmanager
def workers(data: Path, count: int, processes: int, *options: str, **settings: str) -> Iterator[None]:
    """Some ``docqa worker`` of a data folder, stopped at the end; their logs go to files there."""
    data.mkdir(parents=True, exist_ok=True)
    started = []
    environment = {**os.environ, "DOCQA_DATA_DIR": str(data), **settings}
    command = [*COMMAND, "worker", "--json", "--processes", str(processes), *options]
    try:
        for number in range(count):
            with (data / f"worker{number}.log").open("wb") as log:
                started.append(subprocess.Popen(command, env=environment, stderr=log, stdout=log))
        yield
    finally:
        for each in started:
            each.send_signal(signal.SIGTERM)
        for each in started:
            each.wait(60)


def submit(data: Path, paths: Sequence[Path], **settings: str) -> tuple[float, int]:
    """Hand paths in by the command line; returns the seconds, and the most memory of that process in MB (10⁶ bytes)."""
    environment = {**os.environ, "DOCQA_DATA_DIR": str(data), **settings}
    began = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, "ingest", "--detach", *map(str, paths)], env=environment, stdout=subprocess.DEVNULL
    )
    most = 0
    while process.poll() is None:  # the kernel's own figure for an ended child would count what it was forked from
        most = max(most, _most_memory(process.pid))
        time.sleep(0.02)
    if process.returncode:
        sys.exit("The files could not be handed in.")
    return time.perf_counter() - began, most


def _most_memory(pid: int) -> int:
    """The most resident memory of a process so far, in MB (10⁶ bytes); 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 // 1_000_000 for line in lines if line.startswith("VmHWM:")), 0)


def finished(library: Library, seconds: float = 3600) -> Job:
    """The newest job, when it has ended well."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        job = library.catalog.jobs.newest(most=1)[0]
        if not job.open:
            if job.state != "finished" or job.counters.failed or job.counters.unreadable:
                sys.exit(f"The job did not end well: {job}")
            return job
        time.sleep(0.05)
    sys.exit("The job did not end.")
