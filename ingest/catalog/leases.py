"""Which worker has which part: leases, given and taken back in single transactions.

A lease is the id of a run on the part. It holds for as long as the run is in the catalog: a run that ended, or whose
signs of life have stopped, is struck out by ``ingest.catalog.keeping``, and what it had is free again. A worker that
was struck out and goes on notices when it marks its parts, and its result is left aside: the chunks that it wrote have
the same ids as those of whoever did the part again.

Where several writers are possible, rows that another transaction is at are skipped (``SKIP LOCKED``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, select, tuple_, update

from ingest.catalog.books import close, in_sight, settle, write_parts, write_plans
from ingest.catalog.engine import reading, writing
from ingest.catalog.epochs import alone, beside, bump
from ingest.catalog.job_books import add, count_parts, count_settled, end_if_done
from ingest.catalog.job_rows import Lease, Stages
from ingest.catalog.job_tables import jobs
from ingest.catalog.requeue import requeue_all
from ingest.catalog.rows import Part, Plan, Settled, Work, names_of, printable, survey_of
from ingest.catalog.runs import beat, begin, end
from ingest.catalog.tables import documents, generations, is_gone, is_queued, is_waiting, parts, runs
from ingest.catalog.taking_over import take_over
from ingest.types import Generation

NO_PAGES = "it has no pages"


class Leases:
    """The leases of one tenant. Safe to use from any thread."""

    def __init__(self, engine: Engine, tenant: str) -> None:
        self._engine = engine
        self._tenant = tenant

    def begin(self, role: str = "worker") -> str:
        """Enter this process, as a ``worker`` or a ``keeper``, and return the id of its run."""
        with writing(self._engine) as connection:
            return begin(connection, self._tenant, role)

    def beat(self, run: str) -> bool:
        """Give a sign of life; False where the run has been struck out, and with it all that it had."""
        with writing(self._engine) as connection:
            return beat(connection, run)

    def end(self, run: str) -> None:
        """Leave, and give back what the run still has."""
        with beside(self._engine, self._tenant) as connection:
            _free(connection, run)
            end(connection, run)

    def release(self, run: str) -> None:
        """Give back what the run has; it was not its fault that it could not be done."""
        with beside(self._engine, self._tenant) as connection:
            _free(connection, run)

    def doing(self, run: str, job: str, what: str) -> None:
        """Say what the run does now."""
        with writing(self._engine) as connection:
            _doing(connection, run, job, what)

    def surveys(self, run: str, job: str, most: int) -> list[Work]:
        """Take up to ``most`` documents of a running job to survey; one that a process died over comes alone."""
        waiting = (generations.c.job == job, is_queued, generations.c.page_count == 0)
        columns = [generations.c[name] for name in ("id", "deaths", "collection", "sha256")]
        query = select(*columns).where(*waiting, generations.c.run.is_(None))
        query = query.order_by(generations.c.id).limit(most).with_for_update(skip_locked=True)
        with beside(self._engine, self._tenant) as connection:
            if not _runs(connection, run, job):
                return []
            late = self._late(connection)
            rows = [row for row in connection.execute(query) if (row.collection, row.sha256) not in late]
            if not (ids := [row.id for row in _careful(rows)]):
                return []
            connection.execute(update(generations).where(generations.c.id.in_(ids)).values(run=run))
            works = _works(connection, self._tenant, ids)
            _doing(connection, run, job, f"opens {works[0].source}")
            return works

    def planned(self, run: str, job: str, plans: Sequence[Plan], failed: Sequence[tuple[str, str]]) -> list[Settled]:
        """Write down the surveys of documents that the run has, and the failures (generation, reason) of others."""
        failed = [*failed, *((plan.generation.id, NO_PAGES) for plan in plans if not plan.parts)]
        touched = {*(plan.generation.id for plan in plans), *(id for id, _ in failed)}
        with beside(self._engine, self._tenant) as connection:
            kept = in_sight(connection, touched)
            mine = (generations.c.id.in_(kept), generations.c.run == run, is_queued)
            kept = set(connection.scalars(select(generations.c.id).where(*mine)))
            good = [plan for plan in plans if plan.generation.id in kept and plan.parts]
            write_plans(connection, self._tenant, good, job)
            connection.execute(update(generations).where(generations.c.id.in_(kept)).values(run=None, deaths=0))
            broken = [Settled(id, "failed", 0, (), (), reason, False) for id, reason in failed if id in kept]
            close(connection, broken)
            add(connection, job, opened=len(kept), parts=sum(len(plan.parts) for plan in good))
            count_settled(connection, job, broken, sources_of(connection, [each.generation for each in broken]))
            end_if_done(connection, job)
            return broken

    def parts(self, run: str, job: str, pages: int) -> list[Lease]:
        """Take the next parts of a running job: one, or several small ones of together at most ``pages`` pages.

        A part that a process died over is taken alone, so that it is known who is to blame if it happens again.
        """
        with beside(self._engine, self._tenant) as connection:
            if not _runs(connection, run, job):
                return []
            rows = _next(connection, job, pages)
            if not rows:
                return []
            for generation in {row.generation for row in rows}:
                numbers = [row.number for row in rows if row.generation == generation]
                which = (parts.c.generation == generation, parts.c.number.in_(numbers))
                connection.execute(update(parts).where(*which).values(run=run))
            self._begin_writing(connection, [row.generation for row in rows])
            known = _generations(connection, self._tenant, [row.generation for row in rows])
            leases = [
                Lease(known[row.generation][0], Part(row.number, row.first, row.last), row.deaths) for row in rows
            ]
            first = leases[0]
            pages_told = f"pages {first.part.first} to {first.part.last} of {known[first.generation.id][1]}"
            more = f" and {len(leases) - 1} more" if len(leases) > 1 else ""
            _doing(connection, run, job, pages_told + more)
            return leases

    def work(self, generation: str) -> Work | None:
        """What is known of a generation for doing its parts; None where it is gone."""
        with reading(self._engine) as connection:
            return next(iter(_works(connection, self._tenant, [generation])), None)

    def held(self, run: str) -> set[tuple[str, int]]:
        """The parts (generation, number) that a run still has, of generations that are in sight."""
        query = select(parts.c.generation, parts.c.number).join(generations)
        with reading(self._engine) as connection:
            rows = connection.execute(query.where(parts.c.run == run, is_waiting, ~is_gone))
            return {(row.generation, row.number) for row in rows}

    def mark(self, run: str, job: str, done: Sequence[tuple[str, Part]], stages: Stages | None = None) -> list[Settled]:
        """Write down how parts (generation, part) ended that the run has, and end what is complete by that.

        Returns how generations ended; one that is out of sight by now ends as ``deleting``: what was stored of it has
        to be removed. Parts that the run no longer has are left aside.
        """
        with beside(self._engine, self._tenant) as connection:
            return mark(connection, self._tenant, run, job, done, stages)

    def redo(self, job: str, ids: Sequence[str]) -> int:
        """Let all parts of live generations be done again for a job; returns how many it did not have yet.

        -1 stands for a job that does not run any more.
        """
        with alone(self._engine, self._tenant) as connection:
            return requeue_all(connection, job, ids)

    def take_over(self, run: str, job: str, ids: Sequence[str]) -> None:
        """Make generations, with the parts of them that are waiting, the work of a job."""
        with alone(self._engine, self._tenant) as connection:
            take_over(connection, self._tenant, run, ids, job)
            add(connection, job, found=len(ids))

    def _late(self, connection: Connection) -> set[tuple[str, str]]:
        """Collection and bytes of generations out of sight that a worker is still at: the same bytes have to wait.

        The chunks of both have the same ids, and the worker removes those that it has stored.
        """
        query = select(generations.c.collection, generations.c.sha256).join(parts)
        held = query.where(parts.c.run.is_not(None), is_gone, generations.c.tenant == self._tenant)
        return {(row.collection, row.sha256) for row in connection.execute(held)}

    def _begin_writing(self, connection: Connection, ids: Sequence[str]) -> None:
        """Let queued generations be hidden from searches from now on: parts of them are about to be stored."""
        queued = (generations.c.id.in_(list(ids)), is_queued)
        in_order = select(generations.c.document).where(*queued).order_by(generations.c.id).with_for_update()
        began = list(connection.scalars(in_order))
        if not began:
            return
        connection.execute(update(generations).where(*queued).values(state="ingesting"))
        live = exists().where(generations.c.document.in_(began), generations.c.state == "live")
        if connection.scalar(select(live)):
            bump(connection, self._tenant)


def mark(
    connection: Connection,
    tenant: str,
    run: str,
    job: str,
    done: Sequence[tuple[str, Part]],
    stages: Stages | None = None,
) -> list[Settled]:
    """``Leases.mark`` within a transaction that goes beside others, or alone."""
    ids = {id for id, _ in done}
    kept = in_sight(connection, ids)
    leased = select(parts.c.generation, parts.c.number).where(parts.c.run == run, is_waiting)
    held = {(row.generation, row.number) for row in connection.execute(leased)}
    mine = [(id, part) for id, part in done if id in kept and (id, part.number) in held]
    write_parts(connection, mine)
    over = (parts.c.generation.in_(ids - kept)) | (parts.c.generation.in_(ids) & ~is_waiting)
    connection.execute(update(parts).where(parts.c.run == run, over).values(run=None))
    settled = settle(connection, tenant, {id for id, _ in mine})
    count_parts(connection, job, [part for _, part in mine], stages)
    count_settled(connection, job, settled, sources_of(connection, [each.generation for each in settled]))
    end_if_done(connection, job)
    gone = [Settled(id, "deleting", 0, (), (), "it was deleted or replaced meanwhile", False) for id in ids - kept]
    return [*settled, *gone]


def sources_of(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The document and the source of generations."""
    query = select(generations.c.id, documents.c.id, documents.c.source).join(
        documents, generations.c.document == documents.c.id
    )
    found = connection.execute(query.where(generations.c.id.in_(list(ids)))) if ids else ()
    return {generation: (document, source) for generation, document, source in found}


