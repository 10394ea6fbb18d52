"""Jobs that are made up: documents out of nothing, taken through their stages without any reading or storing."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from threading import Barrier
from typing import TypeVar

from sqlalchemy import Engine, update

from ingest.catalog import Catalog
from ingest.catalog.job_rows import Lease
from ingest.catalog.keeping import Keeping
from ingest.catalog.rows import Offer, Outcome, Part, Plan, Settled
from ingest.catalog.tables import runs
from ingest.types import Names, Survey

PAGES = 10  # of one part
T = TypeVar("T")


class Bench:
    """A catalog of one tenant with a run of this process, and the stages of a job as calls.

    Args:
        engine: the catalog's database.
        tenant: one that nobody else uses.
    """

    def __init__(self, engine: Engine, tenant: str) -> None:
        self.engine = engine
        self.catalog = Catalog(engine, tenant)
        self.jobs = self.catalog.jobs
        self.leases = self.catalog.leases
        self.ledger = self.catalog.ledger
        self.run = self.leases.begin()

    def offer(self, place: str, content: str = "") -> Offer:
        """A file at a place; its content is its place's name where nothing else is given."""
        sha256 = hashlib.sha256((content or place).encode()).hexdigest()
        id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.catalog._tenant}/{place}"))
        return Offer(id, "default", place, "stamp", sha256, 1000)

    def scanning(self) -> str:
        """A job whose files are still being found."""
        job = self.jobs.create("ingest", "default", {"paths": ["/made-up"]})
        assert self.jobs.begin_step(self.run, job.id)
        return job.id

    def claim(self, job: str, *places: str) -> list[Outcome]:
        """Offer files for a job."""
        return self.ledger.claim(self.run, "1", [self.offer(place) for place in places], job=job)

    def found(self, *places: str) -> str:
        """A job with these files, all found."""
        job = self.scanning()
        self.claim(job, *places)
        assert self.jobs.keep_step(self.run, job, over=True)
        return job

    def planned(self, job: str, parts: int, run: str = "") -> list[Settled]:
        """Survey all documents of a job that wait, into so many parts each."""
        settled = []
        while works := self.leases.surveys(run or self.run, job, 16):
            plans = [
                Plan(work.generation, Survey("text/plain", parts * PAGES), Names(work.source), numbered(parts))
                for work in works
            ]
            settled += self.leases.planned(run or self.run, job, plans, [])
        return settled

    def surveyed(self, parts: int, *places: str) -> str:
        """A job with these files in so many parts each, all waiting."""
        job = self.found(*places)
        self.planned(job, parts)
        return job

    def one(self, job: str, run: str = "") -> Lease:
        """The lease of one part."""
        [lease] = self.leases.parts(run or self.run, job, PAGES)
        return lease

    def mark(self, job: str, *leases: Lease, run: str = "", error: str = "") -> list[Settled]:
        """Mark parts as stored, with a chunk each page; or as failed."""
        return self.leases.mark(run or self.run, job, [ended(lease, error) for lease in leases])

    def drain(self, job: str, run: str = "") -> int:
        """Do all parts that wait, one by one; returns their number."""
        number = 0
        while leases := self.leases.parts(run or self.run, job, PAGES):
            self.mark(job, *leases, run=run)
            number += len(leases)
        return number

    def states(self) -> dict[str, str]:
        """The state of each document, by its source."""
        return {row.source: row.state for row in self.catalog.documents()}

    def document(self, source: str) -> str:
        """The id of the document from a place."""
        [row] = [row for row in self.catalog.documents() if row.source == source]
        return row.id

    def counted(self, job: str) -> dict[str, int]:
        """The counters of a job that are not 0, but for ``opened``."""
        counters = asdict(self.jobs.get(job).counters)
        return {name: number for name, number in counters.items() if number and name != "opened"}

    def keeping(self, clock: Callable[[], float], lease_seconds: float = 60) -> Keeping:
        """A keeper with a clock of one's own."""
        return Keeping(self.engine, lease_seconds, clock)

    def elsewhere(self) -> str:
        """A run of a process on another machine."""
        run = self.leases.begin()
        self._moved(run, host="elsewhere", process="1 1")
        return run

    def dead(self) -> str:
        """A run of a process of this machine that has ended."""
        run = self.leases.begin()
        self.bury(run)
        return run

    def bury(self, run: str) -> None:
        """Let it look as if the process of a run has ended."""
        self._moved(run, process=f"{2**22 + 1} 1")  # above the highest number that Linux gives

    def kill(self, job: str, times: int, lease: Callable[[str], object]) -> None:
        """Let so many processes end, one after another, each with what it has leased."""
        for _ in range(times):
            run = self.dead()
            assert lease(run)
            assert run in self.keeping(lambda: 0.0).strike()

    def _moved(self, run: str, **values: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(runs).where(runs.c.id == run).values(values))


def numbered(parts: int) -> tuple[Part, ...]:
    """So many parts of equal length."""
    return tuple(Part(number, number * PAGES + 1, (number + 1) * PAGES) for number in range(parts))


def ended(lease: Lease, error: str = "") -> tuple[str, Part]:
    """How a leased part ended: stored with a chunk each page, or failed."""
    part, pages = lease.part, range(lease.part.first, lease.part.last + 1)
    if error:
        return lease.generation.id, replace(part, state="failed", missing_pages=tuple(pages), error=error)
    return lease.generation.id, replace(part, state="stored", expected=len(pages), stored=len(pages))


def at_once(*calls: Callable[[], T]) -> list[T]:
    """The results of calls that begin at the same moment."""
    start = Barrier(len(calls))

    def begin(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(begin, calls))


def places(number: int, prefix: str = "file") -> Sequence[str]:
    """So many places."""
    return [f"/made-up/{prefix}-{each}.txt" for each in range(number)]
