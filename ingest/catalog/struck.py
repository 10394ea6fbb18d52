"""What becomes of parts whose worker is gone or has failed over them: they are free again, or set aside at last."""

from __future__ import annotations

import time

from sqlalchemy import Connection, select, update

from ingest.catalog.books import close
from ingest.catalog.job_books import add, count_settled, end_if_done, log
from ingest.catalog.job_tables import jobs
from ingest.catalog.leases import mark, sources_of
from ingest.catalog.rows import Part, Settled
from ingest.catalog.tables import generations, parts

MOST_DEATHS = 3
"""Processes that may end over a part, or over opening a document, before it is set aside."""
MOST_STEP_DEATHS = 10
"""The same for a job's own step, which is seldom to blame: it is only long."""


def free(connection: Connection, tenant: str, run: str, why: str, blamed: bool = True) -> None:
    """Free what a run had, count it as one of the deaths of each, and set aside what too many have died over.

    A job whose own step is given up has failed by that; a keeper drops what it has not finished.

    Args:
        connection: a transaction.
        tenant: the run's.
        run: the run that is gone, or has failed.
        why: a sentence for the job's log.
        blamed: whether what it had may be at fault. Where a whole worker or its machine was stopped it is not, and no
            death is counted.
    """
    deaths = 1 if blamed else 0
    _free_steps(connection, run, why, deaths)
    _free_parts(connection, tenant, run, why, deaths)
    _free_surveys(connection, run, why, deaths)


def _set_aside(why: str) -> str:
    return f"set aside after {MOST_DEATHS} tries: {why}"


def _free_parts(connection: Connection, tenant: str, run: str, why: str, deaths: int) -> None:
    held = connection.execute(select(parts).where(parts.c.run == run, parts.c.job.is_not(None))).all()
    sources = sources_of(connection, [row.generation for row in held])
    by_job: dict[str, list[tuple[str, Part]]] = {}
    for row in held:
        which = (parts.c.generation == row.generation, parts.c.number == row.number)
        lasting = row.deaths + deaths >= MOST_DEATHS and row.state == "waiting"
        log(connection, row.job, "part" if lasting else "lease", why, *sources[row.generation], row.number)
        if lasting:
            pages = tuple(range(row.first, row.last + 1))
            part = Part(row.number, row.first, row.last, "failed", missing_pages=pages, error=_set_aside(why))
            by_job.setdefault(row.job, []).append((row.generation, part))
        else:
            connection.execute(update(parts).where(*which).values(run=None, deaths=row.deaths + deaths))
    for job, some in by_job.items():
        mark(connection, tenant, run, job, some)
    for job in sorted({row.job for row in held}):
        add(connection, job, leases_lost=sum(row.job == job for row in held))
    connection.execute(update(parts).where(parts.c.run == run).values(run=None))


def _free_surveys(connection: Connection, run: str, why: str, deaths: int) -> None:
    held = select(generations).where(generations.c.run == run, generations.c.job.is_not(None))
    for row in connection.execute(held.with_for_update()).all():
        change = update(generations).where(generations.c.id == row.id)
        connection.execute(change.values(run=None, deaths=row.deaths + deaths))
        source = sources_of(connection, [row.id])
        log(connection, row.job, "lease", why, *source[row.id])
        add(connection, row.job, leases_lost=1)
        if row.deaths + deaths >= MOST_DEATHS and row.state == "queued":
            settled = [Settled(row.id, "failed", 0, (), (), _set_aside(why), False)]
            close(connection, settled)
            count_settled(connection, row.job, settled, source)
            add(connection, row.job, opened=1)
            end_if_done(connection, row.job)


def _free_steps(connection: Connection, run: str, why: str, deaths: int) -> None:
    for row in connection.execute(select(jobs).where(jobs.c.run == run).with_for_update()).all():
        values = {"run": None, "deaths": row.deaths + deaths, "leases_lost": row.leases_lost + 1}
        if row.deaths + deaths >= MOST_STEP_DEATHS and row.state == "running":
            note = f"given up after {MOST_STEP_DEATHS} tries: {why}"
            values |= {"state": "failed", "note": note, "ended": time.time()}
        connection.execute(update(jobs).where(jobs.c.id == row.id).values(values))
        log(connection, row.id, "lease", why)
