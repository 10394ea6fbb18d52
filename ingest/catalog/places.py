"""What is known to be at which place, and documents that move from one place to another with their bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, insert, or_, select, update

from ingest.catalog.rows import Offer
from ingest.catalog.tables import documents, generations, sources
from ingest.catalog.uploads import is_uploaded


class Spot(NamedTuple):
    """A place: its id, its collection, how it is shown, and the SHA-256 of what it held when it was last read."""

    id: str
    collection: str
    source: str
    sha256: str


class Places:
    """The places that matter to a group of offers, within one transaction.

    Args:
        there: whether a file is at a place (as shown) now; it is not asked about the places of uploads.
    """

    def __init__(self, connection: Connection, tenant: str, there: Callable[[str], bool]) -> None:
        self._connection = connection
        self._tenant = tenant
        self._there = there
        self._spots: dict[str, Spot] = {}

    def read(self, offers: Sequence[Offer], ids: Collection[str], hashes: Collection[str]) -> None:
        """Find what was seen at the places of these ids and where these bytes were seen; offers are newer than both."""
        copies = and_(
            sources.c.collection.in_({offer.collection for offer in offers}), sources.c.sha256.in_(list(hashes))
        )
        columns = (sources.c.id, sources.c.collection, sources.c.place, sources.c.sha256)
        query = select(*columns).where(sources.c.tenant == self._tenant, or_(sources.c.id.in_(list(ids)), copies))
        for row in self._connection.execute(query.order_by(sources.c.place)):
            self._spots[row.id] = Spot(*row)
        for offer in offers:
            self._spots[offer.document] = Spot(offer.document, offer.collection, offer.place, offer.sha256)

    def has_other(self, id: str, source: str, sha256: str) -> bool:
        """Whether a place holds, as far as is known, other bytes than these, or nothing any more."""
        spot = self._spots.get(id)
        return (spot is not None and spot.sha256 != sha256) or not self._is_there(source)

    def copy(self, id: str, sha256: str, collection: str) -> Spot | None:
        """Another place than this one that holds these bytes; None where none is known."""
        found = (spot for spot in self._spots.values() if (spot.sha256, spot.collection) == (sha256, collection))
        return next((spot for spot in found if spot.id != id and self._is_there(spot.source)), None)

    def move(self, document: str, id: str, source: str) -> None:
        """Let a document stand at another place from now on: its id, its chunks and its state stay."""
        change = update(documents).where(documents.c.id == document)
        self._connection.execute(change.values(place=id, source=source))

    def _is_there(self, source: str) -> bool:
        """Whether what a place names is there: a file by the caller's word, an upload by the catalog's own."""
        uploaded = is_uploaded(self._connection, self._tenant, source)
        return self._there(source) if uploaded is None else uploaded


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


def forget_copies(connection: Connection, tenant: str, document: str) -> list[str]:
    """Forget where the bytes of a document were seen, and return the places other than its own."""
    mine = (generations.c.tenant == tenant, generations.c.document == document)
    held = select(generations.c.collection, generations.c.sha256).where(*mine)
    own = connection.scalar(select(documents.c.place).where(documents.c.id == document))
    copies: list[str] = []
    for collection, sha256 in connection.execute(held).all():
        same = (sources.c.tenant == tenant, sources.c.collection == collection, sources.c.sha256 == sha256)
        places = select(sources.c.place).where(*same, sources.c.id != own).order_by(sources.c.place)
        copies += connection.scalars(places)
        connection.execute(delete(sources).where(*same))
    return copies
