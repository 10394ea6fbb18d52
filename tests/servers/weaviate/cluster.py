"""Several Weaviate servers that form one cluster."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.servers.weaviate.server import API_KEY, START_SECONDS, ServerError, WeaviateServer


class WeaviateCluster:
    """Servers on loopback that know each other. Each may be killed and started again by itself.

    Args:
        folder: Where each of them gets a folder of its own.
        nodes: How many there are.
        more: Further settings of each.
    """

    def __init__(self, folder: Path, nodes: int = 3, more: Mapping[str, str] | None = None) -> None:
        self.api_key = API_KEY
        names = [f"node{number}" for number in range(nodes)]
        self.nodes = [WeaviateServer(folder / name, name=name, more=more) for name in names]
        members = {node.name: node.ports for node in self.nodes}
        for node in self.nodes:
            node.members = members

    def start(self) -> Self:
        """Start all of them and wait until each finds all healthy.

        Raises:
            ServerError: If one of them ends, or that does not come about within a minute.
        """
        try:
            for node in self.nodes:  # all before any is waited for: none is ready without the others
                node.launch()
            for node in self.nodes:
                node.wait_until_ready()
            self.wait_until_healthy()
        except BaseException:
            self.stop()
            raise
        return self

    def wait_until_healthy(self) -> None:
        """Wait until each node says that all are there and well; raises ``ServerError`` after a minute."""
        deadline = time.monotonic() + START_SECONDS
        while not all(_healthy(node) == len(self.nodes) for node in self.nodes):
            if time.monotonic() > deadline:
                raise ServerError(f"The cluster did not come together: {self.nodes[0].log_end()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop all of them."""
        for node in self.nodes:
            node.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _healthy(node: WeaviateServer) -> int:
    """How many healthy nodes this one sees."""
    with suppress(OSError):
        status, body = node.get("/v1/nodes")
        if status == 200:
            return sum(each["status"] == "HEALTHY" for each in json.loads(body)["nodes"])
    return 0
