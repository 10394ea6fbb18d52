"""A disturbed ingest: two workers and who hands the files in, kept running as a service manager would keep them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Self

from ingest.catalog.job_rows import Job
from ingest.errors import DocqaError
from ingest.library import Library
from tests.chaos.archive import Contents, contents_of, differences
from tests.chaos.world import World
from tests.servers.workers import WorkerProcess, end_all, processes_of

WORKERS = 2
RESTART_SECONDS = 1.0
LOOK_SECONDS = 0.3
PATIENCE = 180.0  # seconds without any progress
GONE_SECONDS = 10.0  # until the last process has ended
BROKER_BYTES = 4 << 20


class Stuck(Exception):
    """Nothing moves any more."""


class Scene:
    """One round: an ingest from its beginning to its end.

    Args:
        world: where it takes place.
        number: of the round.
    """

    def __init__(self, world: World, number: int) -> None:
        self._world = world
        self.number = number
        self._name = f"Round{number}"
        self._workers: list[WorkerProcess] = []
        self._ended: dict[int, float] = {}
        self._submitter: subprocess.Popen[bytes] | None = None
        self._library: Library | None = None
        self._looked = 0.0
        self._moved = (time.monotonic(), "")
        self.job: Job | None = None
        self.set_aside: list[str] = []

    def __enter__(self) -> Self:
        self._world.clear()
        self._workers = [self._worker(place) for place in range(WORKERS)]
        self._submit()
        return self

    def __exit__(self, *_: object) -> None:
        if self._library:
            self._library.close()
        end_all(self._world.data)
        for process in (each.process for each in self._workers):
            process.wait()
        if self._submitter:
            self._submitter.wait()

    @property
    def supervisors(self) -> list[int]:
        """The workers that run, by the numbers of their processes."""
        return [each.process.pid for each in self._workers if each.alive]

    @property
    def handing_in(self) -> bool:
        """Whether the files are being handed in."""
        return self.job is not None and self.job.step == "waiting"

    @property
    def under_way(self) -> bool:
        """Whether documents are being read."""
        return self.job is not None and self.job.counters.parts > 0

    def mend(self) -> None:
        """Start again what was killed and has a master: workers, after a moment; the submitter without a job."""
        now = time.monotonic()
        for place, worker in enumerate(self._workers):
            if not worker.alive and now - self._ended.setdefault(place, now) > RESTART_SECONDS:
                del self._ended[place]
                self._workers[place] = self._worker(place)
        self._look(LOOK_SECONDS)
        if self.job is None and self._submitter and self._submitter.poll() is not None:
            self._look()
            if self.job is None:
                self._submit()

    def over(self) -> bool:
        """Whether the job has ended. Raises Stuck where nothing has happened for long."""
        job = self.job
        state = f"{job.state} {job.counters}" if job else ""
        if state != self._moved[1]:
            self._looked = 0.0
        self._moved = (time.monotonic(), state)
        if time.monotonic() - self._moved[0] > PATIENCE:
            self._ask()
            raise Stuck(f"nothing has moved for {PATIENCE:.0f} s: {job}; {processes_of(self._world.data)}")
        return job is not None and not job.open

    def retry(self) -> bool:
        """Try again what was set aside, if anything was: too many processes may have been killed over one part."""
        job, library = self.job, self._library
        if not job or not library or not (job.counters.failed or job.counters.parts_failed):
            return False
        told = library.catalog.jobs.log(job.id, ("part", "failed"))
        self.set_aside += [f"{entry.source} part {entry.part}: {entry.message}" for entry in told]
        library.catalog.jobs.retry(job.id)
        self._look()
        return True

    def faults(self, expected: Contents) -> Iterator[str]:
        """What is not as it would be after an ingest that nothing disturbs, a sentence each. Ends the workers."""
        self._look()
        yield from self._of_the_job(expected)
        yield from self._of_the_end()
        assert self._library
        rows = self._library.catalog.documents()
        if len(rows) != self._world.documents or any(row.state != "live" for row in rows):
            yield f"of {len(rows)} documents {sum(row.state == 'live' for row in rows)} are live"
        with closing(sqlite3.connect(self._world.data / "catalog.sqlite")) as catalog:
            if runs := catalog.execute("SELECT role, process, doing FROM runs").fetchall():
                yield f"runs are left in the catalog: {runs}"
        yield from differences(expected, contents_of(self._library))
        yield from self._verify()

    def _of_the_job(self, expected: Contents) -> Iterator[str]:
        if self.job is None:
            yield "there is no job"
            return
        counts, number = self.job.counters, self._world.documents
        wanted = {"found": number, "finished": number, "parts": counts.parts_done, "chunks": len(expected.chunks)}
        wanted |= dict.fromkeys(("failed", "parts_failed", "unreadable", "skipped", "ignored"), 0)
        wrong = {name: getattr(counts, name) for name, right in wanted.items() if getattr(counts, name) != right}
        if wrong or self.job.state != "finished":
            yield f"the job is {self.job.state}, with wrong counts {wrong} of {counts}"

    def _of_the_end(self) -> Iterator[str]:
        killed = [worker for worker in self._workers if not worker.alive]  # by this scene, and not replaced yet
        for worker in self._workers:
            if worker not in killed:
                worker.process.send_signal(signal.SIGTERM)
        for worker in self._workers:
            try:
                if (status := worker.process.wait(60)) != (-signal.SIGKILL if worker in killed else 0):
                    yield f"a worker ended with {status}"
            except subprocess.TimeoutExpired:
                self._ask()
                yield "a worker does not end; its log holds what it is at"
        ends = time.monotonic() + GONE_SECONDS
        while (left := processes_of(self._world.data)) and time.monotonic() < ends:
            time.sleep(0.1)
        if left:
            yield f"processes are left: {left}"
        if folders := list((self._world.data / "incoming").glob("*")):
            yield f"files on their way are left: {folders}"
        size = sum(path.stat().st_size for path in (self._world.data / "broker").rglob("*") if path.is_file())
        if size > BROKER_BYTES:
            yield f"the broker's folder has {size:,} bytes"

    def _verify(self) -> Iterator[str]:
        command = [sys.executable, "-m", "docqa.cli", "verify", "--deep"]
        done = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"docqa verify --deep ends with {done.returncode}: {done.stdout}{done.stderr}"

    def _ask(self) -> None:
        """Have everything that runs write into the logs what it is at."""
        for number, kind in processes_of(self._world.data).items():
            if kind != "broker":
                os.kill(number, signal.SIGUSR1)
        time.sleep(1)

    def _look(self, after: float = 0.0) -> None:
        """Bring ``job`` up to date; where the catalog cannot be read now, it stays as it was."""
        if time.monotonic() - self._looked < after:
            return
        self._looked = time.monotonic()
        try:
            if self._library is None:
                self._library = Library.open(self._world.settings(self._name, self._world.data))
            self.job = next(iter(self._library.catalog.jobs.newest(most=1)), None)
        except DocqaError:
            return

    def _environment(self) -> dict[str, str]:
        values = self._world.environment(self._name)
        return {**os.environ, **values, "DOCQA_DATA_DIR": str(self._world.data)}

    def _worker(self, place: int) -> WorkerProcess:
        log = self._world.root / f"round{self.number}-worker{place}.log"
        return WorkerProcess(self._world.data, log, settings=self._world.environment(self._name))

    def _submit(self) -> None:
        command = [sys.executable, "-m", "docqa.cli", "ingest", str(self._world.folder), "--detach"]
        with (self._world.root / f"round{self.number}-submitter.log").open("ab") as log:
            self._submitter = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment()
            )
