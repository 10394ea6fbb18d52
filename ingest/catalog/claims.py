"""Who takes in which file: decided for a group of files in one transaction, so that nothing is taken in twice."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from ingest.catalog.rows import Part, Work, names_of, pages_of, survey_of
from ingest.catalog.runs import living
from ingest.catalog.tables import aliases, documents, epochs, generations, parts, sources
from ingest.types import Generation


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that could be taken in: the id of the document of its place, the place as shown, and its bytes.

    ``stamp`` is what tells without reading whether the file has changed; empty where that cannot be relied on.
    """

    document: str
    collection: str
    place: str
    stamp: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an offer: work for this run, or the reason why there is none."""

    offer: Offer
    work: Work | None = None
    reason: str = ""


@dataclass(slots=True)
class _Entry:
    """A generation as far as claims go."""

    id: str
    document: str
    source: str
    sha256: str
    state: str
    claim: str | None
    run: str | None
    attempts: int
    parser: str
    chunks: int


def claim_key(tenant: str, collection: str, sha256: str) -> str:
    """What may be held once only: these bytes in this collection."""
    return hashlib.sha256(f"{tenant}\0{collection}\0{sha256}".encode()).hexdigest()


class Claims:
    """The claims of one run on a group of offers, in one transaction: ``take`` each, then ``write``."""

    def __init__(self, connection: Connection, tenant: str, run: str, parser: str) -> None:
        self._connection = connection
        self._tenant = tenant
        self._run = run
        self._parser = parser
        self._alive = living(connection, tenant)
        self._by_claim: dict[str, _Entry] = {}
        self._by_document: dict[str, list[_Entry]] = defaultdict(list)
        self._documents: dict[str, dict[str, Any]] = {}
        self._generations: list[dict[str, Any]] = []
        self._switching = False

    def take(self, offers: Sequence[Offer]) -> list[Outcome]:
        """Decide about each offer and write the decisions down."""
        self._read(offers)
        outcomes = [self._decide(offer) for offer in offers]
        self._write(offers)
        return outcomes

    def _read(self, offers: Sequence[Offer]) -> None:
        """Find the generations that hold the same bytes or belong to the same documents."""
        keys = [claim_key(self._tenant, offer.collection, offer.sha256) for offer in offers]
        ids = [offer.document for offer in offers]
        columns = [
            generations.c[name]
            for name in ("id", "document", "sha256", "state", "claim", "run", "attempts", "parser", "chunks")
        ]
        query = (
            select(documents.c.source, *columns)
            .join(documents, generations.c.document == documents.c.id)
            .where(or_(generations.c.claim.in_(keys), generations.c.document.in_(ids)))
            .where(generations.c.tenant == self._tenant, generations.c.state.in_(("ingesting", "live", "failed")))
        )
        for row in self._connection.execute(query):
            self._know(_Entry(**row._mapping))

    def _know(self, entry: _Entry) -> None:
        self._by_document[entry.document].append(entry)
        if entry.claim:
            self._by_claim[entry.claim] = entry

    def _decide(self, offer: Offer) -> Outcome:
        holder = self._by_claim.get(claim_key(self._tenant, offer.collection, offer.sha256))
        own = [entry for entry in self._by_document[offer.document] if entry is not holder]
        busy = next((entry for entry in [*([holder] if holder else []), *own] if self._busy(entry)), None)
        if holder and holder.state == "live":
            self._drop(entry for entry in own if not self._busy(entry))
            return Outcome(offer, reason=f"already in the library as {holder.source}")
        if busy:
            by = "in this run" if busy.run == self._run else "by another process"
            return Outcome(offer, reason=f"being taken in {by} as {busy.source}")
        if holder and holder.parser == self._parser:
            return Outcome(offer, self._take_over(holder, offer))
        stale = [*([holder] if holder else []), *(entry for entry in own if entry.state != "live")]
        attempts = max((entry.attempts for entry in stale if entry.sha256 == offer.sha256), default=0)
        self._drop(stale, keep_bytes_of=offer.sha256)
        return Outcome(offer, self._begin(offer, attempts + 1))

    def _busy(self, entry: _Entry) -> bool:
        return entry.state == "ingesting" and entry.run in self._alive

    def _drop(self, entries: Any, keep_bytes_of: str = "") -> None:
        """Take generations out of sight; a failed one that left no chunks and whose bytes stay goes at once."""
        for entry in list(entries):
            self._switching = self._switching or entry.state == "live"
            if entry.state == "failed" and entry.chunks == 0 and entry.sha256 == keep_bytes_of:
                forget(self._connection, [entry.id])
            else:
                values = {"state": "replaced", "claim": None, "run": None}
                self._connection.execute(update(generations).where(generations.c.id == entry.id).values(values))
            self._by_document[entry.document].remove(entry)
            self._by_claim.pop(entry.claim or "", None)

    def _take_over(self, entry: _Entry, offer: Offer) -> Work:
        """Go on with what a dead process has begun."""
        entry.run = self._run
        return take_over(self._connection, self._tenant, self._run, [entry.id])[0]

    def _begin(self, offer: Offer, attempts: int) -> Work:
        """A new generation of the document, which stands beside the live one until it is complete."""
        generation = Generation(str(uuid.uuid4()), offer.document, self._tenant, offer.collection, offer.sha256)
        key = claim_key(self._tenant, offer.collection, offer.sha256)
        self._switching = self._switching or any(entry.state == "live" for entry in self._by_document[offer.document])
        common = {"tenant": self._tenant, "collection": offer.collection, "added": time.time()}
        self._documents[offer.document] = {"id": offer.document, "source": offer.place, **common}
        blank = dict.fromkeys(("survey", "names", "title", "missing_pages", "scanned_pages", "error"), "")
        numbers = {"size": offer.size, "attempts": attempts, "page_count": 0, "chunks": 0}
        row = {
            "id": generation.id,
            "document": offer.document,
            "sha256": offer.sha256,
            "state": "ingesting",
            "claim": key,
        }
        self._generations.append({**common, **blank, **numbers, **row, "run": self._run, "parser": self._parser})
        self._know(
            _Entry(
                generation.id,
                offer.document,
                offer.place,
                offer.sha256,
                "ingesting",
                key,
                self._run,
                attempts,
                self._parser,
                0,
            )
        )
        return Work(generation, offer.place)

    def _write(self, offers: Sequence[Offer]) -> None:
        known = select(documents.c.id).where(documents.c.id.in_(list(self._documents)))
        for id in self._connection.scalars(known):
            del self._documents[id]
        if self._documents:
            self._connection.execute(insert(documents), list(self._documents.values()))
        if self._generations:
            self._connection.execute(insert(generations), self._generations)
        remember(self._connection, self._tenant, offers)
        if self._switching:
            bump(self._connection, self._tenant)


def remember(connection: Connection, tenant: str, offers: Sequence[Offer]) -> None:
    """Keep what each place held, so that it need not be read again while it stays as it is."""
    rows = {
        offer.document: {
            "id": offer.document,
            "tenant": tenant,
            "collection": offer.collection,
            "place": offer.place,
            "stamp": offer.stamp,
            "sha256": offer.sha256,
        }
        for offer in offers
    }
    old = set(connection.scalars(select(sources.c.id).where(sources.c.id.in_(list(rows)))))
    if new := [row for id, row in rows.items() if id not in old]:
        connection.execute(insert(sources), new)
    if old:
        change = update(sources).where(sources.c.id == bindparam("b_id"))
        values = [{"b_id": id, "stamp": rows[id]["stamp"], "sha256": rows[id]["sha256"]} for id in old]
        connection.execute(change, values)


def take_over(connection: Connection, tenant: str, run: str, ids: Sequence[str]) -> list[Work]:
    """Make generations the work of a run, with the survey and the parts that they have."""
    mine = (generations.c.tenant == tenant, generations.c.id.in_(list(ids)))
    connection.execute(update(generations).where(*mine).values(run=run, attempts=generations.c.attempts + 1))
    known = parts_of(connection, ids)
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


def bump(connection: Connection, tenant: str) -> None:
    """Let the epoch grow: what a search may see is changing."""
    changed = connection.execute(update(epochs).where(epochs.c.tenant == tenant).values(epoch=epochs.c.epoch + 1))
    if changed.rowcount == 0:
        connection.execute(insert(epochs).values(tenant=tenant, epoch=1))
