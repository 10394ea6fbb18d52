"""Streams of ``/v1/responses``: each event as OpenAI publishes it, in OpenAI's order, and again when asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openai import InternalServerError, OpenAI

from docqa.api.responding import streams
from docqa.api.schemas import Answer
from docqa.llm.scripted import ScriptedModel
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.api.asking import FOUND, QUESTION, SEARCH, soon
from tests.docqa.api.responding import CITATIONS, RESULTS, events, get, names
from tests.docqa.api.strict import strict
from tests.servers.api import client_of, serving

SEARCHED = (
    "output_item.added",
    "file_search_call.in_progress",
    "file_search_call.searching",
    "file_search_call.completed",
    "output_item.done",
)
WRITTEN = (
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.annotation.added",
    "output_text.done",
    "content_part.done",
    "output_item.done",
)


def play(*script: Any, pause: float = 0) -> ScriptedModel:
    """A model that plays a script again and again."""
    model = ScriptedModel(lambda _messages, _tools: script[(len(model.requests) - 1) % len(script)], pause=pause)
    return model


def asked(**given: Any) -> dict[str, Any]:
    """The body of a request for a stream."""
    return {"model": "docqa", "input": QUESTION, "stream": True, **given}


@pytest.fixture
def scripted(settings: Settings) -> Iterator[str]:
    """A service whose model searches once and answers."""
    with serving(settings, play(*FOUND)) as base:
        yield base


def test_a_silent_model_is_bridged_for_the_official_client(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.05)
    with serving(settings, play(*FOUND, pause=0.5)) as base, client_of(base) as client:
        kinds = [event.type for event in client.responses.create(model="docqa", input=QUESTION, stream=True)]
    assert kinds[-1] == "response.completed"


def test_the_events_come_in_openais_order_and_are_numbered(scripted: str) -> None:
    told = events(scripted)
    assert names(told) == ["created", "in_progress", *SEARCHED, *WRITTEN, "completed"]
    assert [event.sequence_number for event in told] == list(range(len(told)))
    assert [event.output_index for event in told if hasattr(event, "output_index")] == [0] * 5 + [1] * (len(told) - 8)


def test_a_response_begins_empty_and_ends_whole(base: str) -> None:
    told = events(base, metadata={"for": "test"})
    first, last = told[0].response, told[-1].response
    assert (first.status, first.output, first.usage, first.metadata) == ("in_progress", [], None, {"for": "test"})
    assert (last.status, last.metadata) == ("completed", {"for": "test"})
    assert last.output == [event.item for event in told if event.type == "response.output_item.done"]


def test_the_pieces_of_the_text_are_the_text(base: str) -> None:
    told = events(base)
    pieces = [event.delta for event in told if event.type == "response.output_text.delta"]
    assert len(pieces) > 2
    assert "".join(pieces) == told[-1].response.output_text
    (note,) = [event.annotation for event in told if event.type == "response.output_text.annotation.added"]
    assert note.to_dict() == told[-1].response.output[-1].content[0].annotations[0].to_dict()


def test_results_come_with_the_end_of_their_search_where_they_are_wanted(base: str) -> None:
    done = [event.item for event in events(base, include=RESULTS) if event.type == "response.output_item.done"]
    assert done[0].results[0].filename == "harbours.md"
    done = [event.item for event in events(base) if event.type == "response.output_item.done"]
    assert done[0].results is None


def test_citations_in_full_come_with_the_end_where_they_are_asked_for(base: str) -> None:
    with httpx.stream("POST", f"{base}/v1/responses", json=asked(**CITATIONS), timeout=60) as answer:
        data = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert strict(Answer, data[-1]["response"]["docqa"]).outcome == "answered"
    assert not [each for each in data[:-1] if "docqa" in each.get("response", {})]


def test_the_client_streams_the_same(client: OpenAI) -> None:
    whole = client.responses.create(model="docqa", input=QUESTION)
    pieces = [
        event.delta
        for event in client.responses.create(model="docqa", input=QUESTION, stream=True)
        if event.type == "response.output_text.delta"
    ]
    assert "".join(pieces) == whole.output_text
    with client.responses.stream(model="docqa", input=QUESTION) as stream:
        stream.until_done()
        assert stream.get_final_response().output_text == whole.output_text


def test_a_recorded_answer_is_streamed_with_its_searches(base: str) -> None:
    given = {"input": f"{QUESTION} Thanks."}
    with httpx.stream("POST", f"{base}/v1/responses", json=asked(**given), timeout=60) as answer:
        assert answer.headers["X-Docqa-Cache"] == "miss"
        answer.read()
    first, again = names(events(base, docqa={"fresh": True}, **given)), names(events(base, **given))
    assert first == again


def test_a_stored_response_is_streamed_again_with_the_same_events(base: str) -> None:
    told = events(base)
    path = f"/responses/{told[-1].response.id}?stream=true"
    assert events(base, path) == told
    assert events(base, f"{path}&starting_after=4") == told[5:]
    assert events(base, path, {"Last-Event-ID": "6"}) == told[7:]
    assert events(base, f"{path}&starting_after={len(told)}") == []


def test_a_model_that_fails_in_the_middle_ends_the_stream_with_a_failed_response(settings: Settings) -> None:
    with serving(settings, ScriptedModel([SEARCH])) as base:
        told = events(base)
        assert names(told) == ["created", "in_progress", *SEARCHED, "failed"]
        failed = told[-1].response
        assert (failed.status, failed.error.code) == ("failed", "server_error")
        assert failed.error.message == "The language model's server failed."
        assert [item.type for item in failed.output] == ["file_search_call"]
        assert get(base, f"/responses/{failed.id}").json()["status"] == "failed"
        assert events(base, f"/responses/{failed.id}?stream=true") == told


def test_a_model_that_fails_before_a_whole_answer_is_an_error_of_the_request(settings: Settings) -> None:
    with serving(settings, ScriptedModel([SEARCH])) as base, client_of(base) as client:
        with pytest.raises(InternalServerError, match="The language model's server failed") as raised:
            client.responses.create(model="docqa", input=QUESTION)
        assert raised.value.status_code == 502


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_ends_the_run(settings: Settings, stream: bool) -> None:
    with serving(settings, play(*FOUND, pause=300)) as base, open_registry(settings) as registry:
        with (
            pytest.raises(httpx.ReadTimeout),
            httpx.stream("POST", f"{base}/v1/responses", json=asked(stream=stream), timeout=1) as answer,
        ):
            for _ in answer.iter_lines():
                pass
        assert soon(lambda: [run.state for run in registry.runs.page("default")] == ["cancelled"])
        kept = registry.responses.page("default")
        assert [response.status for response in kept] == (["cancelled"] if stream else [])


def test_the_response_of_a_client_that_has_left_says_what_was_begun(settings: Settings) -> None:
    model = ScriptedModel(lambda _messages, _tools: SEARCH)
    with serving(settings, model) as base, client_of(base) as client:
        stream = client.responses.create(model="docqa", input=QUESTION, stream=True)
        created: Any = next(iter(stream))
        model.pause = 300
        stream.close()
        assert soon(lambda: get(base, f"/responses/{created.response.id}").status_code == 200)
        response = client.responses.retrieve(created.response.id)
        assert response.status == "cancelled"
        assert names(events(base, f"/responses/{response.id}?stream=true"))[-1] == "incomplete"
