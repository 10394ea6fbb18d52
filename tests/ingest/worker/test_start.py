"""What a worker does where it cannot begin: it refuses with one sentence, or says what it waits for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.ingest.embed.test_openai import Endpoint
from tests.ingest.ingesting import write_text
from tests.ingest.worker.working import Workshop
from tests.servers.valkey import valkey
from tests.servers.workers import WorkerProcess

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def endpoint() -> Iterator[dict[str, str]]:
    """The settings of an embedder with three dimensions."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint.as_new()) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        yield {"DOCQA_EMBEDDER": "openai", "DOCQA_EMBEDDING_BASE_URL": url, "DOCQA_EMBEDDING_MODEL": "three"}
        server.shutdown()


def refused(worker: WorkerProcess) -> str:
    """The sentence with which a worker has ended, the last thing that it said."""
    assert worker.process.wait(60) == 1
    said = worker.log.read_text().splitlines()
    assert not [line for line in said if "Traceback" in line]
    return said[-1]


def test_one_with_another_embedder_than_the_archives_refuses(own: Workshop, endpoint: dict[str, str]) -> None:
    _ = own.library.archive
    with own.workers(**endpoint) as (worker,):
        said = refused(worker)
        assert said.startswith("docqa: ")
        assert "three" in said
        assert own.library.embedder.name in said
        assert own.library.catalog.keeping(60).workers() == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:6379", "DOCQA_BROKER_URL is not usable: it has to look like redis://127.0.0.1:6379/0"),
        ("redis://127.0.0.1:6379/zero", "DOCQA_BROKER_URL does not end in the number of a database"),
    ],
)
def test_one_with_a_broker_url_of_no_form_refuses(own: Workshop, url: str, reason: str) -> None:
    with own.workers(DOCQA_BROKER_URL=url) as (worker,):
        assert reason in refused(worker)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--requirepass", "secret"), "asks for a password: put it into DOCQA_BROKER_URL"),
        (("--maxmemory-policy", "allkeys-lru"), "evicts keys when its memory is full"),
    ],
)
def test_one_refuses_a_broker_that_refuses_it_or_would_lose_messages(
    own: Workshop, options: tuple[str, ...], reason: str
) -> None:
    with valkey(*options) as url, own.workers(DOCQA_BROKER_URL=url) as (worker,):
        assert reason in refused(worker)


def test_one_waits_for_a_broker_that_is_away_says_so_once_and_goes_on_when_it_is_there(
    own: Workshop, tmp_path: Path
) -> None:
    socket = tmp_path / "valkey.sock"
    job = own.submit(write_text(own.inputs / "pump.txt", "pump"))
    with own.workers(processes=1, DOCQA_BROKER_URL=f"unix://{socket}?db=0") as (worker,):
        own.until(lambda: own.said("waits for the broker"))
        assert "start it, or correct DOCQA_BROKER_URL" in str(own.said()[0]["reason"])
        with valkey("--unixsocket", socket):
            assert own.ended(job).state == "finished"
            assert len(own.said("waits for the broker")) == 1
            assert worker.stop() == 0


def test_one_that_waits_for_a_broker_can_be_ended(own: Workshop) -> None:
    with own.workers(DOCQA_BROKER_URL="redis://127.0.0.1:1/0") as (worker,):
        own.until(lambda: own.said("waits for the broker"))
        assert worker.stop() == 0
        assert own.processes("celery", "process", "broker") == []
