"""Jobs as their owner sees them: begun, listed, paused, cancelled, tried again; all of it can be repeated."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, exists, select, update

from ingest.catalog.engine import reading, writing
from ingest.catalog.epochs import alone, beside
from ingest.catalog.job_books import end_if_done, forget_log, log
from ingest.catalog.job_records import create, job_of
from ingest.catalog.job_rows import USUAL, Job, JobKind, JobState, LogEntry, LogKind, Stages, Work
from ingest.catalog.job_tables import STAGES, job_log, job_work, jobs
from ingest.catalog.requeue import drop_unfinished, requeue_failed
from ingest.catalog.rows import printable
from ingest.catalog.runs import this_host
from ingest.catalog.tables import runs
from ingest.errors import JobError, NotFoundError

SHORTEST_PREFIX = 4
NUMBERED = re.compile(r"\S*\d\S*")


class Jobs:
    """The jobs of one tenant. Safe to use from any thread."""

    def __init__(self, engine: Engine, tenant: str) -> None:
        self._engine = engine
        self._tenant = tenant

    def create(
        self,
        kind: JobKind,
        collection: str = "",
        arguments: dict[str, Any] | None = None,
        owner: str = "",
        priority: int = USUAL,
        here: bool = False,
    ) -> Job:
        """Write a new job down; it runs at once.

        Args:
            kind: what it does.
            collection: whose documents it is about; empty where it is about all or none.
            arguments: what it needs to know, as JSON; see ``ingest.worker.steps``.
            owner: who asked for it.
            priority: which goes first, see ``ingest.catalog.job_rows``.
            here: whether only this machine can see what it names.
        """
        with writing(self._engine) as connection:
            id = create(
                connection,
                self._tenant,
                kind,
                collection,
                arguments or {},
                owner,
                priority,
                this_host() if here else "",
            )
            return self._get(connection, id)

    def get(self, id: str) -> Job:
        """The job of this id. Raises NotFoundError where there is none."""
        with reading(self._engine) as connection:
            return self._get(connection, id)

    def find(self, text: str) -> Job:
        """The job that an id, or the beginning of one, means.

        Raises:
            NotFoundError: there is none, or there are several.
        """
        escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        which = jobs.c.id == text if len(text) < SHORTEST_PREFIX else jobs.c.id.like(f"{escaped}%", escape="!")
        with reading(self._engine) as connection:
            rows = connection.execute(select(jobs).where(jobs.c.tenant == self._tenant, which).limit(2)).all()
        if len(rows) != 1:
            what = "There is no job" if not rows else "Several jobs begin with"
            raise NotFoundError(f"{what} '{text[:40]}'; 'docqa jobs list' shows those that there are.")
        return job_of(rows[0])

    def newest(self, states: Sequence[JobState] = (), most: int = 50) -> list[Job]:
        """The newest jobs, at most so many, the newest first."""
        mine = [jobs.c.tenant == self._tenant, *([jobs.c.state.in_(list(states))] if states else [])]
        with reading(self._engine) as connection:
            rows = connection.execute(select(jobs).where(*mine).order_by(jobs.c.created.desc(), jobs.c.id).limit(most))
            return [job_of(row) for row in rows]

    def cancel(self, id: str) -> Job:
        """End a job: no part is begun any more. Documents that are complete stay, unfinished ones are taken back.

        Raises:
            JobError: it has ended otherwise.
        """
        self._change(id, "cancelled", ("running", "paused"))
        drop_unfinished(self._engine, self._tenant, id)
        return self.get(id)

    def pause(self, id: str) -> Job:
        """Let a job rest: no part is begun until it is resumed. Raises JobError where it has ended."""
        return self._change(id, "paused", ("running",))

    def resume(self, id: str) -> Job:
        """Let a paused job go on. Raises JobError where it has ended."""
        return self._change(id, "running", ("paused",))

    def retry(self, id: str) -> Job:
        """Try again what has failed in a job: documents, parts that were given up, files that could not be read.

        Raises:
            JobError: it was cancelled.
        """
        with alone(self._engine, self._tenant) as connection:
            job = self._get(connection, id, lock=True)
            if job.state == "cancelled":
                raise JobError(f"Job {id[:8]} was cancelled: begin it again with the command that began it.")
            again = requeue_failed(connection, self._tenant, id)
            values: dict[str, Any] = {"state": "running", "ended": None, "note": "", "deaths": 0}
            if job.state == "failed" or (job.step == "done" and job.counters.unreadable):
                values["step"] = "waiting"
            elif job.state == "finished" and not again:
                return job
            connection.execute(update(jobs).where(jobs.c.id == id).values(values))
            log(connection, id, "state", f"tried again: {again} documents")
            end_if_done(connection, id)
            return self._get(connection, id)

    def log(self, id: str, kinds: Sequence[LogKind] = (), after: int = 0, most: int = 1000) -> list[LogEntry]:
        """What happened in a job after an entry, in order, at most so many entries."""
        which = [job_log.c.job == id, job_log.c.id > after, *([job_log.c.kind.in_(list(kinds))] if kinds else [])]
        with reading(self._engine) as connection:
            self._get(connection, id)
            rows = connection.execute(select(job_log).where(*which).order_by(job_log.c.id).limit(most))
            return [LogEntry(row.id, row.at, row.kind, row.document, row.part, row.source, row.message) for row in rows]

    def work(self, id: str, since: float) -> list[Work]:
        """What was done in each ten seconds since a moment, in order."""
        which = (job_work.c.job == id, job_work.c.bucket >= int(since) // 10)
        with reading(self._engine) as connection:
            rows = connection.execute(select(job_work).where(*which).order_by(job_work.c.bucket)).all()
        return [
            Work(
                row.bucket * 10.0,
                row.parts,
                row.pages,
                row.chunks,
                Stages(*(getattr(row, f"{stage}_ms") / 1000 for stage in STAGES)),
            )
            for row in rows
        ]

    def begin_step(self, run: str, id: str) -> bool:
        """Take the job's own step for a run, an earlier try's counts forgotten.

        Returns False where another run has it, or this one was struck out.
        """
        with beside(self._engine, self._tenant) as connection:
            mine = (jobs.c.id == id, jobs.c.state == "running", jobs.c.step == "waiting")
            free = ((jobs.c.run.is_(None)) | (jobs.c.run == run)) & exists().where(runs.c.id == run)
            values = {"run": run, "ignored": 0, "skipped": 0, "unreadable": 0}
            if connection.execute(update(jobs).where(*mine, free).values(values)).rowcount == 0:
                return False
            forget_log(connection, id, "unreadable")
            return True

    def keep_step(
        self,
        run: str,
        id: str,
        unreadable: Sequence[tuple[str, str]] = (),
        differences: Sequence[tuple[str, str]] = (),
        over: bool = False,
        **counts: int,
    ) -> bool:
        """Keep what the job's own step has met so far; False where the job does not want it to go on.

        Args:
            run: the run that has the step.
            id: the job.
            unreadable: (source, reason) of files that could not be read, those not told yet.
            differences: (source, sentence) of what a verification has found.
            over: whether the step is done; then the job ends if nothing is open.
            counts: counters that this step alone sets, as they are now.
        """
        with writing(self._engine) as connection:
            values: dict[str, Any] = {**counts, "unreadable": jobs.c.unreadable + len(unreadable)}
            values |= {"step": "done", "run": None} if over else {}
            wanted = ("running", "paused") if over else ("running",)  # what is done is kept, though the job may rest
            mine = (jobs.c.id == id, jobs.c.run == run, jobs.c.state.in_(wanted))
            if connection.execute(update(jobs).where(*mine).values(values)).rowcount == 0:
                return False
            for source, message in unreadable:
                log(connection, id, "unreadable", message, "", source)
            for source, message in differences:
                log(connection, id, "difference", message, "", source)
            if over:
                end_if_done(connection, id)
            return True

    def note(self, id: str, message: str) -> None:
        """Say what a running job waits for; empty for nothing."""
        message = printable(message)
        with writing(self._engine) as connection:
            mine = (jobs.c.id == id, jobs.c.state == "running", jobs.c.note != message)
            before = connection.scalar(select(jobs.c.note).where(*mine))
            if before is None:
                return
            connection.execute(update(jobs).where(*mine).values(note=message))
            if message and NUMBERED.sub("#", message) != NUMBERED.sub("#", before):  # not each request's number anew
                log(connection, id, "note", message)

    def fail(self, run: str, id: str, reason: str) -> None:
        """End a job whose own step cannot be done; what it has not finished is taken back."""
        with alone(self._engine, self._tenant) as connection:
            mine = (jobs.c.id == id, jobs.c.run == run, jobs.c.state.in_(("running", "paused")))
            values = {"state": "failed", "note": printable(reason), "ended": time.time(), "run": None}
            if connection.execute(update(jobs).where(*mine).values(values)).rowcount == 0:
                return
            log(connection, id, "state", f"failed: {reason}")
        drop_unfinished(self._engine, self._tenant, id)

    def _change(self, id: str, to: JobState, allowed: Sequence[str]) -> Job:
        with alone(self._engine, self._tenant) as connection:
            job = self._get(connection, id, lock=True)
            if job.state == to:
                return job
            if job.state not in allowed:
                raise JobError(f"Job {id[:8]} is {job.state}; it cannot become {to}.")
            values: dict[str, Any] = {"state": to, "note": ""}
            if to == "cancelled":
                values |= {"ended": time.time(), "run": None}
            connection.execute(update(jobs).where(jobs.c.id == id).values(values))
            log(connection, id, "state", to)
            end_if_done(connection, id)
            return self._get(connection, id)

    def _get(self, connection: Connection, id: str, lock: bool = False) -> Job:
        query = select(jobs).where(jobs.c.id == id, jobs.c.tenant == self._tenant)
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no job '{id[:40]}'; 'docqa jobs list' shows those that there are.")
        return job_of(row)
