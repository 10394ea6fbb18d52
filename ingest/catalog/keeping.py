"""What keeps jobs going whoever dies: runs that are gone are struck out, and what is left to do is found.

Whether a run on another machine lives is judged by whether its count of beats grows while this process looks on, by
this process's monotonic clock. So no machine's clock has to be right, and one that jumps does no harm.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Engine, delete, or_, select

from ingest.catalog.engine import reading, writing
from ingest.catalog.epochs import alone
from ingest.catalog.job_books import end_if_done, none_of
from ingest.catalog.job_records import job_of
from ingest.catalog.job_rows import Job, Worker
from ingest.catalog.job_tables import jobs
from ingest.catalog.requeue import ENDED_EARLY, drop_unfinished
from ingest.catalog.runs import ended_alone, runs_here, this_process
from ingest.catalog.struck import free
from ingest.catalog.tables import generations, is_gone, is_queued, is_waiting, parts, runs


class Open(NamedTuple):
    """A running job and what of it waits for a worker: its own step, documents to survey, parts."""

    job: Job
    step: bool
    surveys: bool
    parts: bool


class Keeping:
    """Looks after the jobs of all tenants. One object lasts as long as its process, since it remembers beats.

    Args:
        engine: the catalog's database.
        lease_seconds: how long a run may be silent before it counts as gone.
        clock: seconds that only grow.
    """

    def __init__(self, engine: Engine, lease_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._seen: dict[str, tuple[int, float]] = {}

    def strike(self) -> list[str]:
        """Strike out the runs that are gone and free what they had; returns their ids."""
        struck = []
        for run, tenant in self._silent():
            with alone(self._engine, tenant) as connection:
                row = connection.execute(select(runs).where(runs.c.id == run)).one_or_none()
                if row is None or (row.beats != self._seen[run][0] and not self._process_ended(row.host, row.process)):
                    continue
                if connection.execute(delete(runs).where(runs.c.id == run, runs.c.beats == row.beats)).rowcount:
                    blamed = row.host == this_process().host and ended_alone(row.process)
                    free(connection, tenant, run, "its worker ended or fell silent", blamed)
                    struck.append(run)
        return struck

    def workers(self, tenant: str = "") -> list[Worker]:
        """The processes that take documents in, of a tenant or of all."""
        now, query = time.time(), select(runs).order_by(runs.c.host, runs.c.process)
        with reading(self._engine) as connection:
            rows = connection.execute(query.where(runs.c.tenant == tenant) if tenant else query).all()
        return [
            Worker(row.id, row.host.split(" ")[0], row.process.split(" ")[0], row.job or "", row.doing,
                   max(now - row.heartbeat, 0.0), row.role)
            for row in rows
            if not self._process_ended(row.host, row.process)
        ]  # fmt: skip

    def open(self, most: int = 1000) -> list[Open]:
        """The running jobs with something that nobody is at, the most urgent first."""
        query = select(jobs).where(jobs.c.state == "running").order_by(jobs.c.priority.desc(), jobs.c.created)
        unopened = (is_queued, generations.c.page_count == 0, generations.c.run.is_(None))
        queued = ~none_of(select(generations.c.id).where(generations.c.job == jobs.c.id, *unopened), generations.c.id)
        open_parts = select(parts.c.number).where(parts.c.job == jobs.c.id, is_waiting, parts.c.run.is_(None))
        waiting = ~none_of(open_parts, parts.c.generation)
        with reading(self._engine) as connection:
            rows = connection.execute(query.add_columns(queued.label("surveys"), waiting.label("open")))
            found = (
                Open(job_of(row), row.step == "waiting" and row.run is None, bool(row.surveys), bool(row.open))
                for row in rows
            )
            wanting = (each for each in found if each.step or each.surveys or each.parts)
            return list(islice(wanting, most))

    def blame(self, tenant: str, run: str, why: str) -> None:
        """Free what a run has, and count it against each: something unforeseen happened while it was at them."""
        with alone(self._engine, tenant) as connection:
            free(connection, tenant, run, why)

    def end_finished(self) -> list[str]:
        """End the running jobs that have nothing left to do, and drop what others have left; returns the former's ids.

        Whoever does the last of a job, or cancels it, does this; it is for those that were killed on the way.
        """
        for job, tenant in self._left_over():
            drop_unfinished(self._engine, tenant, job)
        with reading(self._engine) as connection:
            running = list(
                connection.scalars(select(jobs.c.id).where(jobs.c.state == "running", jobs.c.step == "done"))
            )
        ended = []
        for job in running:
            with writing(self._engine) as connection:
                if end_if_done(connection, job):
                    ended.append(job)
        return ended

    def _left_over(self) -> list[tuple[str, str]]:
        """Jobs, each with its tenant, that ended before their end and have something that is not dropped yet."""
        mine = [
            select(generations.c.id).where(generations.c.job == jobs.c.id, generations.c.state == state)
            for state in ("queued", "ingesting")
        ]
        waiting = select(parts.c.number).where(parts.c.job == jobs.c.id, is_waiting, parts.c.run.is_(None))
        some = [*(~none_of(each, generations.c.id) for each in mine), ~none_of(waiting, parts.c.generation)]
        query = select(jobs.c.id, jobs.c.tenant).where(jobs.c.state.in_(ENDED_EARLY), or_(*some))
        with reading(self._engine) as connection:
            return [(row.id, row.tenant) for row in connection.execute(query)]

    def tenants_to_clean(self) -> list[str]:
        """Tenants with generations out of sight whose chunks and bytes are still there."""
        query = select(generations.c.tenant).where(is_gone).distinct()
        with reading(self._engine) as connection:
            return list(connection.scalars(query))

    def _silent(self) -> list[tuple[str, str]]:
        """Runs, each with its tenant, whose process has ended, or whose beats have stood still for too long."""
        now, silent = self._clock(), []
        with reading(self._engine) as connection:
            rows = connection.execute(select(runs)).all()
        known = {}
        for row in rows:
            beats, since = self._seen.get(row.id, (row.beats, now))
            known[row.id] = (row.beats, now if row.beats != beats else since)
            if self._process_ended(row.host, row.process) or now - known[row.id][1] > self._lease_seconds:
                silent.append((row.id, row.tenant))
        self._seen = known
        return silent

    @staticmethod
    def _process_ended(host: str, process: str) -> bool:
        return host == this_process().host and not runs_here(process)
