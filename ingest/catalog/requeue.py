"""What a job leaves undone: taken back where it has ended before its end, begun again where it is retried."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, and_, delete, or_, select, update

from ingest.catalog.claims import claim_key
from ingest.catalog.epochs import alone, bump
from ingest.catalog.job_books import add, withdraw
from ingest.catalog.job_tables import jobs
from ingest.catalog.tables import aliases, generations, is_waiting, parts

AT_ONCE = 500  # documents in one statement
ENDED_EARLY = ("cancelled", "failed")


def drop_unfinished(engine: Engine, tenant: str, job: str) -> None:
    """Take back what a job that was cancelled, or has failed, has not finished, a little at a time: others go on.

    Its unfinished documents go out of sight; cleaning removes what is stored of them. Parts of live documents that
    were to be done again stay as they were. Killed on the way, a keeper goes on with it.
    """
    for state in ("queued", "ingesting"):
        last: str | None = ""
        while last is not None:
            last = _drop_some(engine, tenant, job, state, last)
    with alone(engine, tenant) as connection:
        if _has_ended_early(connection, job):
            restore_parts(connection, job)


def _drop_some(engine: Engine, tenant: str, job: str, state: str, after: str) -> str | None:
    """Drop some documents in a state, those after an id; returns the last one's id, None where there are no more."""
    mine = (generations.c.job == job, generations.c.state == state, generations.c.id > after)
    with alone(engine, tenant) as connection:
        ids = list(connection.scalars(select(generations.c.id).where(*mine).order_by(generations.c.id).limit(AT_ONCE)))
        if not ids or not _has_ended_early(connection, job):
            return None
        values = {"state": "dropped" if state == "queued" else "replaced", "claim": None, "run": None}
        connection.execute(update(generations).where(generations.c.id.in_(ids)).values(values))
        withdraw(connection, ids)
        bump(connection, tenant)
        return str(ids[-1])


def _has_ended_early(connection: Connection, job: str) -> bool:
    return connection.scalar(select(jobs.c.state).where(jobs.c.id == job)) in ENDED_EARLY


def requeue_failed(connection: Connection, tenant: str, job: str) -> int:
    """Let a job's failed documents, and failed parts of its live ones, be done again; returns how many documents.

    A failed document whose bytes another one holds by now stays as it is.
    """
    failed = select(generations).where(generations.c.job == job, generations.c.state == "failed").with_for_update()
    again = []
    for row in connection.execute(failed).all():
        key = claim_key(tenant, row.collection, row.sha256)
        if connection.scalar(select(generations.c.id).where(generations.c.claim == key)) is not None:
            continue
        values = {"state": "queued", "claim": key, "run": None, "deaths": 0, "page_count": 0, "survey": "", "error": ""}
        connection.execute(update(generations).where(generations.c.id == row.id).values(values))
        again.append(row.id)
    for start in range(0, len(again), AT_ONCE):
        _forget_parts(connection, job, again[start : start + AT_ONCE])
    add(connection, job, failed=-len(again), opened=-len(again))
    return len(again) + _requeue_parts(connection, job)


def _forget_parts(connection: Connection, job: str, ids: Sequence[str]) -> None:
    """Strike out what was found out about generations: they are surveyed anew."""
    columns = (parts.c.state, parts.c.first, parts.c.last)
    known = connection.execute(select(*columns).where(parts.c.generation.in_(ids), parts.c.job == job)).all()
    pages = [row.last - row.first + 1 for row in known if row.state == "stored"]
    failed = sum(row.state == "failed" for row in known)
    add(connection, job, parts=-len(known), parts_done=-len(pages), parts_failed=-failed, pages=-sum(pages))
    for table in (parts, aliases):
        connection.execute(delete(table).where(table.c.generation.in_(ids)))


def _requeue_parts(connection: Connection, job: str) -> int:
    mine = (parts.c.job == job, parts.c.state == "failed")
    of_them = select(parts.c.generation).where(*mine)
    live = select(generations.c.id).where(generations.c.id.in_(of_them), generations.c.state == "live")
    ids = list(connection.scalars(live.order_by(generations.c.id).with_for_update()))
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        waiting = select(parts.c.generation).where(parts.c.generation.in_(some), is_waiting).distinct()
        not_counted = len(list(connection.scalars(waiting)))  # an earlier retry of them still goes on
        again = update(parts).where(*mine, parts.c.generation.in_(some))
        count = connection.execute(again.values(state="waiting", deaths=0, run=None)).rowcount
        add(connection, job, finished=not_counted - len(some), parts_failed=-count)
    return len(ids)


def requeue_all(connection: Connection, job: str, ids: Sequence[str]) -> int:
    """Let all parts of live generations be done again for a job; they stay live, with what they have, meanwhile.

    One that another job is at, or that this one has taken before, is left alone. Returns how many were taken; -1 where
    the job does not run any more.
    """
    if connection.scalar(select(jobs.c.id).where(jobs.c.id == job, jobs.c.state == "running")) is None:
        return -1
    live = select(generations.c.id).where(generations.c.id.in_(list(ids)), generations.c.state == "live")
    taken = list(connection.scalars(live.order_by(generations.c.id).with_for_update()))
    open = select(jobs.c.id).where(jobs.c.state.in_(("running", "paused")))
    others = (is_waiting, parts.c.job.in_(open))
    touched = select(parts.c.generation).where(parts.c.generation.in_(taken), or_(parts.c.job == job, and_(*others)))
    busy = set(connection.scalars(touched))
    free = [id for id in taken if id not in busy]
    again = update(parts).where(parts.c.generation.in_(free))
    count = connection.execute(again.values(state="waiting", deaths=0, run=None, job=job)).rowcount if free else 0
    add(connection, job, found=len(free), opened=len(free), parts=count)
    return len(free)


def restore_parts(connection: Connection, job: str) -> None:
    """Leave the parts of live generations that a job was to do again as they were, but for those at work."""
    live = select(generations.c.id).where(generations.c.state == "live", generations.c.id == parts.c.generation)
    mine = (parts.c.job == job, parts.c.run.is_(None), is_waiting, live.exists())
    at_work = select(parts.c.generation).where(parts.c.job == job, parts.c.run.is_not(None), is_waiting)
    known = connection.execute(select(parts.c.generation, parts.c.error).where(*mine)).all()
    redone = {row.generation for row in known if not row.error}
    retried = [row.generation for row in known if row.generation not in redone]
    whole = set(retried) - set(connection.scalars(at_work))  # the others are finished with what is at work
    add(connection, job, finished=len(whole), parts_failed=len(retried))  # they were, before the retry
    connection.execute(update(parts).where(*mine, parts.c.error != "").values(state="failed"))
    connection.execute(update(parts).where(*mine, parts.c.error == "").values(state="stored"))
