"""The server archive: Weaviate, one collection for each embedder, one of Weaviate's tenants for each tenant."""

from __future__ import annotations

from ingest.archive.weaviate.archive import WeaviateArchive
from ingest.archive.weaviate.collection import check, check_embedder, find, look_up
from ingest.archive.weaviate.health import grpc_problem
from ingest.archive.weaviate.server import Server
from ingest.errors import ArchiveError
from ingest.settings import Settings

__all__ = ["Server", "WeaviateArchive", "open_weaviate"]


def open_weaviate(settings: Settings, embedder: str, dimension: int) -> WeaviateArchive:
    """Open the archive of ``settings.tenant``, making the embedder's collection where there is none.

    Raises:
        ArchiveError: the server cannot be reached or used, or the collection has another schema than is expected.
        EmbedderMismatch: the tenant's chunks are of another embedder.
    """
    server = Server(settings)
    try:
        _ = server.client
        if problem := grpc_problem(server):
            raise ArchiveError(problem)
        if place := look_up(server, embedder, dimension):
            check(server, place)
        check_embedder(server, embedder, dimension)
        if not place:
            place = find(server, embedder, dimension)
            check(server, place)
    except BaseException:
        server.close()
        raise
    return WeaviateArchive(server, place.alias, dimension)