def _runs(connection: Connection, run: str, job: str) -> bool:
    """Whether the job is running and this run is not struck out."""
    running = exists().where(jobs.c.id == job, jobs.c.state == "running")
    there = exists().where(runs.c.id == run)
    return bool(connection.scalar(select(running & there)))


def _next(connection: Connection, job: str, pages: int) -> list[Row[Any]]:
    """The next parts of a job that may be taken together, locked.

    No more is locked than may be taken: else others would find nothing though parts wait.
    """
    columns = [parts.c[name] for name in ("generation", "number", "first", "last", "deaths")]
    query = select(*columns).where(parts.c.job == job, parts.c.run.is_(None), is_waiting)
    query = query.order_by(parts.c.run, parts.c.generation, parts.c.number).with_for_update(skip_locked=True)
    first = connection.execute(query.limit(1)).first()
    room = pages - (first.last - first.first + 1) if first else 0
    if first is None or first.deaths or room <= 0:
        return [first] if first else []
    later = tuple_(parts.c.generation, parts.c.number) > (first.generation, first.number)
    return _careful([first, *connection.execute(query.where(later).limit(room))], pages)


def _careful(rows: Sequence[Any], pages: int | None = None) -> list[Any]:
    """The first rows that may be taken together: with at most so many pages, and no other beside one with deaths."""
    taken: list[Any] = []
    weight = 0
    for row in rows:
        weight += row.last - row.first + 1 if pages else 0
        if taken and (row.deaths or (pages and weight > pages)):
            break
        taken.append(row)
        if row.deaths:
            break
    return taken


