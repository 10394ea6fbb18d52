"""What is looked at: jobs with their pace, the workers, and what waits in the broker."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ingest.errors import DocqaError, NotFoundError

if TYPE_CHECKING:
    from ingest.broker import Broker
    from ingest.catalog.estimate import Pace
    from ingest.catalog.job_metrics import Failure
    from ingest.catalog.job_rows import Job, Worker
    from ingest.library import Library
    from ingest.settings import Settings

NO_WORKER = "No worker is running: start one with 'docqa worker'."
OPEN_MOST = 200
FAILURES_SEEN = 5
BROKER_SECONDS = 10.0  # after which a broker that did not answer is asked again
PRIORITIES = range(10)


class Seen(NamedTuple):
    """A job and its pace."""

    job: Job
    pace: Pace

    def record(self) -> dict[str, object]:
        """As JSON shows it."""
        return {**dataclasses.asdict(self.job), "pace": dataclasses.asdict(self.pace)}


class Look(NamedTuple):
    """What there is to see at one moment.

    ``failures`` are the first ones of each job that has some, by its id. ``queues`` are the messages that wait in the
    broker; None where it does not answer. ``workers`` are processes, those of a `docqa worker` and its keeper and those
    that ingest by themselves; ``lease`` is how many seconds one may be silent.
    """

    jobs: list[Seen]
    failures: Mapping[str, list[Failure]]
    workers: list[Worker]
    queues: dict[str, int] | None
    lease: float

    @property
    def lost(self) -> list[Worker]:
        """The processes that have been silent for longer than a lease."""
        return [each for each in self.workers if each.silent > self.lease]

    def living(self, role: str) -> int:
        """How many processes of a role have given a sign of life."""
        return sum(each.role == role and each.silent <= self.lease for each in self.workers)


def see(library: Library, job: Job) -> Seen:
    """A job with its pace."""
    from ingest.catalog.estimate import WINDOW_SECONDS, estimate

    jobs, now = library.catalog.jobs, time.time()
    if not job.open:
        return Seen(job, estimate(job, (), 0, now))
    return Seen(job, estimate(job, jobs.work(job.id, now - WINDOW_SECONDS), job.unopened, now))


def find(library: Library, id: str) -> Job:
    """The job that an id, or the beginning of one, means.

    Raises:
        NotFoundError: there is none, or there are several, or there is no library yet.
    """
    from docqa.cli.options import empty, no_library_yet

    if no_library_yet(library.settings):
        raise NotFoundError(f"There is no job: {empty(library)[0].lower()}{empty(library)[1:]}")
    return library.catalog.jobs.find(id)


def workers(library: Library) -> list[Worker]:
    """The processes that take documents in, of all tenants, keepers first on each machine."""
    found = library.catalog.keeping(library.settings.lease_seconds).workers()
    return sorted(found, key=lambda each: (each.host, each.role != "keeper", len(each.process), each.process))


def nobody_works(library: Library) -> bool:
    """Whether no worker has given a sign of life for the time of a lease."""
    lease = library.settings.lease_seconds
    return not any(each.role != "ingest" and each.silent <= lease for each in workers(library))


class Eye:
    """Looks at one job, or at all that are open and at those that were open when it first looked.

    Args:
        library: whose jobs.
        id: the job; empty for all that are open.
    """

    def __init__(self, library: Library, id: str = "") -> None:
        self._library = library
        self._id = id
        self._followed: dict[str, Job] = {}
        self._failures: dict[str, tuple[tuple[int, ...], list[Failure]]] = {}
        self._queues = Queues(library.settings)

    def look(self) -> Look:
        """What there is to see now. Raises CatalogError where the catalog does not answer."""
        jobs = self._jobs()
        failures = {job.id: some for job in jobs if (some := self._failures_of(job))}
        lease, seen = self._library.settings.lease_seconds, [see(self._library, job) for job in jobs]
        return Look(seen, failures, self._workers(), self._queues.lengths(), lease)

    def close(self) -> None:
        """Close the connection to the broker."""
        self._queues.close()

    def _jobs(self) -> list[Job]:
        jobs = self._library.catalog.jobs
        if self._id:
            return [jobs.get(self._id)]
        open = {job.id: job for job in jobs.newest(("running", "paused"), OPEN_MOST)}
        ended = {id: jobs.get(id) if job.open else job for id, job in self._followed.items() if id not in open}
        self._followed = {**ended, **open}
        return sorted(self._followed.values(), key=lambda job: (not job.open, -job.created, job.id))

    def _workers(self) -> list[Worker]:
        """The processes; what one did last for a job that does not run any more is not what it does now."""
        found = workers(self._library)
        running = {id for id in {each.job for each in found} if id and self._may_run(id)}
        return [each if each.job in running else dataclasses.replace(each, job="", doing="") for each in found]

    def _may_run(self, id: str) -> bool:
        try:
            return self._library.catalog.jobs.get(id).state == "running"
        except NotFoundError:  # another tenant's
            return True

    def _failures_of(self, job: Job) -> list[Failure]:
        """The first failures; they are read anew when there are others."""
        key = (job.counters.failed, job.counters.unreadable, job.counters.parts_failed)
        if not any(key):
            return []
        if self._failures.get(job.id, ((), []))[0] != key:
            self._failures[job.id] = (key, self._library.catalog.job_reports.failures(job.id, FAILURES_SEEN)[0])
        return self._failures[job.id][1]


class Queues:
    """How many messages wait in the broker. One that does not answer is left alone for a while.

    Args:
        settings: name the broker.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._broker: Broker | None = None
        self._not_before = 0.0

    def lengths(self) -> dict[str, int] | None:
        """The messages in each queue; None where the broker does not answer."""
        from ingest.broker import open_broker
        from ingest.worker.app import QUEUES

        if time.monotonic() < self._not_before:
            return None
        try:
            self._broker = self._broker or open_broker(self._settings)
            return self._broker.lengths(QUEUES, PRIORITIES)
        except DocqaError:
            self.close()
            self._not_before = time.monotonic() + BROKER_SECONDS
            return None

    def close(self) -> None:
        """Close the connection."""
        if self._broker:
            self._broker.close()
            self._broker = None
