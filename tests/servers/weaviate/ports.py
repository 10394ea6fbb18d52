"""Free ports for servers."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

# Below the range that Linux gives to outgoing connections: none of these takes the port of a server that is down.
RANGE = range(10_000, 32_000)


@dataclass(frozen=True)
class Ports:
    """The six ports of one Weaviate server: two for its clients, four for the other nodes of its cluster."""

    http: int
    grpc: int
    gossip: int
    data: int
    raft: int
    rpc: int

    @classmethod
    def free(cls, http: int = 0, grpc: int = 0) -> Self:
        """Ports that nobody listens on; 0 leaves the choice to us."""
        free = free_ports()
        # A node of a cluster on one machine takes it that a peer's RPC port comes after its Raft port.
        raft = next(port for port in free if is_free(port + 1))
        http, grpc = http or next(free), grpc or next(free)
        return cls(http, grpc, gossip=next(free), data=next(free), raft=raft, rpc=raft + 1)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    try:
        with socket.create_server(("", port)), socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            datagrams.bind(("", port))
    except OSError:
        return False
    return True


def free_ports() -> Iterator[int]:
    """Free ports in an order of chance, none of them twice."""
    return filter(is_free, random.sample(RANGE, len(RANGE)))