def _free(connection: Connection, run: str) -> None:
    for table in (parts, generations):  # those too that have been withdrawn from their job meanwhile
        connection.execute(update(table).where(table.c.run == run).values(run=None))
    connection.execute(update(jobs).where(jobs.c.run == run).values(run=None))
    _doing(connection, run, None, "")


def _doing(connection: Connection, run: str, job: str | None, what: str) -> None:
    connection.execute(update(runs).where(runs.c.id == run).values(job=job, doing=printable(what)))


def _generations(connection: Connection, tenant: str, ids: Sequence[str]) -> dict[str, tuple[Generation, str]]:
    columns = [generations.c[name] for name in ("id", "document", "collection", "sha256")]
    query = select(documents.c.source, *columns).join(documents, generations.c.document == documents.c.id)
    rows = connection.execute(query.where(generations.c.id.in_(list(ids))))
    return {row.id: (Generation(row.id, row.document, tenant, row.collection, row.sha256), row.source) for row in rows}


def _works(connection: Connection, tenant: str, ids: Sequence[str]) -> list[Work]:
    query = select(generations, documents.c.source).join(documents, generations.c.document == documents.c.id)
    works = []
    for row in connection.execute(query.where(generations.c.id.in_(list(ids))).order_by(generations.c.id)):
        survey = survey_of(row.survey)
        generation = Generation(row.id, row.document, tenant, row.collection, row.sha256)
        names = names_of(row.names) if survey else None
        works.append(Work(generation, row.source, survey, names, live=row.state == "live"))
    return works
