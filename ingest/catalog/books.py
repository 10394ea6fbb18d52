"""What has been read and stored of each claimed generation, and what becomes of it when its last part is in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from ingest.catalog.epochs import bump
from ingest.catalog.job_books import withdraw
from ingest.catalog.rows import Part, Plan, Settled, names_json, pages_json, pages_of, printable, survey_json
from ingest.catalog.tables import aliases, generations, parts

LONGEST_ALIAS = 500


def in_sight(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those of these generations that are being taken in or live, locked until the transaction ends.

    Of two processes that end the last two parts of a document at once, the second thus sees what the first has written.
    The other versions of their documents are locked too: one that goes live takes the place of another.
    """
    state = generations.c.state.in_(("queued", "ingesting", "live"))
    same = select(generations.c.document).where(generations.c.id.in_(list(ids)))
    query = select(generations.c.id).where(generations.c.document.in_(same), state).order_by(generations.c.id)
    return set(connection.scalars(query.with_for_update())).intersection(ids)


def write_plans(connection: Connection, tenant: str, plans: Sequence[Plan], job: str | None = None) -> None:
    """Write down what surveying told: the survey, the names, and the parts that wait, for a job if it is one's."""
    change = update(generations).where(generations.c.id == bindparam("b_id"))
    described, waiting, named = [], [], []
    for plan in plans:
        id = plan.generation.id
        values = {
            "survey": survey_json(plan.survey),
            "names": names_json(plan.names),
            "page_count": plan.survey.page_count,
        }
        described.append({"b_id": id, "title": printable(plan.names.title), **values})
        waiting += [{"generation": id, "attempts": 0, "job": job, **_values(part)} for part in plan.parts]
        usable = dict.fromkeys(printable(alias) for alias in plan.names.aliases)
        named += [
            {"generation": id, "tenant": tenant, "alias": alias} for alias in usable if 0 < len(alias) <= LONGEST_ALIAS
        ]
    for statement, rows in ((change, described), (insert(parts), waiting), (insert(aliases), named)):
        if rows:
            connection.execute(statement, rows)


def write_parts(connection: Connection, done: Sequence[tuple[str, Part]]) -> None:
    """Write down how parts ended: of each its generation and its new values."""
    if not done:
        return
    which = (parts.c.generation == bindparam("b_generation"), parts.c.number == bindparam("b_number"))
    names = ("state", "expected", "stored", "missing_pages", "scanned_pages", "error")
    change = (
        update(parts)
        .where(*which)
        .values({name: bindparam(f"b_{name}") for name in names})
        .values(attempts=parts.c.attempts + 1, run=None)
    )
    rows = [{f"b_{key}": value for key, value in {"generation": id, **_values(part)}.items()} for id, part in done]
    connection.execute(change, rows)


def _values(part: Part) -> dict[str, Any]:
    return {
        "number": part.number,
        "first": part.first,
        "last": part.last,
        "state": part.state,
        "expected": part.expected,
        "stored": part.stored,
        "missing_pages": pages_json(part.missing_pages),
        "scanned_pages": pages_json(part.scanned_pages),
        "error": printable(part.error),
    }


def settle(connection: Connection, tenant: str, ids: Collection[str]) -> list[Settled]:
    """Close those of these generations that have no part waiting: they go live, or they have failed.

    One that goes live takes the place of the live generation of its document in this same transaction.
    """
    open = select(parts.c.generation).distinct().where(parts.c.state == "waiting", parts.c.generation.in_(list(ids)))
    complete = set(ids) - set(connection.scalars(open))
    if not complete:
        return []
    of: dict[str, list[Row[Any]]] = defaultdict(list)
    query = select(parts).where(parts.c.generation.in_(list(complete))).order_by(parts.c.generation, parts.c.number)
    for row in connection.execute(query):
        of[row.generation].append(row)
    replaced = _replace(connection, tenant, [id for id in complete if any(row.stored for row in of[id])])
    settled = [_ending(id, of[id], id in replaced) for id in sorted(complete)]
    close(connection, settled)
    return settled


def _replace(connection: Connection, tenant: str, ids: Sequence[str]) -> set[str]:
    """Take the live generations of the same documents out of sight; returns those of ``ids`` that replace one."""
    new = {
        row.document: row.id for row in connection.execute(select(generations).where(generations.c.id.in_(list(ids))))
    }
    older = (generations.c.document.in_(list(new)), generations.c.state == "live", generations.c.id.not_in(list(ids)))
    replacing = {new[document] for document in connection.scalars(select(generations.c.document).where(*older))}
    if replacing:
        gone = list(connection.scalars(select(generations.c.id).where(*older)))
        values = {"state": "replaced", "claim": None, "run": None}
        connection.execute(update(generations).where(generations.c.id.in_(gone)).values(values))
        withdraw(connection, gone)
        bump(connection, tenant)
    return replacing


def _ending(id: str, rows: Sequence[Row[Any]], replaced: bool) -> Settled:
    chunks = sum(row.stored for row in rows)
    missing = tuple(page for row in rows for page in pages_of(row.missing_pages))
    scanned = tuple(page for row in rows for page in pages_of(row.scanned_pages))
    error = next((row.error for row in rows if row.error), "")
    if chunks:
        return Settled(id, "live", chunks, missing, scanned, error, replaced)
    if not error:
        error = f"no text on any page: {len(scanned)} of them scanned" if scanned else "no text on any page"
    return Settled(id, "failed", 0, missing, scanned, error, replaced)


def close(connection: Connection, settled: Sequence[Settled]) -> None:
    """Write down how generations ended; a failed one no longer holds the claim on its bytes."""
    for state in ("live", "failed"):
        values = [
            {
                "b_id": each.generation,
                "chunks": each.chunks,
                "missing_pages": pages_json(each.missing_pages),
                "scanned_pages": pages_json(each.scanned_pages),
                "error": printable(each.error),
            }
            for each in settled
            if each.state == state
        ]
        change = update(generations).where(generations.c.id == bindparam("b_id")).values(state=state, run=None)
        if values:
            connection.execute(change if state == "live" else change.values(claim=None), values)
