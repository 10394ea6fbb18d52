"""Whether a Weaviate server can be used: REST, gRPC, the nodes, and the shard of a tenant, each with its own words."""

from __future__ import annotations

from contextlib import suppress

import grpc
from weaviate.exceptions import WeaviateBaseError

from ingest.archive.weaviate.collection import chunks_of
from ingest.archive.weaviate.errors import explain
from ingest.archive.weaviate.server import Server, grpc_address
from ingest.errors import DocqaError
from ingest.types import Health


def health(server: Server, collection: str, tenant: str) -> Health:
    """Look at a server from REST readiness to a query over gRPC.

    Args:
        server: the connection.
        collection: the alias in use.
        tenant: the tenant, by Weaviate's name for it.
    """
    settings = server.settings
    details = {"url": settings.weaviate_url, "collection": collection, "tenant": tenant}
    try:
        if not server.client.is_ready():
            return Health(False, f"Weaviate at {settings.weaviate_url} is not ready: wait, or read its log.", details)
        details["version"] = str(server.client.get_meta()["version"])
        if problem := grpc_problem(server):
            return Health(False, problem, details)
        chunks, states = chunks_of(server, collection, tenant), _states(server, collection, tenant)
        nodes = {node.name: str(node.status) for node in server.client.cluster.nodes()}
    except DocqaError as error:
        return Health(False, str(error), details)
    except Exception as error:
        return Health(False, str(explain(error, settings).error), details)
    details |= {"chunks": str(chunks), "nodes": ", ".join(f"{name} {state}" for name, state in nodes.items())}
    if "READONLY" in states:
        told = "is read-only for this tenant, as it becomes when its disk or memory is nearly full: make room there."
        return Health(False, f"Weaviate at {settings.weaviate_url} {told}", details)
    away = [name for name, state in nodes.items() if state != "HEALTHY"]
    if away:
        return Health(False, f"Of {len(nodes)} nodes these are not healthy: {', '.join(away)}.", details)
    if len(nodes) < settings.weaviate_replicas:  # one that is gone for a while is not told of any more
        told = f"Each chunk belongs on {settings.weaviate_replicas} nodes and only {len(nodes)} are there"
        return Health(False, f"{told}: start the others.", details)
    return Health(True, f"The archive holds {chunks:,} chunks.", details)


def grpc_problem(server: Server) -> str:
    """What keeps the gRPC interface from answering, as a sentence; empty where it answers."""
    settings, address = server.settings, grpc_address(server.settings)
    credentials = grpc.ssl_channel_credentials()
    target = str(address)
    secure, options = address.secure, [("grpc.enable_http_proxy", 0)]
    channel = grpc.secure_channel(target, credentials, options) if secure else grpc.insecure_channel(target, options)
    with channel, suppress(grpc.FutureTimeoutError):
        grpc.channel_ready_future(channel).result(settings.weaviate_connect_timeout)
        return ""
    return (
        f"Weaviate at {settings.weaviate_url} answers, but not its gRPC interface at {address}: open that port, or set "
        "DOCQA_WEAVIATE_GRPC_URL to where it is."
    )


def _states(server: Server, collection: str, tenant: str) -> set[str]:
    """The states of a tenant's shard on the nodes that hold it."""
    found = server.client.alias.get(alias_name=collection)
    use = server.client.collections.use(str(found.collection) if found else collection)
    try:
        return {str(shard.status) for shard in use.with_tenant(tenant).config.get_shards()}
    except WeaviateBaseError:  # a tenant that has never had a chunk has no shard
        return set()
