"""Answers that nobody waits for: taken from the queue, kept by signs of life, and given back by who ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from docqa.answering import Asked
from docqa.answering.background import ASKED, DEATHS, Background
from docqa.errors import ModelError, StoppedError
from docqa.registry.responses import StoredResponse
from ingest.errors import DocqaError
from tests.docqa.answering.asking import asked, soon
from tests.docqa.answering.conftest import Service
from tests.docqa.answering.test_answering import failing

FOR_EVER = 3600.0


class Office:
    """A worker, the queue it takes from, and how the responses ended that it has finished."""

    def __init__(self, service: Service, script: Any = None, pause: float = 0, **settings: object) -> None:
        self.service = service
        self.answering = service.answering(script, pause, **settings)
        self.ended: list[tuple[StoredResponse, Exception | None]] = []
        self.worker = Background(self.answering, service.registry, self._finish)

    def _finish(self, worker: str, response: StoredResponse, error: Exception | None) -> None:
        body = {"status": "failed" if error else "completed"}
        if self.service.registry.responses.finish(worker, response.tenant, response.id, body["status"], body):
            self.ended.append((response, error))

    def put(self, asked: Asked) -> str:
        """Leave a question to the workers; the id of its response."""
        request = {ASKED: asked.as_json()}
        response = StoredResponse(asked.tenant, asked.user, "queued", "docqa", {}, request=request, background=True)
        self.service.registry.responses.put(asked.tenant, response)
        return response.id

    def status(self, id: str) -> str:
        """How a response stands."""
        return self.service.registry.responses.get("acme", id).status

    def work(self) -> threading.Thread:
        """Have the worker answer the next one in a thread."""
        thread = threading.Thread(target=self.worker.answer_next)
        thread.start()
        return thread


def test_there_is_nothing_to_do(service: Service) -> None:
    assert not Office(service).worker.answer_next()


def test_a_response_is_answered_and_names_its_run(service: Service) -> None:
    office = Office(service)
    id = office.put(asked(kind="response"))
    assert office.worker.answer_next()
    ((response, error),) = office.ended
    assert (response.id, error, office.status(id)) == (id, None, "completed")
    row = service.registry.runs.get("acme", response.run)
    assert (row.kind, row.state) == ("response", "completed")
    assert service.registry.responses.get("acme", id).run == row.id


def test_an_answer_given_again_is_recorded_when_it_is_finished(service: Service) -> None:
    office = Office(service)
    for _ in range(2):
        office.put(asked())
        office.worker.answer_next()
    run = office.ended[1][0].run
    assert [event.kind for event in service.registry.runs.events("acme", run)][-1] == "Answered"


def test_what_fails_is_finished_with_its_error(service: Service) -> None:
    office = Office(service, failing)
    office.put(asked())
    assert office.worker.answer_next()
    assert isinstance(office.ended[0][1], ModelError)


@pytest.mark.parametrize("request_", [{}, {ASKED: {"tenant": 7}}], ids=["none", "no question"])
def test_what_is_no_question_is_finished_with_an_error(service: Service, request_: dict[str, Any]) -> None:
    office = Office(service)
    response = StoredResponse("acme", "ada", "queued", "docqa", {}, request=request_, background=True)
    service.registry.responses.put("acme", response)
    assert office.worker.answer_next()
    assert isinstance(office.ended[0][1], DocqaError)


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_one_that_is_cancelled_or_deleted_ends_its_run(service: Service, end: str) -> None:
    office = Office(service, pause=FOR_EVER)
    id = office.put(asked())
    thread = office.work()
    assert soon(lambda: office.answering.under_way == 1)
    act: Callable[[str, str], object] = getattr(service.registry.responses, end)
    act("acme", id)
    thread.join(30)
    assert soon(lambda: office.answering.under_way == 0)
    assert office.ended == []


def test_a_worker_that_ends_gives_back_what_it_has(service: Service) -> None:
    office = Office(service, pause=FOR_EVER)
    id = office.put(asked())
    thread = office.work()
    assert soon(lambda: office.answering.under_way == 1)
    office.answering.close(0)
    thread.join(30)
    assert office.status(id) == "queued"
    other = Office(service)
    assert other.worker.answer_next()
    assert office.status(id) == "completed"


def test_a_worker_that_is_busy_leaves_it_to_others(service: Service) -> None:
    office = Office(service, pause=FOR_EVER, max_runs=1)
    first, second = office.put(asked()), office.put(asked("What else?"))
    thread = office.work()
    assert soon(lambda: office.answering.under_way == 1)
    assert not office.worker.answer_next()
    assert office.status(second) == "queued"
    service.registry.responses.cancel("acme", first)
    thread.join(30)


def test_after_some_deaths_it_has_failed(service: Service) -> None:
    office = Office(service)
    id = office.put(asked())
    for number in range(DEATHS):
        assert service.registry.responses.queue_next(f"worker {number}", seconds=-1)
    assert office.worker.answer_next()
    assert isinstance(office.ended[0][1], StoppedError)
    assert office.status(id) == "failed"
    assert service.registry.runs.page("acme") == []
