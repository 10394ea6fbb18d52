"""Responses of the background: queued, answered by a worker, followed, gone on with after a cut, and ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types.responses import Response

from docqa.api.schemas import Answer
from docqa.llm.scripted import ScriptedModel
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.api.asking import FOUND, QUESTION, SEARCH, soon
from tests.docqa.api.responding import CITATIONS, RESULTS, events, get, names, post, worker
from tests.docqa.api.strict import strict
from tests.servers.api import client_of, serving

BEGUN = ["created", "queued", "in_progress", "output_item.added"]


@pytest.fixture
def base(settings: Settings) -> Iterator[str]:
    """A service that answers nothing itself."""
    with serving(settings) as base:
        yield base


def ask(client: OpenAI, **given: Any) -> Response:
    """A response of the background."""
    response: Response = client.responses.create(model="docqa", input=QUESTION, background=True, **given)
    return response


def polled(client: OpenAI, id: str) -> Response:
    """A response when it is over."""
    assert soon(lambda: client.responses.retrieve(id).status not in ("queued", "in_progress"))
    return client.responses.retrieve(id)


def silent() -> ScriptedModel:
    """A model that searches once and is silent then."""

    def play(*_: object) -> Any:
        model.pause = 300 if len(model.requests) > 1 else 0
        return SEARCH

    model = ScriptedModel(play)
    return model


def test_a_response_waits_for_a_worker_and_is_the_same_as_any_other(settings: Settings, base: str) -> None:
    queued = strict(Response, post(base, background=True, include=RESULTS).json())
    assert (queued.status, queued.background, queued.output) == ("queued", True, [])
    with client_of(base) as client, worker(settings):
        polled(client, queued.id)
        answer = get(base, f"/responses/{queued.id}")
        response = strict(Response, answer.json())
        assert response.output_text == client.responses.create(model="docqa", input=QUESTION).output_text
    assert (response.status, response.id) == ("completed", queued.id)
    assert response.output[0].results[0].filename == "harbours.md"  # type: ignore[union-attr, index]
    assert answer.headers["X-Docqa-Run"].startswith("run_")


def test_citations_link_to_the_service_that_was_asked(settings: Settings, base: str) -> None:
    id = post(base, background=True, **CITATIONS).json()["id"]
    with client_of(base) as client, worker(settings):
        polled(client, id)
    told = strict(Answer, get(base, f"/responses/{id}").json()["docqa"])
    assert told.citations[0].page_url.startswith(f"{base}/v1/documents/")


def test_a_stream_follows_the_worker_and_goes_on_where_it_was_cut(settings: Settings, base: str) -> None:
    with worker(settings):
        told = events(base, background=True)
    assert names(told)[:4] == BEGUN
    assert [event.sequence_number for event in told] == list(range(len(told)))
    assert [event.response.status for event in told if hasattr(event, "response")] == [
        "queued",
        "queued",
        "in_progress",
        "completed",
    ]
    path = f"/responses/{told[-1].response.id}?stream=true"
    assert events(base, f"{path}&starting_after=3") == events(base, path, {"Last-Event-ID": "3"}) == told[4:]


def test_a_client_that_leaves_does_not_end_the_run(settings: Settings, base: str) -> None:
    with client_of(base) as client:
        with client.responses.create(model="docqa", input=QUESTION, background=True, stream=True) as stream:
            created: Any = next(iter(stream))
        with worker(settings):
            assert polled(client, created.response.id).status == "completed"


def test_what_the_worker_does_is_told_as_it_happens(settings: Settings, base: str) -> None:
    with client_of(base) as client, worker(settings, silent()):
        response = ask(client)
        stream = client.responses.retrieve(response.id, stream=True)
        told = [next(stream) for _ in range(8)]
        assert names(told)[-1] == "output_item.done"
        assert client.responses.retrieve(response.id).status == "in_progress"
        assert client.responses.cancel(response.id).status == "cancelled"
        assert [event.type for event in stream] == ["response.incomplete"]
        assert [item.type for item in client.responses.retrieve(response.id).output] == ["file_search_call"]


def test_a_queued_response_can_be_cancelled_and_stays_so(settings: Settings, base: str) -> None:
    with client_of(base) as client:
        response = ask(client)
        assert strict(Response, post(base, f"/responses/{response.id}/cancel").json()).status == "cancelled"
        with worker(settings):
            assert polled(client, ask(client).id).status == "completed"
        assert client.responses.retrieve(response.id).status == "cancelled"
        assert client.responses.cancel(response.id).status == "cancelled"


def test_cancelling_ends_the_run(settings: Settings, base: str) -> None:
    with client_of(base) as client, worker(settings, silent()), open_registry(settings) as registry:
        response = ask(client)
        assert soon(lambda: client.responses.retrieve(response.id).status == "in_progress")
        client.responses.cancel(response.id)
        assert soon(lambda: [run.state for run in registry.runs.page("default")] == ["cancelled"])


def test_a_response_that_is_over_is_not_cancelled_any_more(settings: Settings, base: str) -> None:
    with client_of(base) as client, worker(settings):
        response = polled(client, ask(client).id)
        assert client.responses.cancel(response.id) == response
        with pytest.raises(BadRequestError, match="background"):
            client.responses.cancel(client.responses.create(model="docqa", input=QUESTION).id)


def test_a_model_that_fails_ends_in_a_failed_response(settings: Settings, base: str) -> None:
    with client_of(base) as client, worker(settings, ScriptedModel([SEARCH])):
        response = polled(client, ask(client).id)
        assert response.status == "failed"
        assert response.error
        assert (response.error.code, response.error.message) == ("server_error", "The language model's server failed.")
        told = events(base, f"/responses/{response.id}?stream=true")
    assert names(told)[-2:] == ["output_item.done", "failed"]


def test_a_deleted_response_is_gone_and_its_stream_says_so(base: str) -> None:
    with client_of(base) as client:
        response = ask(client)
        stream = client.responses.retrieve(response.id, stream=True)
        next(stream)
        client.responses.delete(response.id)
        *_, last = stream
        assert (last.type, last.message) == ("error", f"There is no response '{response.id}'.")  # type: ignore[union-attr]
        with pytest.raises(NotFoundError):
            client.responses.retrieve(response.id)


def test_one_that_is_not_over_is_not_gone_on_from(base: str) -> None:
    with client_of(base) as client, pytest.raises(BadRequestError, match="not over") as raised:
        client.responses.create(model="docqa", input="And?", previous_response_id=ask(client).id)
    assert raised.value.param == "previous_response_id"


def test_an_answer_joins_its_conversation(settings: Settings, base: str) -> None:
    with client_of(base) as client, worker(settings, ScriptedModel(FOUND)):
        conversation = client.conversations.create().id
        polled(client, ask(client, conversation=conversation).id)
        assert soon(lambda: len(client.conversations.items.list(conversation).data) == 3)
        items = client.conversations.items.list(conversation, order="asc").data
    assert [item.type for item in items] == ["message", "file_search_call", "message"]
