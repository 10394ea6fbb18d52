"""Finding, making and checking the collection of an embedder on a server."""

from __future__ import annotations

import time
from typing import NamedTuple

from weaviate.exceptions import UnexpectedStatusCodeError

from ingest.archive.weaviate.errors import is_absent
from ingest.archive.weaviate.filters import countable
from ingest.archive.weaviate.schema import (
    SCHEMA_VERSION,
    Origin,
    alias_of,
    collection_of,
    definition,
    differences,
    number_of,
    origin_of,
    tenant_of,
)
from ingest.archive.weaviate.server import Server
from ingest.errors import ArchiveError, EmbedderMismatch

SPREAD_SECONDS = 10.0  # in which every node of a cluster learns of a new collection


class Place(NamedTuple):
    """The alias that stands for an embedder's collection, and the collection that it points to."""

    alias: str
    collection: str


def look_up(server: Server, embedder: str, dimension: int) -> Place | None:
    """The collection of an embedder, if there is one. Its schema is not looked at."""
    alias = alias_of(server.settings.weaviate_prefix, embedder, dimension)
    found = server.reading(lambda: _current(server, alias))
    return Place(alias, found) if found else None


def find(server: Server, embedder: str, dimension: int) -> Place:
    """The collection of an embedder, made with its alias where there is none.

    Any number of processes may do this at once, and it may be killed anywhere.
    """
    if place := look_up(server, embedder, dimension):
        return place
    alias = alias_of(server.settings.weaviate_prefix, embedder, dimension)
    there = made(server, alias)
    name = there[-1] if there else create(server, alias, embedder, dimension, 1)
    server.reading(lambda: _point(server, alias, name))
    _await(server, alias)
    return look_up(server, embedder, dimension) or Place(alias, name)


def create(server: Server, alias: str, embedder: str, dimension: int, number: int) -> str:
    """Make a collection of the current schema, unless it is there, and return its name."""
    name = collection_of(alias, number)

    def make() -> None:
        try:
            server.client.collections.create(name, **definition(server.settings, embedder, dimension))
        except UnexpectedStatusCodeError as error:
            if "already" not in str(error):
                raise

    server.reading(make)
    _await(server, name)
    return name


def check(server: Server, place: Place) -> None:
    """Refuse a collection whose schema is not the expected one, naming every difference.

    Raises:
        ArchiveError: it was made by another version, with other settings, or not by docqa.
    """
    found = server.reading(lambda: server.client.collections.use(place.collection).config.get())
    origin = origin_of(found.description)
    called = f"The collection {place.collection} at {server.settings.weaviate_url}"
    if origin and origin.schema > SCHEMA_VERSION:
        raise ArchiveError(f"{called} was made by a newer docqa; upgrade docqa to use it.")
    told = differences(found, server.settings)
    if told and not origin:
        raise ArchiveError(
            f"{called} was not made by docqa ({'; '.join(told)}); set DOCQA_WEAVIATE_PREFIX to a name of your own."
        )
    if told:
        raise ArchiveError(
            f"{called} has another schema than is expected: {'; '.join(told)}. Set the settings back, or run "
            "'docqa archive migrate', which copies it into a new collection."
        )


def check_embedder(server: Server, embedder: str, dimension: int) -> None:
    """Refuse an embedder where the tenant has chunks of another one and none of this one.

    Raises:
        EmbedderMismatch: it has.
    """
    settings, tenant = server.settings, tenant_of(server.settings.tenant)
    place, opened = look_up(server, embedder, dimension), Origin(SCHEMA_VERSION, embedder, dimension)
    if place and chunks_of(server, place.collection, tenant):
        return
    for name, origin in collections(server).items():
        if str(origin) != str(opened) and (chunks := chunks_of(server, name, tenant)):
            raise EmbedderMismatch(
                f"The archive of tenant '{settings.tenant}' at {settings.weaviate_url} was made with the embedder "
                f"{origin} and holds {chunks} chunks, and {opened} is configured: set DOCQA_EMBEDDER and "
                "DOCQA_EMBEDDING_MODEL back, or set DOCQA_TENANT (with a DOCQA_DATA_DIR of its own) and ingest again."
            )


def collections(server: Server) -> dict[str, Origin]:
    """docqa's collections of this prefix, by name."""
    begins = f"{server.settings.weaviate_prefix}_"
    everything = server.reading(lambda: server.client.collections.list_all(simple=True))
    origins = {name: origin_of(config.description) for name, config in everything.items() if name.startswith(begins)}
    return {name: origin for name, origin in sorted(origins.items()) if origin}


def made(server: Server, alias: str) -> list[str]:
    """The collections that were made for an alias, the newest last."""
    names = server.reading(lambda: server.client.collections.list_all(simple=True))
    return sorted((name for name in names if number_of(alias, name)), key=lambda name: number_of(alias, name))


def chunks_of(server: Server, collection: str, tenant: str) -> int:
    """How many chunks a tenant, by Weaviate's name for it, has in a collection."""

    def counted() -> int:
        try:
            use = server.client.collections.use(collection).with_tenant(tenant)
            condition = countable(None, server.settings.weaviate_replicas)
            return use.aggregate.over_all(filters=condition, total_count=True).total_count or 0
        except Exception as error:
            if is_absent(error):
                return 0
            raise

    return server.reading(counted)


def point(server: Server, alias: str, collection: str) -> None:
    """Let the alias stand for another collection, in one step for all who use it."""
    server.reading(lambda: server.client.alias.update(alias_name=alias, new_target_collection=collection))


def _current(server: Server, alias: str) -> str | None:
    """The collection that an alias stands for; None where there is no alias, or its collection was removed by hand."""
    found = server.client.alias.get(alias_name=alias)
    return str(found.collection) if found and server.client.collections.exists(str(found.collection)) else None


def _point(server: Server, alias: str, collection: str) -> None:
    """Make the alias, or let one whose collection is gone stand for this one."""
    if _current(server, alias) is not None:
        return  # another process was quicker
    try:
        server.client.alias.create(alias_name=alias, target_collection=collection)
    except UnexpectedStatusCodeError:
        if _current(server, alias) is None:
            server.client.alias.update(alias_name=alias, new_target_collection=collection)


def _await(server: Server, name: str) -> None:
    """Wait until the node that is asked knows a collection or an alias that was just made, perhaps by another node."""
    ends = time.monotonic() + SPREAD_SECONDS
    while time.monotonic() < ends:
        try:
            chunks_of(server, name, tenant_of(server.settings.tenant))
            return
        except ArchiveError as error:
            if "could not find class" not in str(error):
                return  # it is known; what else is wrong with it ``check`` tells
        time.sleep(0.1)
