"""Re-indexing: an embedder's collection is copied into a new one of the current schema, then the alias is switched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ingest.archive.copy import Copied, copy, remove_strangers
from ingest.archive.weaviate.archive import WeaviateArchive
from ingest.archive.weaviate.collection import Place, create, find, made, point
from ingest.archive.weaviate.schema import differences, number_of
from ingest.archive.weaviate.server import Server
from ingest.errors import ArchiveError
from ingest.settings import Settings

ROUNDS = 5  # passes over what has changed while the others ran


def migrate(
    settings: Settings, embedder: str, dimension: int, tell: Callable[[str], None], keep: bool = False
) -> Iterator[Copied]:
    """Copy the collection of an embedder, with all its tenants, into a new one and let the alias stand for that.

    Readers and writers use the old collection up to the switch and the new one from then on; what was written meanwhile
    is brought over. Stopped anywhere and run again, it goes on. Where the schema is as expected nothing is done.

    Args:
        settings: of the server, and what the new schema depends on.
        embedder: name of the embedder.
        dimension: length of its vectors.
        tell: takes what there is to say, sentence by sentence.
        keep: leave the old collection there.

    Raises:
        ArchiveError: the server failed, or the collection goes on changing.
    """
    server = Server(settings)
    try:
        place, switched = find(server, embedder, dimension), ""
        found = server.reading(lambda: server.client.collections.use(place.collection).config.get())
        if reasons := differences(found, settings):
            tell(f"{place.collection}: {'; '.join(reasons)}.")
            new = create(server, place.alias, embedder, dimension, number_of(place.alias, place.collection) + 1)
            yield from _copied(server, place, new, dimension)
            point(server, place.alias, new)
            switched, place = place.collection, Place(place.alias, new)
            tell(f"{place.alias} stands for {new} now.")
        else:
            tell(f"{place.collection} is as this version of docqa expects it: nothing to migrate.")
        for old in made(server, place.alias):
            if not keep and number_of(place.alias, old) < number_of(place.alias, place.collection):
                if old == switched:
                    yield from _brought_over(server, old, place.collection, dimension)
                server.reading(partial(server.client.collections.delete, old))
                tell(f"{old} is removed.")
    finally:
        server.close()


def _brought_over(server: Server, old: str, new: str, dimension: int) -> Iterator[Copied]:
    """Bring over what was written between the last pass and the switch.

    What was deleted in that moment comes back as chunks of no document, which no search shows and ``verify`` names. A
    later run does not do this: what was deleted since would come back.
    """
    for tenant in _tenants(server, old):
        yield from _tenant(server, old, new, tenant, dimension)


def _copied(server: Server, place: Place, new: str, dimension: int) -> Iterator[Copied]:
    """Copy all tenants until both collections hold the same."""
    for _ in range(ROUNDS):
        same = True
        for tenant in _tenants(server, place.collection):
            yield from _tenant(server, place.collection, new, tenant, dimension)
            old, copied = (_Part(server, name, tenant, dimension) for name in (place.collection, new))
            remove_strangers(old, copied)
            same = same and old.count() == copied.count()
        if same:
            return
    raise ArchiveError(
        f"{place.collection} changes while it is copied: stop what ingests into it, and run the migration again."
    )


def _tenant(server: Server, old: str, new: str, tenant: str, dimension: int) -> Iterator[Copied]:
    source, target = (_Part(server, name, tenant, dimension) for name in (old, new))
    yield from copy(source, target)


def _tenants(server: Server, collection: str) -> list[str]:
    return sorted(server.reading(lambda: server.client.collections.use(collection).tenants.get()))


class _Part(WeaviateArchive):
    """The archive of a tenant, by Weaviate's own name for it, in one collection."""

    def __init__(self, server: Server, collection: str, tenant: str, dimension: int) -> None:
        super().__init__(server, collection, dimension)
        self._tenant = tenant
