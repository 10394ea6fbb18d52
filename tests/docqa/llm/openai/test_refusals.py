"""Options that a server refuses are left out, in this process and after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from docqa.errors import ModelError
from docqa.llm import ToolCall
from tests.docqa.llm.openai.conftest import Open
from tests.docqa.llm.openai.steps import TOOLS, completed
from tests.servers.openai import ModelServer, calls, error, says, whole

ANSWER = calls(("answer", {"text": "x"}))
OBJECT = says('{"thought": "t", "call": {"function": "answer", "text": "x"}}')


@pytest.mark.parametrize("option", ["stream_options", "temperature", "seed"])
@pytest.mark.parametrize("status", [400, 422])
def test_an_option_that_is_refused_is_left_out(server: ModelServer, opened: Open, option: str, status: int) -> None:
    server.refuse(option, status=status, when=lambda _: True)
    server.otherwise = ANSWER
    model = opened()
    for _ in range(2):
        assert completed(model).calls[0].name == "answer"
    assert [option in body for body in server.bodies] == [True, False, False]


def test_tokens_are_limited_under_the_name_that_the_server_takes(server: ModelServer, opened: Open) -> None:
    server.refuse("max_tokens", "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    server.otherwise = ANSWER
    completed(opened(), limit=50)
    assert [body.get("max_completion_tokens") for body in server.bodies] == [None, 50]


def test_a_server_that_cannot_stream_is_asked_for_the_whole(server: ModelServer, opened: Open) -> None:
    server.refuse("stream", "streaming is not supported")
    server.otherwise = whole({"content": "Hello."})
    assert completed(opened(), ()).text == "Hello."


def test_a_choice_of_a_function_becomes_weaker_where_it_is_refused(server: ModelServer, opened: Open) -> None:
    server.refuse("tool_choice", "Invalid tool_choice", status=500, when=lambda choice: choice != "auto")
    server.otherwise = ANSWER
    model = opened()
    completed(model, TOOLS, "answer")
    completed(model)
    assert [body["tool_choice"] for body in server.bodies][1:] == ["required", "auto", "auto"]


def test_a_refusal_that_names_nothing_is_tried_without_a_required_call(server: ModelServer, opened: Open) -> None:
    server.refuse("tool_choice", "bad request", when=lambda choice: choice != "auto")
    server.otherwise = ANSWER
    assert completed(opened()).calls[0].name == "answer"


def test_a_system_message_that_is_refused_begins_the_users(server: ModelServer, opened: Open) -> None:
    def only_users(messages: list[dict[str, Any]]) -> bool:
        return messages[0]["role"] == "system"

    server.refuse("messages", "System role not supported", when=only_users)
    server.otherwise = ANSWER
    completed(opened())
    assert server.bodies[1]["messages"] == [{"role": "user", "content": "You answer.\n\nWho built the harbour?"}]


def bounded(asked: dict[str, Any]) -> bool:
    return "maxLength" in str(asked)


def by_schema(asked: dict[str, Any]) -> bool:
    return asked["type"] == "json_schema"


@pytest.mark.parametrize(
    ("refused", "taken"),
    [(bounded, "json_schema"), (by_schema, "json_object"), (bool, None)],
    ids=["bounds", "schemas", "all of it"],
)
@pytest.mark.parametrize("message", ["response_format is invalid", "Unable to generate parser", "bad request"])
def test_a_schema_becomes_plainer_where_it_is_refused(
    server: ModelServer, opened: Open, refused: Callable[[Any], bool], taken: str | None, message: str
) -> None:
    server.refuse("response_format", message, when=refused)
    server.otherwise = OBJECT
    model = opened(llm_calls="schema")
    completed(model)
    sent = len(server.bodies)
    assert completed(model).calls == (ToolCall("answer", {"text": "x"}, "call_0"),)
    assert len(server.bodies) == sent + 1
    assert server.bodies[-1].get("response_format", {}).get("type") == taken


def test_what_is_refused_is_remembered_by_the_next_process(server: ModelServer, opened: Open) -> None:
    server.refuse("seed", when=lambda _: True)
    server.otherwise = ANSWER
    completed(opened())
    completed(opened())
    assert ["seed" in body for body in server.bodies] == [True, False, False]


def test_a_refusal_that_nothing_helps_against_is_one_error(server: ModelServer, opened: Open) -> None:
    server.otherwise = error(400, "the moon is wrong")
    with pytest.raises(ModelError, match="400: the moon is wrong"):
        completed(opened(), ())
    completed_with_seed = [body for body in server.bodies if "seed" in body]
    assert len(completed_with_seed) == len(server.bodies)


def test_functions_that_are_refused_name_the_setting(server: ModelServer, opened: Open) -> None:
    server.refuse("tools", "this model does not support tools")
    with pytest.raises(ModelError, match="DOCQA_LLM_CALLS=auto"):
        completed(opened(llm_calls="native"))
