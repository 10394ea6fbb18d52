"""Who takes in which file: decided for a group of files in one transaction, so that nothing is taken in twice."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, insert, select, union, update

from ingest.catalog.epochs import bump
from ingest.catalog.job_books import add, open_jobs, withdraw
from ingest.catalog.places import Places, remember
from ingest.catalog.rows import Offer, Outcome, Work
from ingest.catalog.runs import living
from ingest.catalog.tables import documents, generations
from ingest.catalog.taking_over import forget, take_over
from ingest.types import Generation

UNFINISHED = ("queued", "ingesting")


@dataclass(slots=True)
class _Entry:
    """A generation as far as claims go, and the place where its document stands."""

    id: str
    document: str
    collection: str
    source: str
    place: str
    sha256: str
    state: str
    claim: str | None
    run: str | None
    attempts: int
    parser: str
    chunks: int
    job: str | None = None


def claim_key(tenant: str, collection: str, sha256: str) -> str:
    """What may be held once only: these bytes in this collection."""
    return hashlib.sha256(f"{tenant}\0{collection}\0{sha256}".encode()).hexdigest()


class Claims:
    """The claims of one run on a group of offers, decided and written in one transaction, which has to go alone.

    Args:
        there: whether a file is at a place (as shown) now.
        job: the job that the files are claimed for; its workers do them. Without one the run does them itself.
    """

    def __init__(
        self,
        connection: Connection,
        tenant: str,
        run: str,
        parser: str,
        there: Callable[[str], bool],
        job: str | None = None,
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._run = run
        self._parser = parser
        self._job = job
        self._alive = living(connection, tenant)
        self._open_jobs = open_jobs(connection, tenant)
        self._places = Places(connection, tenant, there)
        self._entries: list[_Entry] = []
        self._stands: dict[str, str | None] = {}
        self._documents: dict[str, dict[str, Any]] = {}
        self._generations: list[dict[str, Any]] = []
        self._unsettled: set[str] = set()
        self._switching = False
        self._gone: list[str] = []
        self._begun = 0

    def take(self, offers: Sequence[Offer]) -> list[Outcome]:
        """Decide about each offer and write the decisions down."""
        self._read(offers)
        outcomes = [self._decide(offer) for offer in offers]
        self._write(offers)
        return outcomes

    def _read(self, offers: Sequence[Offer]) -> None:
        """Find the generations that hold the same bytes, and all those of their documents and of these places."""
        keys = [claim_key(self._tenant, offer.collection, offer.sha256) for offer in offers]
        ids = [offer.document for offer in offers]
        names = (
            "id",
            "document",
            "collection",
            "sha256",
            "state",
            "claim",
            "run",
            "attempts",
            "parser",
            "chunks",
            "job",
        )
        joined = (
            select(documents.c.source, documents.c.place, *(generations.c[name] for name in names))
            .join(documents, generations.c.document == documents.c.id)
            .where(
                generations.c.tenant == self._tenant, generations.c.state.in_(("queued", "ingesting", "live", "failed"))
            )
        )
        holders = select(generations.c.document).where(generations.c.claim.in_(keys))
        here = select(documents.c.id).where(documents.c.place.in_(ids))
        touched = generations.c.document.in_(union(holders, here))
        self._entries = [_Entry(**row._mapping) for row in self._connection.execute(joined.where(touched))]
        known = select(documents.c.id, documents.c.place).where(documents.c.id.in_(ids))
        self._stands = {row.id: row.place for row in self._connection.execute(known)}
        live = {entry.sha256 for entry in self._entries if entry.state == "live"}
        self._places.read(offers, {entry.place for entry in self._entries}, live)

    def _decide(self, offer: Offer) -> Outcome:
        if self._job and self._job not in self._open_jobs:
            self._unsettled.add(offer.document)
            return Outcome(offer, reason="its job has ended")
        key = claim_key(self._tenant, offer.collection, offer.sha256)
        holder = next((entry for entry in self._entries if entry.claim == key), None)
        own = [entry for entry in self._entries if entry.place == offer.document and entry is not holder]
        if holder and holder.state == "live":
            return self._held(offer, holder, own)
        if busy := next((entry for entry in [*([holder] if holder else []), *own] if self._busy(entry)), None):
            return self._refused(offer, busy)
        if holder and holder.parser == self._parser:
            return Outcome(offer, self._take_over(holder, offer))
        if any(self._claimed_here(offer, entry) and entry.sha256 == offer.sha256 for entry in own):
            return Outcome(offer, reason="it has failed in this job", own=True)
        stale = [*([holder] if holder else []), *(entry for entry in own if entry.state != "live")]
        attempts = max((entry.attempts for entry in stale if entry.sha256 == offer.sha256), default=0)
        self._drop(stale, keep_bytes_of=offer.sha256)
        self._hand_over(entry for entry in own if entry.state == "live")
        return Outcome(offer, self._begin(offer, attempts + 1))

    def _held(self, offer: Offer, holder: _Entry, own: Sequence[_Entry]) -> Outcome:
        """These bytes are live: their document stays where it is, or moves here where its place has other bytes now."""
        idle = [entry for entry in own if not self._busy(entry)]
        self._drop(entry for entry in idle if entry.state != "live")
        self._drop(self._hand_over(entry for entry in idle if entry.state == "live"))
        if holder.place == offer.document or not self._places.has_other(holder.place, holder.source, holder.sha256):
            return Outcome(
                offer, reason=f"already in the library as {holder.source}", own=self._claimed_here(offer, holder)
            )
        if busy := next((entry for entry in own if self._busy(entry)), None):
            return self._refused(offer, busy)
        before = holder.source
        if self._move(holder, offer.document, offer.place):
            return Outcome(offer, reason=f"already in the library, until now as {before}")
        # The next version of its document is on its way and will replace it, so that its bytes are read anew from here.
        self._drop([holder])
        return Outcome(offer, self._begin(offer, 1))

    def _refused(self, offer: Offer, busy: _Entry) -> Outcome:
        """Somebody is at these bytes or at this place; the next ingest looks at the place again."""
        self._unsettled.add(offer.document)
        if busy.job and busy.job in self._open_jobs:
            by = "by this job" if busy.job == self._job else f"by job {busy.job[:8]}"
        else:
            by = "in this run" if busy.run == self._run else "by another process"
        return Outcome(offer, reason=f"being taken in {by} as {busy.source}", own=self._claimed_here(offer, busy))

    def _claimed_here(self, offer: Offer, entry: _Entry) -> bool:
        return self._job is not None and entry.job == self._job and entry.place == offer.document

    def _busy(self, entry: _Entry) -> bool:
        return entry.state in UNFINISHED and (entry.run in self._alive or entry.job in self._open_jobs)

    def _drop(self, entries: Iterable[_Entry], keep_bytes_of: str = "") -> None:
        """Take generations out of sight; a failed one that left no chunks and whose bytes stay goes at once."""
        for entry in list(entries):
            self._switching = self._switching or entry.state == "live"
            if entry.state == "failed" and entry.chunks == 0 and entry.sha256 == keep_bytes_of:
                forget(self._connection, [entry.id])
            else:
                values = {"state": "replaced", "claim": None, "run": None}
                self._connection.execute(update(generations).where(generations.c.id == entry.id).values(values))
                self._gone.append(entry.id)
            self._entries.remove(entry)

    def _hand_over(self, entries: Iterable[_Entry]) -> list[_Entry]:
        """Let the documents of live generations move to places with their bytes; returns those that cannot."""
        left = []
        for entry in list(entries):
            copy = self._places.copy(entry.place, entry.sha256, entry.collection)
            if not copy or not self._move(entry, copy.id, copy.source):
                left.append(entry)
        return left

    def _move(self, entry: _Entry, place: str, source: str) -> bool:
        """Let a document stand at another place, unless another version of it is being taken in."""
        others = [each for each in self._entries if each.document == entry.document and each is not entry]
        if any(each.state in UNFINISHED for each in others):
            return False
        self._drop(others)  # what failed to take its place
        self._places.move(entry.document, place, source)
        self._stands[entry.document] = entry.place = place
        entry.source = source
        return True

    def _take_over(self, entry: _Entry, offer: Offer) -> Work:
        """Go on with what a dead process has begun."""
        entry.run, entry.job = self._run, self._job
        if entry.place != offer.document:
            self._unsettled.add(offer.document)
            if self._places.has_other(entry.place, entry.source, entry.sha256):
                self._move(entry, offer.document, offer.place)
        self._begun += 1
        return take_over(self._connection, self._tenant, self._run, [entry.id], self._job)[0]

    def _document(self, offer: Offer) -> str:
        """The id of the document at a place; another than the place's where that document has moved away."""
        here = next((entry.document for entry in self._entries if entry.place == offer.document), None)
        if here or self._stands.get(offer.document, offer.document) == offer.document:
            return here or offer.document
        return str(uuid.uuid4())

    def _begin(self, offer: Offer, attempts: int) -> Work:
        """A new generation of the document, which stands beside the live one until it is complete."""
        document, now = self._document(offer), time.time()
        generation = Generation(str(uuid.uuid4()), document, self._tenant, offer.collection, offer.sha256)
        beside = [entry for entry in self._entries if entry.document == document]
        self._switching = self._switching or any(entry.state == "live" for entry in beside)
        common = {"tenant": self._tenant, "collection": offer.collection, "added": now}
        where: dict[str, Any] = {"source": offer.place, "place": offer.document}
        self._documents[document] = {"id": document, **where, **common}
        claimed: dict[str, Any] = {
            "id": generation.id,
            "document": document,
            "collection": offer.collection,
            "sha256": offer.sha256,
            "state": "queued" if self._job else "ingesting",
            "claim": claim_key(self._tenant, offer.collection, offer.sha256),
            "run": None if self._job else self._run,
            "attempts": attempts,
            "parser": self._parser,
            "chunks": 0,
            "job": self._job,
        }
        blank = dict.fromkeys(("survey", "names", "title", "missing_pages", "scanned_pages", "error"), "")
        self._generations.append({**common, **blank, **claimed, "size": offer.size, "page_count": 0})
        self._entries.append(_Entry(**claimed, **where))
        self._begun += 1
        return Work(generation, offer.place)

    def _write(self, offers: Sequence[Offer]) -> None:
        known = select(documents.c.id).where(documents.c.id.in_(list(self._documents)))
        for id in self._connection.scalars(known):
            del self._documents[id]
        if self._documents:
            self._connection.execute(insert(documents), list(self._documents.values()))
        if self._generations:
            self._connection.execute(insert(generations), self._generations)
        sure = [replace(offer, stamp="") if offer.document in self._unsettled else offer for offer in offers]
        remember(self._connection, self._tenant, sure)
        if self._switching:
            bump(self._connection, self._tenant)
        withdraw(self._connection, self._gone)
        if self._job:
            add(self._connection, self._job, found=self._begun)
