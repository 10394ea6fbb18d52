"""``/v1/chat/completions`` with the extractive reader: the official client, and each answer read strictly."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from docqa.api.answers.sources import QUOTED
from docqa.api.schemas import Answer
from tests.docqa.api.asking import QUESTION, lines, user
from tests.docqa.api.strict import strict

ANSWER = "The harbour of Ostervik was opened in 1911 by the builder Norda Shipyard."
CITATIONS = {"docqa": {"citations": True}}


def ask(base: str, **given: Any) -> httpx.Response:
    """The answer to a request, read by nobody."""
    return httpx.post(f"{base}/v1/chat/completions", json={"model": "docqa", "messages": user(), **given}, timeout=60)


def chunks(base: str, **given: Any) -> list[dict[str, Any]]:
    """The chunks of a stream, which ends as OpenAI's do."""
    body = {"model": "docqa", "messages": user(), "stream": True, **given}
    data = [line.removeprefix("data: ") for line in lines(base, "/chat/completions", json=body) if line[:1] != ":"]
    assert data.pop() == "[DONE]"
    return [json.loads(each) for each in data]


def test_the_answer_has_markers_sources_and_annotations(client: OpenAI) -> None:
    message = client.chat.completions.create(model="docqa", messages=user()).choices[0].message
    text, _, sources = (message.content or "").partition(f"\n\n{QUOTED}\n")
    assert text == f"{ANSWER} [1]"
    assert sources.startswith("- [1] [The harbour of Ostervik, page 1](http://127.0.0.1:")
    cited = (message.annotations or [])[0].url_citation
    assert text[cited.start_index : cited.end_index] == "[1]"
    assert f"({cited.url})" in sources


def test_an_answer_is_as_openai_publishes_it(base: str) -> None:
    completion = strict(ChatCompletion, ask(base, metadata={"for": "test"}).json())
    assert (completion.model, completion.choices[0].finish_reason) == ("docqa", "stop")
    assert completion.metadata == {"for": "test"}


def test_each_chunk_is_as_openai_publishes_it(base: str) -> None:
    streamed = [strict(ChatCompletionChunk, each) for each in chunks(base)]
    assert streamed[0].choices[0].delta.role == "assistant"
    assert [each.choices[0].finish_reason for each in streamed] == [None] * (len(streamed) - 1) + ["stop"]
    assert len({each.id for each in streamed}) == 1
    assert "".join(each.choices[0].delta.content or "" for each in streamed).startswith(f"{ANSWER} [1]\n\n{QUOTED}")


def test_the_client_streams_the_same_text(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="docqa", messages=user()).choices[0].message.content
    stream = client.chat.completions.create(model="docqa", messages=user(), stream=True)
    pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
    assert "".join(pieces) == whole
    assert len(pieces) > 5


def test_tokens_come_before_the_end_where_they_are_asked_for(base: str) -> None:
    given = {"stream_options": {"include_usage": True}, "docqa": {"fresh": True}}
    *others, last = chunks(base, **given)
    assert all(each["usage"] is None for each in others)
    assert last["choices"] == []
    assert strict(ChatCompletionChunk, last).usage.total_tokens > 100  # type: ignore[union-attr]
    assert "usage" not in chunks(base)[0]


@pytest.mark.parametrize("stream", [False, True])
def test_citations_in_full_come_where_they_are_asked_for(base: str, stream: bool) -> None:
    told = chunks(base, **CITATIONS)[-1] if stream else ask(base, **CITATIONS).json()
    (cited,) = strict(Answer, told.pop("docqa")).citations
    strict(ChatCompletionChunk if stream else ChatCompletion, told)
    assert (cited.marker, cited.quote, cited.page, cited.filename) == (1, ANSWER, 1, "harbours.md")
    assert cited.file_id == f"file-{cited.document.replace('-', '')}"


def test_the_run_is_named_in_the_header_and_in_the_id(base: str) -> None:
    answer = ask(base)
    assert answer.json()["id"] == f"chatcmpl-{answer.headers['X-Docqa-Run']}"


def test_the_same_question_is_answered_from_the_cache_unless_it_is_asked_anew(base: str) -> None:
    asked = {"messages": user(f"{QUESTION} Please."), **CITATIONS}
    first, again, fresh = ask(base, **asked), ask(base, **asked), ask(base, **{**asked, "docqa": {"fresh": True}})
    assert [each.headers["X-Docqa-Cache"] for each in (first, again, fresh)] == ["miss", "hit", "miss"]
    assert again.json()["choices"] == first.json()["choices"] == fresh.json()["choices"]
    assert [each.json()["docqa"]["cached"] for each in (first, again)] == [False, True]
    assert again.json()["usage"]["total_tokens"] == 0 < first.json()["usage"]["total_tokens"]


def test_the_model_says_which_documents_are_asked(client: OpenAI) -> None:
    asked = [client.chat.completions.create(model=name, messages=user()) for name in ("harbours", "people")]
    assert [each.model for each in asked] == ["harbours", "people"]
    texts = [each.choices[0].message.content or "" for each in asked]
    assert ["The harbour of Ostervik, page 1" in text for text in texts] == [True, False]


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(NotFoundError, match="GET /v1/models") as raised:
        client.chat.completions.create(model="gpt-6", messages=user())
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "assistant", "content": "Hm."}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"temprature": 1}, "temprature"),
        ({"n": 0}, "n"),
        ({"docqa": {"citation": True}}, "docqa.citation"),
        ({"metadata": {"a": "b" * 513}}, "metadata.a"),
    ],
)
def test_what_is_wrong_is_told_by_its_field_in_openais_shape(base: str, given: dict[str, Any], param: str) -> None:
    answer = ask(base, **given)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_an_empty_question_is_refused(client: OpenAI) -> None:
    with pytest.raises(BadRequestError, match="question is empty"):
        client.chat.completions.create(model="docqa", messages=user("  "), stream=True)
