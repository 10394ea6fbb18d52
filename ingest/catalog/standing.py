"""What stands below some folders, and where else its bytes were seen: what watching folders asks the catalog."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Select, and_, case, func, or_, select

from ingest.catalog.engine import reading
from ingest.catalog.shown import IN_ONE_QUERY, SHOWN
from ingest.catalog.tables import documents, generations, sources, uploads

if TYPE_CHECKING:
    from ingest.catalog.catalog import Catalog


class Standing(NamedTuple):
    """A document, where it came from, as shown, and whether a version of it is live."""

    document: str
    source: str
    live: bool


def standing(catalog: Catalog, collection: str, folders: Sequence[str]) -> list[Standing]:
    """The documents of a collection that came from below some folders (as shown, with a slash at the end), by source.

    Of each only what a watch needs, so that a hundred thousand of them are read in a moment. One whose bytes are also
    an uploaded file of the collection is left out: it does not go with its path.
    """
    live = func.max(case((generations.c.state == "live", 1), else_=0)).label("live")
    below = [documents.c.source.startswith(folder, autoescape=True, escape="!") for folder in folders]
    query = (
        select(documents.c.id, documents.c.source, live)
        .join(generations, generations.c.document == documents.c.id)
        .where(documents.c.tenant == catalog._tenant, documents.c.collection == collection, or_(*below))
        .where(generations.c.state.in_(SHOWN), documents.c.id.not_in(_uploaded(catalog, collection)))
        .group_by(documents.c.id, documents.c.source)
        .order_by(documents.c.source)
    )
    with reading(catalog._engine) as connection:
        rows = [Standing(row.id, row.source, bool(row.live)) for row in connection.execute(query)]
    return [row for row in rows if row.source.startswith(tuple(folders))]  # SQLite's LIKE takes A for a


def _uploaded(catalog: Catalog, collection: str) -> Select[Any]:
    """The documents of a collection whose live bytes were also seen as an uploaded file that is there."""
    mine = (uploads.c.tenant == catalog._tenant, sources.c.collection == collection)
    same = and_(sources.c.tenant == uploads.c.tenant, sources.c.sha256 == uploads.c.sha256)
    held = and_(
        generations.c.tenant == sources.c.tenant,
        generations.c.collection == sources.c.collection,
        generations.c.sha256 == sources.c.sha256,
        generations.c.state == "live",
    )
    joined = select(generations.c.document).select_from(uploads).join(sources, same).join(generations, held)
    return joined.where(*mine, sources.c.place.startswith(uploads.c.id))


def copies(catalog: Catalog, ids: Collection[str]) -> list[str]:
    """The places, as shown, at which the live bytes of some documents were seen, other than their own places."""
    same = and_(
        sources.c.tenant == generations.c.tenant,
        sources.c.collection == generations.c.collection,
        sources.c.sha256 == generations.c.sha256,
    )
    query = (
        select(sources.c.place)
        .join(generations, same)
        .join(documents, documents.c.id == generations.c.document)
        .where(generations.c.tenant == catalog._tenant, generations.c.state == "live")
        .where(sources.c.id.is_distinct_from(documents.c.place))
        .order_by(sources.c.place)
    )
    wanted, found = list(ids), list[str]()
    with reading(catalog._engine) as connection:
        for start in range(0, len(wanted), IN_ONE_QUERY):
            some = generations.c.document.in_(wanted[start : start + IN_ONE_QUERY])
            found += connection.scalars(query.where(some))
    return found
