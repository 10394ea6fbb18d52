"""Every component is killed or stopped under load: nothing that was accepted is lost, and whoever waited is told."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import OpenAI

from docqa.settings import Settings
from ingest.library import Library
from ingest.verify import verify
from tests.docqa.api.clients import Clients, running
from tests.servers.api import client_of
from tests.servers.openai import ModelServer, calls, hang
from tests.servers.openai.replies import Reply
from tests.servers.serve import Served, served
from tests.servers.workers import processes_of

UPLOADING, ASKING = 2, 6
LOAD_SECONDS, PATIENCE = 2.0, 60.0
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@dataclass(frozen=True)
class Story:
    """What has happened: the clients, and the service as it was started again after the last stop."""

    clients: Clients
    service: Served
    settings: Settings
    background: list[str]
    exit_code: int


@pytest.fixture(scope="module")
def story(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    data = tmp_path_factory.mktemp("restarts") / "data"
    shutil.copytree(stocked, data)
    with ModelServer() as model:
        model.otherwise = slow
        told = {"DOCQA_LLM": "openai", "DOCQA_LLM_BASE_URL": model.url, "DOCQA_LLM_CALLS": "native"}
        settings = {**told, "DOCQA_SHUTDOWN_SECONDS": "1"}
        with served(data, "--workers", "2", settings=settings) as service, client_of(service.base) as client:
            clients = Clients(service.base, client.vector_stores.create(name="stations").id)
            threads = running(clients, UPLOADING, ASKING)
            try:
                background = [left(client) for _ in range(2)]
                for kind in ("process", "supervisor", "broker", "api"):
                    kill_one(data, service, kind, clients)
                model.otherwise = hang()
                time.sleep(LOAD_SECONDS)
                service.tell_to_end()
                exit_code = service.end()
            finally:
                clients.over.set()
                for each in threads:
                    each.join(PATIENCE)
        model.otherwise = slow
        with served(data, settings=settings) as service:
            yield Story(clients, service, Settings(data_dir=data), background, exit_code)


def slow(body: dict[str, Any]) -> Reply:
    """What a model replies that searches first, and thinks for a moment before it does anything."""
    said_so = {"text": "The documents do not say.", "citations": [], "not_found": True}
    searched = any(message["role"] == "tool" for message in body["messages"])
    reply = calls(("answer", said_so)) if searched else calls(("search_archive", {"query": "Ostervik"}))
    return Reply([0.3, *reply.pieces])


def left(client: OpenAI) -> str:
    """The id of a response that a worker is to give."""
    return client.responses.create(model="docqa", input="Who opened the harbour?", background=True).id


def kill_one(data: Path, service: Served, kind: str, clients: Clients) -> None:
    """Kill a process of a kind amid the load, and wait until another one does its work."""
    wait_until(lambda: bool(of_kind(data, service, kind)))
    time.sleep(LOAD_SECONDS)
    (victim, *_) = of_kind(data, service, kind)
    done = len(clients.attached)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: set(of_kind(data, service, kind)) - {victim} != set() and len(clients.attached) > done)


def of_kind(data: Path, service: Served, kind: str) -> list[int]:
    """The processes of the service of a kind, as ``processes_of`` has them, or ``api``: those that answer requests."""
    found = processes_of(data)
    if kind != "api":
        return [number for number, its in found.items() if its == kind]
    return [number for number in found if b"docqa.api" in (Path("/proc") / str(number) / "cmdline").read_bytes()]


def wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_it_was_under_load(story: Story) -> None:
    assert len(story.clients.attached) > UPLOADING
    assert story.clients.ends.count("whole") > ASKING


def test_every_stream_ended_whole_or_with_a_word_or_a_broken_connection(story: Story) -> None:
    assert set(story.clients.ends) <= {"whole", "told", "broken", "refused"}


def test_a_graceful_stop_tells_those_who_wait(story: Story) -> None:
    assert story.exit_code == 0
    assert sum("shutting down" in each for each in story.clients.said) >= 1


def test_every_upload_that_was_answered_is_taken_in_and_found(story: Story) -> None:
    store, files = story.clients.store, story.clients.files
    with client_of(story.service.base) as client:
        assert {each.id for each in client.files.list()} >= set(files)
        wait_until(lambda: client.vector_stores.retrieve(store).file_counts.in_progress == 0)
        states = {each.id: each.status for each in client.vector_stores.files.list(store, limit=100)}
        attached = story.clients.attached
        assert {id: states.get(id) for id in attached} == dict.fromkeys(attached, "completed")
        for id in story.clients.attached:
            hits = client.vector_stores.search(store, query=f"the valve {files[id]}", max_num_results=50).data
            assert id in [hit.file_id for hit in hits]


def test_what_was_left_to_workers_is_answered(story: Story) -> None:
    with client_of(story.service.base) as client:
        wait_until(lambda: all(client.responses.retrieve(id).status == "completed" for id in story.background))


def test_no_run_is_left_under_way(story: Story) -> None:
    runs = httpx.get(f"{story.service.base}/v1/runs", params={"limit": 100}).json()["data"]
    assert {run["state"] for run in runs} <= {"completed", "cancelled", "failed"}


def test_catalog_archive_and_files_agree(story: Story) -> None:
    with client_of(story.service.base) as client:
        wait_until(lambda: client.vector_stores.retrieve(story.clients.store).file_counts.in_progress == 0)
    with Library.open(story.settings) as library:
        wait_until(lambda: not library.catalog.ledger.busy())
        assert verify(library, deep=True) == []
