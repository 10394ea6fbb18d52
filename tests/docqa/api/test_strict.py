"""The reader of answers that lets nothing pass."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, create_model

from tests.docqa.api.strict import strict

MESSAGE = {"role": "assistant", "content": "Selby.", "refusal": None, "annotations": []}
CHOICE = {"finish_reason": "stop", "index": 0, "logprobs": None, "message": MESSAGE}
COMPLETION = {"id": "c", "object": "chat.completion", "created": 1, "model": "docqa", "choices": [CHOICE]}
CITED = {"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 3, "title": "t", "url": "u"}}


def completion(**message: Any) -> dict[str, Any]:
    """A completion whose message has some more fields."""
    return {**COMPLETION, "choices": [{**CHOICE, "message": {**MESSAGE, **message}}]}


def refused(kind: type[BaseModel], value: Any) -> str:
    """Why a value is refused."""
    with pytest.raises(AssertionError) as raised:
        strict(kind, value)
    return str(raised.value)


def test_what_is_right_is_read_as_the_model() -> None:
    assert strict(ChatCompletion, completion(annotations=[CITED])).choices[0].message.content == "Selby."


def test_an_unknown_field_is_refused_at_every_depth() -> None:
    assert refused(Model, {"id": "m", "object": "model", "created": 1, "owned_by": "docqa", "x": 1}) == (
        "Model has 'x', which is unknown"
    )
    told = refused(ChatCompletion, completion(annotations=[{**CITED, "page": 3}]))
    assert told == "ChatCompletion.choices[0].message.annotations[0] has 'page', which is unknown"


def test_a_missing_field_is_refused_and_an_optional_one_is_not() -> None:
    assert refused(Model, {"id": "m", "object": "model", "created": 1}) == "Model lacks 'owned_by'"


@pytest.mark.parametrize("created", ["1", 1.5, True, None])
def test_a_value_of_another_type_is_refused(created: object) -> None:
    told = refused(Model, {"id": "m", "object": "model", "created": created, "owned_by": "docqa"})
    assert told == f"Model.created is {created!r}, no int"


def test_a_wrong_constant_is_refused() -> None:
    assert "none of ('assistant',)" in refused(ChatCompletion, completion(role="user"))


def test_of_several_types_the_one_with_the_same_constants_says_what_is_wrong() -> None:
    kind = create_model("Sent", event=(ResponseStreamEvent, ...))
    told = refused(kind, {"event": {"type": "response.output_text.delta", "delta": "Sel"}})
    assert "Sent.event lacks 'item_id'" in told
    assert "unknown" not in told


def test_the_types_of_chunks_and_responses_can_be_read_too() -> None:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "docqa", "choices": []}
    assert strict(ChatCompletionChunk, chunk).choices == []
    assert "Response lacks 'output'" in refused(Response, {})
