"""What must hold of all jobs of a tenant while nothing is written: counters are counts, and nothing is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, Row, select

from ingest.catalog.engine import reading
from ingest.catalog.job_tables import jobs
from ingest.catalog.tables import documents, generations, parts, runs


def untruths(engine: Engine, tenant: str, named: dict[str, str]) -> list[str]:
    """Sentences about what does not hold.

    Args:
        engine: the catalog's database.
        tenant: whose jobs.
        named: for each job with what the sources of its documents begin, of all versions that it has begun.
    """
    with reading(engine) as connection:
        known = connection.execute(select(jobs).where(jobs.c.tenant == tenant)).all()
        query = select(generations, documents.c.source).join(documents, generations.c.document == documents.c.id)
        versions = connection.execute(query.where(generations.c.tenant == tenant)).all()
        ours = parts.c.generation.in_([row.id for row in versions])
        pieces = connection.execute(select(parts).where(ours)).all()
        alive = set(connection.scalars(select(runs.c.id)))
    told = [
        f"{what} is held by a run that is not there"
        for what, rows in (("a part", pieces), ("a version", versions), ("a step", known))
        for row in rows
        if row.run and row.run not in alive
    ]
    for job in known:
        mine = [row for row in versions if row.source.startswith(named[job.id])]
        ids = {row.id for row in mine}
        told += _of_job(job, mine, [row for row in pieces if row.generation in ids])
    return told


def _of_job(job: Row[Any], versions: Sequence[Row[Any]], pieces: Sequence[Row[Any]]) -> list[str]:
    waiting = {row.generation for row in pieces if row.state == "waiting"}
    stored = [row for row in pieces if row.state == "stored"]
    counts = {
        "found": len(versions),
        "finished": sum(row.chunks > 0 and row.id not in waiting for row in versions),
        "failed": sum(row.chunks == 0 and row.error != "" for row in versions),
        "parts_done": len(stored),
        "parts_failed": sum(row.state == "failed" for row in pieces),
        "pages": sum(row.last - row.first + 1 for row in stored),
        "chunks": sum(row.stored for row in stored),
    }
    if job.state != "cancelled":
        counts["parts"] = sum(row.state != "waiting" or row.job is not None for row in pieces)
    about = f"job {job.id[:8]} ({job.state})"
    told = [
        f"{about} counts {getattr(job, name)} {name}, there are {number}"
        for name, number in counts.items()
        if getattr(job, name) != number
    ]
    unfinished = [row for row in versions if row.job == job.id and row.state in ("queued", "ingesting")]
    undone = [row for row in pieces if row.job == job.id and row.state == "waiting"]
    if job.state == "running":
        right = bool(unfinished or undone or job.step == "waiting")
    else:
        right = job.state == "paused" or not (unfinished or undone)
    if not right:
        told.append(f"{about} has {len(unfinished)} documents and {len(undone)} parts to do")
    return told
