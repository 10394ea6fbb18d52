"""Generations that were begun: handed to another run or job, with the parts that they have; or struck out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select, update

from ingest.catalog.epochs import bump
from ingest.catalog.job_books import add, count_parts, withdraw
from ingest.catalog.rows import Part, Work, names_of, pages_of, survey_of
from ingest.catalog.tables import aliases, documents, generations, parts
from ingest.types import Generation


def take_over(connection: Connection, tenant: str, run: str, ids: Sequence[str], job: str | None = None) -> list[Work]:
    """Make generations the work of a run, or of the workers of a job, with the survey and the parts that they have."""
    mine = (generations.c.tenant == tenant, generations.c.id.in_(list(ids)))
    withdraw(connection, list(ids))  # a job that has ended may not have dropped them yet
    values = {"run": None if job else run, "job": job, "attempts": generations.c.attempts + 1}
    connection.execute(update(generations).where(*mine).values(values))
    if job:
        unopened = update(generations).where(*mine, generations.c.page_count == 0)
        connection.execute(unopened.values(state="queued"))
    else:
        written_from_now_on = update(generations).where(*mine, generations.c.state == "queued")
        if connection.execute(written_from_now_on.values(state="ingesting")).rowcount:
            bump(connection, tenant)
    connection.execute(update(parts).where(parts.c.generation.in_(list(ids))).values(job=job, run=None))
    known = parts_of(connection, ids)
    if job:
        of_job = [part for id in ids for part in known.get(id, ())]
        opened = select(func.count()).where(*mine, generations.c.page_count > 0)
        add(connection, job, opened=connection.scalar(opened) or 0, parts=len(of_job))
        count_parts(connection, job, [part for part in of_job if part.state != "waiting"])
    works = []
    found = select(generations, documents.c.source).join(documents, generations.c.document == documents.c.id)
    for row in connection.execute(found.where(*mine).order_by(generations.c.added, generations.c.id)):
        generation = Generation(row.id, row.document, tenant, row.collection, row.sha256)
        survey = survey_of(row.survey)
        names = names_of(row.names) if survey else None
        works.append(Work(generation, row.source, survey, names, known.get(row.id, ())))
    return works


def parts_of(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[Part, ...]]:
    """The parts of generations, in order."""
    known: dict[str, list[Part]] = defaultdict(list)
    query = select(parts).where(parts.c.generation.in_(list(ids))).order_by(parts.c.generation, parts.c.number)
    for row in connection.execute(query):
        missing, scanned = pages_of(row.missing_pages), pages_of(row.scanned_pages)
        numbers = (row.number, row.first, row.last, row.state, row.expected, row.stored)
        known[row.generation].append(Part(*numbers, missing, scanned, row.error))
    return {id: tuple(of) for id, of in known.items()}


def forget(connection: Connection, ids: Sequence[str]) -> None:
    """Remove generations with their parts and aliases."""
    for table, column in (
        (parts, parts.c.generation),
        (aliases, aliases.c.generation),
        (generations, generations.c.id),
    ):
        connection.execute(delete(table).where(column.in_(list(ids))))
