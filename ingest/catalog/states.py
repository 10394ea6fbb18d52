"""How every document of a collection stands, in few words each: what counts are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import case, func, select

from ingest.catalog.engine import reading
from ingest.catalog.rows import GenerationState
from ingest.catalog.shown import SHOWN
from ingest.catalog.tables import generations

if TYPE_CHECKING:
    from ingest.catalog.catalog import Catalog


class State(NamedTuple):
    """A document, its bytes (SHA-256 and how many), and how they stand."""

    document: str
    sha256: str
    size: int
    state: GenerationState


def unfinished(catalog: Catalog, collections: Sequence[str] = ()) -> int:
    """How many versions of documents of some collections (of all by default) wait or are being read."""
    mine = [generations.c.tenant == catalog._tenant, generations.c.state.in_(("queued", "ingesting"))]
    if collections:
        mine.append(generations.c.collection.in_(list(collections)))
    with reading(catalog._engine) as connection:
        return connection.scalar(select(func.count()).select_from(generations).where(*mine)) or 0


def states(catalog: Catalog, collection: str) -> list[State]:
    """The documents of a collection, each in its live version, else in the one on its way, else as it failed."""
    live_first = case((generations.c.state == "live", 0), (generations.c.state == "failed", 2), else_=1)
    mine = (generations.c.tenant == catalog._tenant, generations.c.collection == collection)
    query = (
        select(generations.c.document, generations.c.sha256, generations.c.size, generations.c.state)
        .where(*mine, generations.c.state.in_(SHOWN))
        .order_by(live_first, generations.c.added.desc(), generations.c.id)
    )
    found: dict[str, State] = {}
    with reading(catalog._engine) as connection:
        for row in connection.execute(query):
            found.setdefault(row.document, State(row.document, row.sha256, row.size, row.state))
    return list(found.values())
