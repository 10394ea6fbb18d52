"""What readers ask the catalog: documents, collections, names, and what a search may see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Engine, and_, case, func, or_, select, tuple_

from ingest.catalog.engine import address, reading
from ingest.catalog.job_metrics import JobReports
from ingest.catalog.jobs import Jobs
from ingest.catalog.keeping import Keeping
from ingest.catalog.leases import Leases
from ingest.catalog.ledger import Ledger
from ingest.catalog.rows import CollectionRow, DocumentRow, NamedDocument, Visibility, names_of
from ingest.catalog.schedules import Schedules
from ingest.catalog.shown import IN_ONE_QUERY, document_rows, rows_of_bytes, survey_of_document, within
from ingest.catalog.tables import LISTED_LENGTH, aliases, documents, epochs, generations, is_live
from ingest.catalog.uploads import Uploads
from ingest.errors import CatalogError, NotFoundError
from ingest.names import normalise
from ingest.types import Health, Survey

MOST_NAMED = 500
SHORTEST_PREFIX = 4
HIDDEN = ("ingesting", "replaced", "deleting")


class Catalog:
    """The documents of one tenant. Safe to use from any thread.

    Args:
        engine: the database, its tables up to date.
        tenant: whose documents.
    """

    def __init__(self, engine: Engine, tenant: str) -> None:
        self._engine = engine
        self._tenant = tenant
        self.ledger = Ledger(engine, tenant)
        self.jobs = Jobs(engine, tenant)
        self.job_reports = JobReports(engine, tenant)
        self.leases = Leases(engine, tenant)
        self.schedules = Schedules(engine, tenant)
        self.uploads = Uploads(engine, tenant)

    def for_tenant(self, tenant: str) -> Catalog:
        """The same database for another tenant."""
        return Catalog(self._engine, tenant)

    def keeping(self, lease_seconds: float) -> Keeping:
        """What looks after the jobs of all tenants in this catalog; see ``ingest.catalog.keeping``."""
        return Keeping(self._engine, lease_seconds)

    def documents(self, collections: Sequence[str] = ()) -> list[DocumentRow]:
        """All documents of some collections (of all by default), by collection and source."""
        return self._rows(self._mine(collections))

    def page(
        self, collections: Sequence[str] = (), after: tuple[str, str, str] | None = None, most: int = 100
    ) -> list[DocumentRow]:
        """The next documents of some collections (of all by default), by collection, source and id.

        Args:
            collections: their names.
            after: collection, source and id of the last document of the page before; None for the first page.
            most: how many at most; fewer than that may come at any time, and none at the end.
        """
        key = (documents.c.collection, documents.c.listed, documents.c.id)
        behind = slice(1 if len(collections) == 1 else 0, None)  # SQLite does not see that it is always the same
        next_ones = select(*key).where(self._mine(collections)).order_by(*key[behind]).limit(most)
        while True:
            last = (after[0], after[1][:LISTED_LENGTH], after[2]) if after else None
            rest = next_ones.where(tuple_(*key[behind]) > tuple_(*last[behind])) if last else next_ones
            with reading(self._engine) as connection:
                keys = connection.execute(rest).all()
            if not keys:
                return []
            if found := self._rows(documents.c.id.in_([row.id for row in keys])):
                return found
            after = (keys[-1].collection, keys[-1].listed, keys[-1].id)  # all of these are being removed

    def pages(self, collections: Sequence[str] = (), most: int = 500) -> Iterator[list[DocumentRow]]:
        """All documents of some collections (of all by default), a page at a time; see ``page``."""
        rows = self.page(collections, None, most)
        while rows:
            yield rows
            rows = self.page(collections, (rows[-1].collection, rows[-1].source, rows[-1].id), most)

    def find(self, text: str, collections: Sequence[str] = ()) -> list[DocumentRow]:
        """The documents that a text names: by id, the beginning of an id, source, file name, or else title or alias."""
        escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        keys = [documents.c.id == text, documents.c.source == text, documents.c.source.like(f"%/{escaped}", escape="!")]
        if len(text) >= SHORTEST_PREFIX:
            keys.append(documents.c.id.like(f"{escaped}%", escape="!"))
        mine = self._mine(collections)
        found = self._rows(and_(or_(*keys), mine)) if text else []
        if found or not (key := normalise(text)):
            return found
        named = select(aliases.c.generation).where(aliases.c.tenant == self._tenant, aliases.c.alias == key)
        called = or_(generations.c.id.in_(named), func.lower(generations.c.title) == text.lower())
        of_name = select(generations.c.document).where(generations.c.tenant == self._tenant, called)
        return self._rows(and_(documents.c.id.in_(of_name), mine))

    def document(self, id: str) -> DocumentRow:
        """The document of this id. Raises NotFoundError where there is none."""
        if found := self._rows(and_(documents.c.id == id, self._mine(()))):
            return found[0]
        raise NotFoundError(f"There is no document '{id[:40]}'; 'docqa documents list' shows those there are.")

    def holding(self, collection: str, sha256s: Collection[str]) -> dict[str, DocumentRow]:
        """The documents of a collection that hold these bytes, by SHA-256, whatever their state."""
        with reading(self._engine) as connection:
            return rows_of_bytes(connection, self._tenant, collection, sha256s)

    def survey(self, document: str) -> Survey | None:
        """What is known of a document as a whole, with its outline; None where it was not opened yet."""
        with reading(self._engine) as connection:
            return survey_of_document(connection, self._tenant, document)

    def documents_of(self, job: str) -> list[str]:
        """The ids of the documents whose live version a job has brought in."""
        mine = (generations.c.tenant == self._tenant, generations.c.job == job, generations.c.state == "live")
        with reading(self._engine) as connection:
            return list(connection.scalars(select(generations.c.document).where(*mine)))

    def titles(self, collections: Sequence[str] = (), most: int = 12) -> list[str]:
        """The titles of the first ``most`` live documents, by title."""
        live = and_(generations.c.tenant == self._tenant, generations.c.state == "live")
        query = select(generations.c.title).where(live, within(generations.c.collection, collections))
        with reading(self._engine) as connection:
            return list(connection.scalars(query.order_by(generations.c.title).limit(most)))

    def listed(
        self, words: Sequence[str], collections: Sequence[str] = (), first: int = 0, most: int = 20
    ) -> tuple[list[tuple[str, int, str]], int]:
        """Live documents whose title or source holds all of some words: title, pages and collection, by title; and how
        many there are.
        """
        live = [generations.c.tenant == self._tenant, generations.c.state == "live"]
        live.append(within(generations.c.collection, collections))
        for word in words[:20]:
            called = (
                generations.c.title.icontains(word, autoescape=True),
                documents.c.source.icontains(word, autoescape=True),
            )
            live.append(or_(*called))
        matching = select(generations.c.title, generations.c.page_count, generations.c.collection)
        matching = matching.join(documents, documents.c.id == generations.c.document).where(and_(*live))
        order = (generations.c.title, generations.c.id)
        with reading(self._engine) as connection:
            total = connection.scalar(select(func.count()).select_from(matching.subquery())) or 0
            rows = connection.execute(matching.order_by(*order).offset(first).limit(most)).all()
        return [(row[0], row[1], row[2]) for row in rows], total

    def named(self, keys: Sequence[str], collections: Sequence[str] = ()) -> list[NamedDocument]:
        """The live documents that have one of these normalised names, those with most of them first, at most 500."""
        if not keys:
            return []
        wanted = and_(aliases.c.tenant == self._tenant, aliases.c.alias.in_(list(dict.fromkeys(keys))))
        live = and_(generations.c.state == "live", within(generations.c.collection, collections))
        matches = func.count().label("matches")
        best = (
            select(generations.c.id, matches)
            .join(aliases, aliases.c.generation == generations.c.id)
            .where(wanted, live)
            .group_by(generations.c.id)
            .order_by(matches.desc(), generations.c.id)
            .limit(MOST_NAMED)
        )
        found: dict[str, NamedDocument] = {}
        with reading(self._engine) as connection:
            order = [row.id for row in connection.execute(best)]
            columns = (
                generations.c.id,
                generations.c.document,
                generations.c.collection,
                generations.c.names,
                aliases.c.alias,
            )
            query = select(*columns).join(aliases, aliases.c.generation == generations.c.id).order_by(aliases.c.alias)
            for row in connection.execute(query.where(wanted, generations.c.id.in_(order))):
                known = found.get(row.id) or NamedDocument(
                    row.document, row.id, row.collection, names_of(row.names), ()
                )
                found[row.id] = replace(known, matched=(*known.matched, row.alias))
        return [found[id] for id in order]

    def visibility(self, collections: Sequence[str] = ()) -> Visibility:
        """The generations that a search must leave out now, and the epoch that this holds in.

        The epoch grows whenever a replacement begins or switches and whenever a document is deleted: a search that
        reads the same epoch before and after has seen each document in one version, whole.
        """
        hidden = select(generations.c.id).where(
            generations.c.tenant == self._tenant,
            generations.c.state.in_(HIDDEN),
            within(generations.c.collection, collections),
        )
        with reading(self._engine) as connection:
            epoch = connection.scalar(select(epochs.c.epoch).where(epochs.c.tenant == self._tenant)) or 0
            return Visibility(epoch, tuple(connection.scalars(hidden.order_by(generations.c.id))))

    def fingerprint(self, collections: Sequence[str] = ()) -> str:
        """A text that becomes another whenever what a search of some collections (of all by default) may find does."""
        live = (generations.c.tenant == self._tenant, is_live)
        numbers = (func.count(), func.max(generations.c.added), func.sum(generations.c.chunks))
        query = select(*numbers).where(*live, within(generations.c.collection, collections))
        with reading(self._engine) as connection:
            epoch = connection.scalar(select(epochs.c.epoch).where(epochs.c.tenant == self._tenant)) or 0
            count, newest, chunks = connection.execute(query).one()
        return f"{epoch} {count} {newest or 0!r} {chunks or 0}"

    def live(self, ids: Collection[str]) -> set[str]:
        """Those of these generations that are live."""
        found: set[str] = set()
        wanted = list(dict.fromkeys(ids))
        with reading(self._engine) as connection:
            for start in range(0, len(wanted), IN_ONE_QUERY):
                some = generations.c.id.in_(wanted[start : start + IN_ONE_QUERY])
                mine = and_(generations.c.tenant == self._tenant, generations.c.state == "live")
                found.update(connection.scalars(select(generations.c.id).where(mine, some)))
        return found

    def collections(self) -> list[CollectionRow]:
        """The collections that hold a document, by name, with their numbers."""
        live = generations.c.state == "live"
        query = (
            select(
                generations.c.collection,
                func.sum(case((live, 1), else_=0)),
                func.sum(case((generations.c.state == "failed", 1), else_=0)),
                func.sum(case((live, generations.c.page_count), else_=0)),
                func.sum(case((live, generations.c.chunks), else_=0)),
            )
            .where(generations.c.tenant == self._tenant)
            .group_by(generations.c.collection)
            .order_by(generations.c.collection)
        )
        with reading(self._engine) as connection:
            return [CollectionRow(str(name), *map(int, numbers)) for name, *numbers in connection.execute(query)]

    def health(self) -> Health:
        """Whether the catalog can be read, and what it holds."""
        where = {"url": address(self._engine)}
        try:
            held = self.collections()
        except CatalogError as error:
            return Health(False, str(error), where)
        documents, chunks = sum(row.documents for row in held), sum(row.chunks for row in held)
        message = f"{documents} documents with {chunks} chunks in {len(held)} collections"
        return Health(True, message, where)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _mine(self, collections: Sequence[str]) -> ColumnElement[bool]:
        """Of which documents: the tenant's, in some collections or in all."""
        return and_(documents.c.tenant == self._tenant, within(documents.c.collection, collections))

    def _rows(self, which: ColumnElement[bool]) -> list[DocumentRow]:
        """One row for each of the documents chosen, of this tenant: its live generation, else its newest."""
        with reading(self._engine) as connection:
            return document_rows(connection, which)
