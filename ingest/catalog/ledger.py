"""The books of an ingest: what is claimed by whom, what is stored, what has still to be removed.

Each method is one transaction. Their order keeps everything safe from a kill at any moment: a generation is written
down before its first chunk is stored, a part is marked after its chunks are stored, and what is to be removed is marked
before its chunks and bytes go and forgotten after.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Engine, and_, delete, exists, or_, select, tuple_, update

from ingest.catalog.books import close, in_sight, settle, write_parts, write_plans
from ingest.catalog.claims import Claims
from ingest.catalog.engine import reading, writing
from ingest.catalog.epochs import alone, beside, bump
from ingest.catalog.job_books import open_jobs, withdraw
from ingest.catalog.places import forget_copies
from ingest.catalog.rows import Offer, Outcome, Part, Plan, Settled, Work
from ingest.catalog.runs import beat, begin, end, living
from ingest.catalog.tables import documents, generations, is_gone, is_waiting, parts, sources
from ingest.catalog.taking_over import forget, parts_of, take_over
from ingest.catalog.uploads import needed
from ingest.errors import NotFoundError

AT_ONCE = 500


class Seen(NamedTuple):
    """What a place held when it was last read, and where the document with those bytes stands."""

    stamp: str
    source: str
    sha256: str
    job: str | None = None


class Leftover(NamedTuple):
    """A generation whose chunks are still to be removed, and its bytes."""

    generation: str
    sha256: str


class Held(NamedTuple):
    """A generation as verification needs it; ``busy`` means that a living process works on it, ``unfinished`` that none
    does though there are parts to do."""

    generation: str
    document: str
    source: str
    sha256: str
    state: str
    chunks: int
    busy: bool
    unfinished: bool


class Ledger:
    """The books of one tenant. Safe to use from any thread."""

    def __init__(self, engine: Engine, tenant: str) -> None:
        self._engine = engine
        self._tenant = tenant

    @contextmanager
    def run(self) -> Iterator[str]:
        """A run of this process, under whose id documents are claimed; its end frees what it has not finished."""
        with writing(self._engine) as connection:
            run = begin(connection, self._tenant)
        try:
            yield run
        finally:
            with writing(self._engine) as connection:
                end(connection, run)

    def beat(self, run: str) -> None:
        """Say that a run still lives, for processes on other machines."""
        with writing(self._engine) as connection:
            beat(connection, run)

    def seen(self, ids: Collection[str], job: str | None = None) -> dict[str, Seen]:
        """Of these places (their ids) those whose bytes, as last read, are live in their collection, or ``job`` has."""
        known = generations.c.state == "live"
        if job is not None:  # a comparison with no job would hold for what a run that is dead has left unfinished
            known = or_(known, and_(generations.c.job == job, generations.c.state.in_(("queued", "ingesting"))))
        same = and_(
            generations.c.tenant == sources.c.tenant,
            generations.c.collection == sources.c.collection,
            generations.c.sha256 == sources.c.sha256,
            known,
        )
        query = (
            select(sources.c.id, sources.c.stamp, documents.c.source, sources.c.sha256, generations.c.job)
            .join(generations, same)
            .join(documents, generations.c.document == documents.c.id)
            .where(sources.c.tenant == self._tenant, sources.c.id.in_(list(ids)))
        )
        with reading(self._engine) as connection:
            return {row.id: Seen(row.stamp, row.source, row.sha256, row.job) for row in connection.execute(query)}

    def claim(
        self,
        run: str,
        parser: str,
        offers: Sequence[Offer],
        there: Callable[[str], bool] = lambda source: True,
        job: str | None = None,
    ) -> list[Outcome]:
        """Claim files for a run, in their order; what another living run or job holds or what is in already is refused.

        With a ``job`` they are claimed for its workers, and the run only has them counted.

        A document whose place no longer holds its bytes moves to a place that does: to an offer, or to another place
        where they were seen and where a file is still ``there``.
        """
        with alone(self._engine, self._tenant) as connection:
            return Claims(connection, self._tenant, run, parser, there, job).take(offers)

    def record(
        self, plans: Sequence[Plan] = (), done: Sequence[tuple[str, Part]] = (), failed: Sequence[tuple[str, str]] = ()
    ) -> list[Settled]:
        """Write down surveys, ended parts (generation, part) and failed generations (generation, reason) at once.

        Returns how the generations ended that have no part left to do; one that another process has taken out of sight
        meanwhile ends as ``deleting``, and its chunks have to be removed again. What a job has taken over meanwhile,
        from a run that seemed dead, is left to it.
        """
        touched = {*(plan.generation.id for plan in plans), *(id for id, _ in done), *(id for id, _ in failed)}
        with beside(self._engine, self._tenant) as connection:
            seen = in_sight(connection, touched)
            own = (generations.c.id.in_(seen), generations.c.job.is_(None))
            kept = set(connection.scalars(select(generations.c.id).where(*own)))
            write_plans(connection, self._tenant, [plan for plan in plans if plan.generation.id in kept])
            write_parts(connection, [(id, part) for id, part in done if id in kept])
            ended = settle(connection, self._tenant, {id for id, _ in done} & kept)
            broken = [Settled(id, "failed", 0, (), (), reason, False) for id, reason in failed if id in kept]
            close(connection, broken)
            lost = [
                Settled(id, "deleting", 0, (), (), "it was deleted or replaced meanwhile", False)
                for id in touched - seen
            ]
            return [*ended, *broken, *lost]

    def busy(self) -> bool:
        """Whether a living process, or a job, takes documents in."""
        with reading(self._engine) as connection:
            return bool(living(connection, self._tenant, "ingest") or open_jobs(connection, self._tenant, "ingest"))

    def inventory(self) -> list[Held]:
        """All generations that there are, out of sight or not."""
        columns = [generations.c[name] for name in ("id", "document", "sha256", "state", "chunks", "run", "job")]
        query = select(documents.c.source, *columns).join(documents, generations.c.document == documents.c.id)
        mine = generations.c.tenant == self._tenant
        waiting = select(parts.c.generation, parts.c.job).join(generations).where(mine, is_waiting).distinct()
        with reading(self._engine) as connection:
            alive, jobs, held = living(connection, self._tenant), open_jobs(connection, self._tenant), []
            open = {row.generation: row.job for row in connection.execute(waiting)}
            for row in connection.execute(query.where(mine).order_by(generations.c.added, generations.c.id)):
                to_do = row.state in ("queued", "ingesting") or (row.state == "live" and row.id in open)
                busy = row.run in alive or row.job in jobs or open.get(row.id) in jobs
                common = (row.id, row.document, row.source, row.sha256, row.state, row.chunks)
                held.append(Held(*common, to_do and busy, to_do and not busy))
            return held

    def parts(self, generation: str) -> tuple[Part, ...]:
        """The parts of a generation, in order."""
        with reading(self._engine) as connection:
            return parts_of(connection, [generation]).get(generation, ())

    def take_over(self, run: str, ids: Sequence[str]) -> list[Work]:
        """Make these generations the work of a run."""
        with alone(self._engine, self._tenant) as connection:
            return take_over(connection, self._tenant, run, ids)

    def requeue(self, generation: str, numbers: Sequence[int]) -> None:
        """Let parts of a generation be done again, by whoever takes it over; it stays live meanwhile."""
        which = (parts.c.generation == generation, parts.c.number.in_(list(numbers)))
        with alone(self._engine, self._tenant) as connection:
            connection.execute(update(parts).where(*which).values(state="waiting", stored=0, job=None))

    def mark_deleted(self, document: str) -> list[str]:
        """Take all generations of a document out of sight and forget where their bytes were seen.

        Returns the places, as shown, where copies of them were seen: an ingest of those takes them in again.

        Raises:
            NotFoundError: there is no such document.
        """
        which = (generations.c.tenant == self._tenant, generations.c.document == document)
        with alone(self._engine, self._tenant) as connection:
            if connection.scalar(select(generations.c.id).where(*which).limit(1)) is None:
                raise NotFoundError(f"There is no document '{document}'; `docqa documents list` shows those there are.")
            connection.execute(update(generations).where(*which).values(state="deleting", claim=None, run=None))
            bump(connection, self._tenant)
            withdraw(connection, list(connection.scalars(select(generations.c.id).where(*which))))
            return forget_copies(connection, self._tenant, document)

    def mark_all_deleted(self, ids: Sequence[str]) -> None:
        """As ``mark_deleted`` for many documents, some hundred in a transaction; what is gone is ignored."""
        for start in range(0, len(ids), AT_ONCE):
            some = generations.c.document.in_(list(ids[start : start + AT_ONCE]))
            which = (generations.c.tenant == self._tenant, some)
            held = select(generations.c.collection, generations.c.sha256).where(*which)
            seen = and_(sources.c.tenant == self._tenant, tuple_(sources.c.collection, sources.c.sha256).in_(held))
            with alone(self._engine, self._tenant) as connection:
                connection.execute(update(generations).where(*which).values(state="deleting", claim=None, run=None))
                bump(connection, self._tenant)
                withdraw(connection, list(connection.scalars(select(generations.c.id).where(*which))))
                connection.execute(delete(sources).where(seen))

    def leftovers(self) -> list[Leftover]:
        """The generations that are out of sight and whose chunks and bytes are still to be removed.

        One that a worker still has a part of waits until the worker has seen that it is out of sight.
        """
        leased = exists().where(parts.c.generation == generations.c.id, parts.c.run.is_not(None))
        mine = (generations.c.tenant == self._tenant, is_gone)
        query = select(generations.c.id, generations.c.sha256).where(*mine, ~leased)
        with reading(self._engine) as connection:
            return [Leftover(row.id, row.sha256) for row in connection.execute(query)]

    def forget(self, leftovers: Sequence[Leftover], remove_bytes: Callable[[str], None]) -> None:
        """Strike out generations whose chunks are gone, and documents that have none left.

        ``remove_bytes`` is called, within the transaction, with each SHA-256 that neither a generation nor an upload of
        the tenant has left.
        """
        with alone(self._engine, self._tenant) as connection:
            ids = [each.generation for each in leftovers]
            gone = set(connection.scalars(select(generations.c.document).where(generations.c.id.in_(ids))))
            forget(connection, ids)
            hashes = {each.sha256 for each in leftovers}
            for sha256 in hashes - needed(connection, self._tenant, hashes):
                remove_bytes(sha256)
            left = set(connection.scalars(select(generations.c.document).where(generations.c.document.in_(list(gone)))))
            connection.execute(delete(documents).where(documents.c.id.in_(list(gone - left))))

    def discard(self, sha256: str, remove_bytes: Callable[[str], None]) -> None:
        """Call ``remove_bytes`` with a SHA-256, within a transaction, if nothing of the tenant has these bytes."""
        with alone(self._engine, self._tenant) as connection:
            if not needed(connection, self._tenant, [sha256]):
                remove_bytes(sha256)
