"""Many threads that do to the jobs of one tenant whatever can be done, at random."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from ingest.catalog.job_rows import Lease
from ingest.catalog.rows import Plan
from ingest.errors import JobError, NotFoundError
from ingest.types import Names, Survey
from tests.ingest.catalog.jobbing import PAGES, Bench, at_once, ended, numbered

DOCUMENTS = 8  # of each job
MOST_OPEN = 4  # jobs


class Stress:
    """Threads over one bench; ``named`` tells for each job with what the sources of its documents begin.

    Args:
        bench: where.
        seed: what chance begins with; the order in which threads come is chance of another kind.
    """

    def __init__(self, bench: Bench, seed: int) -> None:
        self._bench = bench
        self._seed = seed
        self.named: dict[str, str] = {}

    def go(self, threads: int, seconds: float) -> None:
        """Let so many threads go on for so long; raises what any of them raises."""
        until = time.monotonic() + seconds
        at_once(*(lambda each=each: self._thread(random.Random(self._seed + each), until) for each in range(threads)))
        keeping = self._bench.keeping(time.monotonic)
        keeping.strike()
        keeping.end_finished()  # drops what was given back of jobs that were cancelled

    def finish(self) -> None:
        """Do all that is left to do; does not end where a job does not."""
        for job in self.named:
            with suppress(JobError):
                self._bench.jobs.resume(job)
            while self._bench.jobs.get(job).open:
                if self._bench.jobs.begin_step(self._bench.run, job):
                    self._bench.jobs.keep_step(self._bench.run, job, over=True)
                self._bench.planned(job, 2)
                self._bench.drain(job)

    def _thread(self, chance: random.Random, until: float) -> None:
        actor = _Actor(self._bench, chance, self.named)
        while time.monotonic() < until:
            actor.act()
        actor.end()


class _Actor:
    """One thread with its run; ``kept`` are parts that it marks later, perhaps after it was struck out."""

    def __init__(self, bench: Bench, chance: random.Random, named: dict[str, str]) -> None:
        self._bench = bench
        self._chance = chance
        self._named = named
        self._run = bench.leases.begin()
        self._kept: list[tuple[str, str, Sequence[Lease]]] = []
        self._acts: list[tuple[int, Callable[[str], object]]] = [
            (12, self._survey), (24, self._part), (2, self._late), (2, self._again), (1, self._changed),
            (1, self._delete), (1, self._die), (1, self._clean), (1, self._blame), (1, bench.jobs.cancel),
            (1, bench.jobs.pause), (3, bench.jobs.resume), (3, bench.jobs.retry),
        ]  # fmt: skip

    def act(self) -> None:
        """Do one thing to one job."""
        open = [job.id for job in self._bench.jobs.newest(["running", "paused"]) if job.id in self._named]
        if len(open) < MOST_OPEN:
            self._begin()
            return
        ended = [job.id for job in self._bench.jobs.newest(most=2 * MOST_OPEN) if job.id in self._named]
        job = self._chance.choice([*open, *open, *ended])
        [what] = self._chance.choices([act for _, act in self._acts], [often for often, _ in self._acts])
        with suppress(JobError, NotFoundError):
            what(job)

    def end(self) -> None:
        """Leave as a process does that is asked to."""
        self._bench.leases.end(self._run)

    def _begin(self) -> None:
        job = self._bench.jobs.create("ingest", "default").id
        self._named[job] = f"/{job}/"
        assert self._bench.jobs.begin_step(self._run, job) or self._bench.jobs.get(job).state != "running"
        self._again(job)
        self._bench.jobs.keep_step(self._run, job, over=True)

    def _again(self, job: str) -> None:
        self._bench.claim(job, *(f"/{job}/{each}" for each in range(DOCUMENTS)))

    def _changed(self, job: str) -> None:
        offer = self._bench.offer(f"/{job}/{self._chance.randrange(DOCUMENTS)}", str(self._chance.random()))
        self._bench.ledger.claim(self._run, "1", [offer], job=job)

    def _survey(self, job: str) -> None:
        plans, failed = [], []
        for work in self._bench.leases.surveys(self._run, job, 3):
            parts = self._chance.randint(1, 3)
            if self._chance.random() < 0.1:
                failed.append((work.generation.id, "it cannot be opened"))
            else:
                survey = Survey("text/plain", parts * PAGES)
                plans.append(Plan(work.generation, survey, Names(work.source), numbered(parts)))
        self._bench.leases.planned(self._run, job, plans, failed)

    def _part(self, job: str) -> None:
        leases = self._bench.leases.parts(self._run, job, self._chance.choice([1, 2, 4]) * PAGES)
        self._kept.append((self._run, job, leases))
        acts = (self._late, self._release, self._blame, self._die, lambda job: None)
        [then] = self._chance.choices(acts, (70, 10, 8, 4, 8))
        then(job)

    def _release(self, _: str) -> None:
        self._bench.leases.release(self._run)

    def _late(self, _: str) -> None:
        for run, job, leases in self._kept:
            error = "broken" if self._chance.random() < 0.15 else ""
            self._bench.leases.mark(run, job, [ended(lease, error) for lease in leases])
        self._kept = []

    def _delete(self, job: str) -> None:
        if rows := self._bench.catalog.documents():
            self._bench.ledger.mark_deleted(self._chance.choice(rows).id)

    def _clean(self, job: str) -> None:
        """Look for what is to be removed; removed it is at the end, since it is still to be counted."""
        self._bench.ledger.leftovers()

    def _blame(self, job: str) -> None:
        self._bench.keeping(time.monotonic).blame(self._bench.catalog._tenant, self._run, "unforeseen")

    def _die(self, job: str) -> None:
        """Be taken for dead, and perhaps go on all the same."""
        self._bench.bury(self._run)
        self._bench.keeping(time.monotonic).strike()
        self._run = self._bench.leases.begin()
