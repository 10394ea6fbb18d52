"""A real Weaviate server for tests and for people without Docker: built with Go, run as a plain process.

    python -m tests.servers.weaviate build
    python -m tests.servers.weaviate run [--data FOLDER] [--port 8080] [--grpc-port 50051]

Weaviate is a Go program that publishes no binaries but images, so ``build`` has Go compile it, once, into the user's
cache folder. It listens on loopback wherever it can be told to; its gRPC port and its cluster port are on all
interfaces whatever one says, and so both ask for a key.
"""

from tests.servers.weaviate.binary import VERSION, BuildError, build, cache_folder, find_binary
from tests.servers.weaviate.cluster import WeaviateCluster
from tests.servers.weaviate.ports import Ports
from tests.servers.weaviate.server import API_KEY, ServerError, WeaviateServer

__all__ = [
    "API_KEY",
    "VERSION",
    "BuildError",
    "Ports",
    "ServerError",
    "WeaviateCluster",
    "WeaviateServer",
    "build",
    "cache_folder",
    "find_binary",
]
