"""Background answers by real workers: woken up, begun anew where a process was killed, given back where it ends."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from docqa.answering import Asked
from docqa.answering.background import ASKED
from docqa.api.responding import shape
from docqa.api.responding.background import BASE, EXTENDED, INCLUDED
from docqa.api.schemas.responses import ResponseRequest
from docqa.registry import Registry, open_registry
from docqa.registry.responses import StoredResponse, response_id
from docqa.settings import Settings
from docqa.worker import QUEUE, TASK, Look, wake
from ingest.broker import broker_url
from tests.servers.openai import ModelServer, Reply, calls, hang
from tests.servers.workers import WorkerProcess, tree_of, workers

pytestmark = pytest.mark.timeout(400)
QUESTION = "Who built the harbour?"
SEARCH = calls(("search_archive", {"query": QUESTION}))
NOTHING = calls(("answer", {"text": "The documents do not say.", "not_found": True}))
LONG_SECONDS = 150.0


def answers(body: dict[str, Any]) -> Reply:
    """A model that searches and then finds nothing."""
    return NOTHING if any(message["role"] == "tool" for message in body["messages"]) else SEARCH


class Office:
    """A data folder, its registry, and the workers that are started for it."""

    def __init__(self, folder: Path, registry: Registry, settings: Settings) -> None:
        self.folder, self.registry, self.settings = folder, registry, settings

    def workers(self, **settings: str) -> AbstractContextManager[list[WorkerProcess]]:
        """A worker of one process."""
        return workers(self.settings.root, self.folder, 1, 1, {"DOCQA_LEASE_SECONDS": "3", **settings})

    def leave(self) -> str:
        """Leave a question to the workers; the id of its response."""
        request = ResponseRequest.model_validate({"model": "docqa", "input": QUESTION, "background": True})
        reply = shape.begun(request, response_id(), time.time(), "")
        asked = Asked("default", "ada", QUESTION, kind="response")
        told = {ASKED: asked.as_json(), BASE: "http://127.0.0.1", INCLUDED: False, EXTENDED: False}
        body = reply.to_dict(mode="json")
        response = StoredResponse("default", "ada", "queued", "docqa", body, [], told, background=True, id=reply.id)
        self.registry.responses.put("default", response)
        return response.id

    def response(self, id: str) -> StoredResponse:
        """A response as it is now."""
        return self.registry.responses.get("default", id)

    def until(self, true: Callable[[], object]) -> None:
        """Wait until something is true; where it does not become so, fail with the last lines of the log."""
        ends = time.monotonic() + LONG_SECONDS
        while not true():
            if time.monotonic() > ends:
                raise AssertionError("\n".join(["it did not become true; the workers said:", *self.log()[-30:]]))
            time.sleep(0.05)

    def log(self) -> list[str]:
        """What the workers have said."""
        return [line for log in self.folder.glob("worker*.log") for line in log.read_text().splitlines()]

    def said(self, event: str) -> list[dict[str, object]]:
        """What they have said of an event."""
        return [entry for line in self.log() if (entry := json.loads(line))["event"] == event]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    settings = Settings(data_dir=tmp_path / "data")
    with open_registry(settings) as registry:
        yield Office(tmp_path, registry, settings)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def by(server: ModelServer) -> dict[str, str]:
    """The settings for a model behind a server."""
    return {"DOCQA_LLM": "openai", "DOCQA_LLM_BASE_URL": server.url, "DOCQA_LLM_CALLS": "native"}


def answering(worker: WorkerProcess) -> list[int]:
    """The process of a worker that gives background answers."""
    lines = {number: Path(f"/proc/{number}/cmdline").read_bytes() for number in tree_of(worker.process.pid)}
    return [number for number, line in lines.items() if b"docqa.worker" in line]


def test_responses_are_answered_by_a_process_that_begins_with_the_first(office: Office) -> None:
    with office.workers() as (worker,):
        office.until(lambda: office.said("started the processes"))
        assert answering(worker) == []
        ids = [office.leave() for _ in range(3)]
        wake(office.settings)
        office.until(lambda: {office.response(id).status for id in ids} == {"completed"})
        assert len(answering(worker)) == 1
    body = office.response(ids[0]).body
    assert body["output"][-1]["content"][0]["text"]
    assert office.registry.runs.get("default", office.response(ids[0]).run).state == "completed"


def test_the_response_of_a_process_that_is_killed_is_answered_by_the_next(office: Office, server: ModelServer) -> None:
    server.otherwise = hang()
    id = office.leave()
    with office.workers(**by(server)) as (worker,):
        office.until(lambda: server.requests)
        first = office.response(id).run
        server.otherwise = answers
        os.kill(answering(worker)[0], signal.SIGKILL)
        office.until(lambda: office.response(id).status == "completed")
    assert office.response(id).run != first
    assert office.registry.runs.get("default", first).state == "failed"


def test_a_worker_that_is_stopped_gives_back_what_it_does_not_finish(office: Office, server: ModelServer) -> None:
    server.otherwise = hang()
    id = office.leave()
    with office.workers(**by(server), DOCQA_SHUTDOWN_SECONDS="0") as (worker,):
        office.until(lambda: server.requests)
        assert worker.stop() == 0
    assert office.response(id).status == "queued"
    assert server.requests[0].hung_up.wait(30)


def test_a_worker_that_is_stopped_may_finish_what_it_is_at(office: Office, server: ModelServer) -> None:
    server.otherwise = hang(SEARCH, 1)
    id = office.leave()
    with office.workers(**by(server), DOCQA_LLM_SILENCE="4", DOCQA_SHUTDOWN_SECONDS="60") as (worker,):
        office.until(lambda: server.requests)
        server.otherwise = answers
        assert worker.stop() == 0
    assert office.response(id).status == "completed"


def test_a_message_that_says_something_is_left_aside(office: Office) -> None:
    id = office.leave()
    with office.workers():
        office.until(lambda: office.response(id).status == "completed")
        with Celery("forger", broker=broker_url(office.settings), set_as_current=False) as forger:
            forger.send_task(TASK, kwargs={"version": 1, "path": "/etc/passwd"}, queue=QUEUE)
        office.until(lambda: office.said("left a message aside"))
        assert office.said("left a message aside")[0]["reason"] == "it has the argument 'path'"


def test_a_registry_that_is_not_there_is_not_made_by_a_look(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    assert Look(settings).waiting() == 0
    assert not settings.root.exists()
