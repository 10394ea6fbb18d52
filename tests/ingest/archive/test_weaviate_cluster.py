"""A cluster of three nodes that hold every chunk: one of them is killed and comes back, and nobody notices."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from ingest.archive import Archive, open_archive
from ingest.settings import Settings
from tests.contracts.archive.samples import DIMENSION, EMBEDDER, chunk, fill, found, id_of
from tests.servers.weaviate import WeaviateCluster, WeaviateServer

pytestmark = pytest.mark.slow
REPAIR_SECONDS = 60.0  # in which a node that was away gets what it has missed
# With these a node that is back has everything within a second; with the defaults, 30 s each, within a minute.
QUICK = {"ASYNC_REPLICATION_FREQUENCY": "1s", "ASYNC_REPLICATION_PROPAGATION_DELAY": "1s"}


@pytest.fixture(scope="module")
def cluster(weaviate_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeaviateCluster]:
    with WeaviateCluster(tmp_path_factory.mktemp("cluster"), more=QUICK) as cluster:
        yield cluster


def roles(cluster: WeaviateCluster) -> tuple[WeaviateServer, WeaviateServer]:
    """The leader, whose death is felt most, and another node."""
    told = json.loads(cluster.nodes[0].get("/v1/cluster/statistics")[1])["statistics"]
    leader = next(each["name"] for each in told if each["raft"]["state"] == "Leader")
    other = next(node for node in cluster.nodes if node.name != leader)
    return next(node for node in cluster.nodes if node.name == leader), other


def opened(node: WeaviateServer, tenant: str) -> closing[Archive]:
    """The archive of a tenant through one of the nodes."""
    address = {"weaviate_url": node.url, "weaviate_grpc_url": node.grpc_url, "weaviate_api_key": node.api_key}
    settings = Settings(**address, archive="weaviate", weaviate_replicas=3, tenant=tenant)
    return closing(open_archive(settings, EMBEDDER, DIMENSION))


class Traffic:
    """Writes without end, five chunks at a time; ``confirmed`` counts the chunks whose write has come back."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.confirmed = 0
        self.errors: list[Exception] = []
        self.over = threading.Event()

    def write(self) -> None:
        at = self.confirmed
        fill(self.archive, [chunk(number, f"written {number}") for number in range(at, at + 5)])
        self.confirmed = at + 5

    def search(self) -> None:
        newest = self.confirmed - 1
        if newest > 0:
            assert found(self.archive, f"written {newest}", limit=1) == [id_of(newest)]
            assert len(self.archive.search("written", np.ones(DIMENSION, np.float32), 5)) == 5
            assert self.archive.count() > newest

    def repeat(self, work: Callable[[], None]) -> None:
        try:
            while not self.over.wait(0.02):
                work()
        except Exception as error:
            self.errors.append(error)

    def wait_for_more(self) -> None:
        """Return when fifty more chunks are confirmed."""
        wanted, ends = self.confirmed + 50, time.monotonic() + 60
        while self.confirmed < wanted:
            assert self.errors == []
            assert time.monotonic() < ends
            time.sleep(0.05)


@contextmanager
def traffic(archive: Archive, *kinds: str) -> Iterator[Traffic]:
    """Traffic of these kinds goes on beside the body, and nothing of it has failed."""
    traffic = Traffic(archive)
    threads = [threading.Thread(target=traffic.repeat, args=(getattr(traffic, kind),)) for kind in kinds]
    for thread in threads:
        thread.start()
    try:
        yield traffic
    finally:
        traffic.over.set()
        for thread in threads:
            thread.join(60)
    assert traffic.errors == []


def is_whole(archive: Archive, chunks: int) -> bool:
    """Whether listing, counting, fetching, and searching each find all of these chunks."""
    ids = [id_of(number) for number in range(chunks)]
    if sorted(archive.ids()) != ids or archive.count() != chunks or len(archive.fetch(ids)) != chunks:
        return False
    return all(found(archive, f"written {number}", limit=1) == [id_of(number)] for number in range(0, chunks, 10))


def assert_soon_whole(node: WeaviateServer, tenant: str, chunks: int) -> None:
    ends = time.monotonic() + REPAIR_SECONDS
    with opened(node, tenant) as archive:
        while not is_whole(archive, chunks):
            assert time.monotonic() < ends, f"{node.name} has {archive.count()} of {chunks}"
            time.sleep(0.25)


def test_a_node_that_dies_and_comes_back_is_not_noticed_and_gets_what_it_has_missed(cluster: WeaviateCluster) -> None:
    dying, mine = roles(cluster)
    with opened(mine, "away") as archive:
        with traffic(archive, "write", "search") as going:
            going.wait_for_more()
            dying.kill()
            time.sleep(3)
            going.wait_for_more()
            dying.restart()
            going.wait_for_more()
        assert is_whole(archive, going.confirmed)
    assert_soon_whole(dying, "away", going.confirmed)


def test_when_the_node_in_use_dies_a_write_waits_until_it_is_back(cluster: WeaviateCluster) -> None:
    _, mine = roles(cluster)
    with opened(mine, "mine") as archive, traffic(archive, "write") as going:
        going.wait_for_more()
        mine.kill()
        time.sleep(3)
        mine.restart()
        going.wait_for_more()
    for node in cluster.nodes:
        assert_soon_whole(node, "mine", going.confirmed)
