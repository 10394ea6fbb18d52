"""Counters and the log of jobs. All of it happens inside the transaction that changes what is counted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, insert, select, update

from ingest.catalog.job_rows import LogKind, Stages
from ingest.catalog.job_tables import STAGES, job_log, job_work, jobs
from ingest.catalog.rows import Part, Settled, printable
from ingest.catalog.tables import generations, is_waiting, parts

BUCKET_SECONDS = 10


def add(connection: Connection, job: str, **more: int) -> None:
    """Let counters of a job grow. On PostgreSQL this locks the job, so that whoever comes next sees the result."""
    change = {name: jobs.c[name] + number for name, number in more.items() if number}
    if change:
        connection.execute(update(jobs).where(jobs.c.id == job).values(change))


def log(
    connection: Connection,
    job: str,
    kind: LogKind,
    message: str,
    document: str = "",
    source: str = "",
    part: int | None = None,
) -> None:
    """Write down what happened."""
    values = {"job": job, "at": time.time(), "kind": kind, "document": document, "part": part}
    connection.execute(insert(job_log).values(**values, source=printable(source), message=printable(message)))


def forget_log(connection: Connection, job: str, kind: LogKind) -> None:
    """Strike out the entries of a kind: what they tell is found out anew."""
    connection.execute(delete(job_log).where(job_log.c.job == job, job_log.c.kind == kind))


def count_parts(connection: Connection, job: str, done: Sequence[Part], stages: Stages | None = None) -> None:
    """Count parts that have ended, and how long they took where that is known."""
    done = [part for part in done if part.state != "waiting"]
    if not done:
        return
    stored = [part for part in done if part.state == "stored"]
    pages, chunks = sum(part.last - part.first + 1 for part in stored), sum(part.stored for part in stored)
    add(connection, job, parts_done=len(stored), parts_failed=len(done) - len(stored), pages=pages, chunks=chunks)
    if stages is None:
        return
    work = {"parts": len(done), "pages": pages, "chunks": chunks}
    work |= {f"{stage}_ms": round(1000 * getattr(stages, stage)) for stage in STAGES}
    key = {"job": job, "bucket": int(time.time()) // BUCKET_SECONDS}
    same = (job_work.c.job == job, job_work.c.bucket == key["bucket"])
    grown = {name: job_work.c[name] + number for name, number in work.items()}
    if connection.execute(update(job_work).where(*same).values(grown)).rowcount == 0:
        connection.execute(insert(job_work).values(**key, **work))  # the job's row is locked: nobody inserts meanwhile


def count_settled(connection: Connection, job: str, settled: Sequence[Settled], sources: dict[str, Any]) -> None:
    """Count documents that have ended, and write down why some failed; ``sources`` names (document, source) of each."""
    finished = [each for each in settled if each.state == "live"]
    failed = [each for each in settled if each.state == "failed"]
    add(connection, job, finished=len(finished), failed=len(failed))
    for each in failed:
        document, source = sources.get(each.generation, ("", ""))
        log(connection, job, "failed", each.error, document, source)


def end_if_done(connection: Connection, job: str) -> bool:
    """End a running job that has nothing left to do; whoever does the last of it comes here after counting it."""
    of_job = select(generations.c.id).where(generations.c.job == job)
    left = [none_of(of_job.where(generations.c.state == state), generations.c.id) for state in ("queued", "ingesting")]
    left.append(none_of(select(parts.c.number).where(parts.c.job == job, is_waiting), parts.c.run))
    mine = (jobs.c.id == job, jobs.c.state == "running", jobs.c.step == "done")
    change = update(jobs).where(*mine, *left).values(state="finished", ended=time.time(), note="")
    if connection.execute(change).rowcount == 0:
        return False
    log(connection, job, "state", "finished")
    return True


def none_of(query: Select[Any], order: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a query finds nothing, looked up in the order of an index.

    A plain NOT EXISTS may be planned as a scan: as long as many rows match, or did when statistics were last made, the
    first of them seems to be near. At the end of a job it is nowhere.
    """
    return query.order_by(order).limit(1).scalar_subquery().is_(None)


def open_jobs(connection: Connection, tenant: str, kind: str = "") -> set[str]:
    """The jobs of a tenant, of a kind or of all, whose workers may still go on."""
    mine = [jobs.c.tenant == tenant, jobs.c.state.in_(("running", "paused")), *([jobs.c.kind == kind] if kind else [])]
    return set(connection.scalars(select(jobs.c.id).where(*mine)))


def withdraw(connection: Connection, ids: Sequence[str]) -> None:
    """Take generations that have gone out of sight away from their jobs: nobody begins a part of them any more."""
    if not ids:
        return
    of_them = (generations.c.id.in_(list(ids)), generations.c.job.is_not(None))
    held = connection.execute(select(generations.c.job, generations.c.page_count, generations.c.error).where(*of_them))
    unopened: dict[str, int] = {}
    for row in held.all():
        unopened[row.job] = unopened.get(row.job, 0) + (row.page_count == 0 and not row.error)
    connection.execute(update(generations).where(*of_them).values(job=None))
    of_job = (parts.c.generation.in_(list(ids)), parts.c.job.is_not(None))
    undone = Counter(connection.scalars(select(parts.c.job).where(*of_job, is_waiting)))
    connection.execute(update(parts).where(*of_job).values(job=None))
    for job in sorted({*unopened, *undone}):
        add(connection, job, opened=unopened.get(job, 0), parts=-undone[job])
        end_if_done(connection, job)
