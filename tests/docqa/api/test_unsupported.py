"""What of OpenAI's chat completions is taken, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsBase

from docqa.api.answers.unsupported import INSTEAD, refuse
from docqa.api.errors import ApiError
from docqa.api.schemas.chat import ChatRequest

TOOL = {"type": "function", "function": {"name": "f"}}


def asked(**given: Any) -> ChatRequest:
    """A request with some fields more."""
    return ChatRequest.model_validate({"model": "docqa", "messages": [{"role": "user", "content": "Who?"}], **given})


def test_every_field_of_openais_request_is_known() -> None:
    assert CompletionCreateParamsBase.__annotations__.keys() <= ChatRequest.model_fields.keys()
    assert INSTEAD.keys() <= ChatRequest.model_fields.keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tools", [TOOL]),
        ("functions", [{"name": "f"}]),
        ("tool_choice", "required"),
        ("tool_choice", {"type": "function", "function": {"name": "f"}}),
        ("function_call", {"name": "f"}),
        ("n", 2),
        ("response_format", {"type": "json_object"}),
        ("response_format", {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}),
        ("modalities", ["text", "audio"]),
        ("audio", {"voice": "alloy", "format": "mp3"}),
        ("logprobs", True),
        ("top_logprobs", 3),
        ("logit_bias", {"50256": -100}),
        ("stop", "\n"),
        ("stop", ["END"]),
        ("prediction", {"type": "content", "content": "x"}),
        ("web_search_options", {}),
        ("moderation", {"model": "m"}),
    ],
)
def test_what_is_not_served_is_refused_by_name_and_with_what_to_use(name: str, value: object) -> None:
    with pytest.raises(ApiError, match=f"'{name}' is not supported: .{{20}}") as raised:
        refuse(asked(**{name: value}))
    assert (raised.value.status, raised.value.param, raised.value.code) == (400, name, "unsupported_parameter")


@pytest.mark.parametrize(
    "given",
    [
        {"tools": [], "functions": [], "tool_choice": "none", "function_call": "auto", "parallel_tool_calls": True},
        {"n": 1, "response_format": {"type": "text"}, "modalities": ["text"], "stop": [], "logit_bias": {}},
        {"logprobs": False, "top_logprobs": 0, "audio": None, "prediction": None, "web_search_options": None},
        {"temperature": 0.7, "top_p": 0.9, "seed": 7, "frequency_penalty": 1, "presence_penalty": -1, "user": "ada"},
        {"max_tokens": 16, "max_completion_tokens": 16, "reasoning_effort": "low", "verbosity": "low", "store": True},
        {"service_tier": "auto", "safety_identifier": "x", "prompt_cache_key": "x", "metadata": {"a": "b"}},
    ],
)
def test_what_asks_for_nothing_special_is_taken(given: dict[str, Any]) -> None:
    refuse(asked(**given))
