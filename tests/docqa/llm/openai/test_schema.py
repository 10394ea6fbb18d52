"""Calls by schema: what is sent and how it is bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.llm import Message, ToolCall, ToolSpec
from docqa.llm.openai import schema
from docqa.llm.openai.rendering import rendered, signature
from docqa.memory import budget
from docqa.tools import specs
from ingest import tokens
from tests.docqa.llm.openai.conftest import Open
from tests.docqa.llm.openai.steps import TOOLS, completed, step
from tests.servers.openai import ModelServer, says

OBJECT = says('{"thought": "Look it up.", "call": {"function": "search_archive", "query": "harbour"}}')


def allowed(found: dict[str, Any]) -> list[str]:
    call = found["properties"]["call"]
    return [one["properties"]["function"]["const"] for one in call.get("anyOf", [call])]


def longest(node: Any) -> int:
    """Most characters that the strings of a schema's longest value can have."""
    if "anyOf" in node:
        return max(longest(choice) for choice in node["anyOf"])
    if node.get("type") == "array":
        return int(node["maxItems"]) * longest(node["items"])
    if "properties" in node:
        return sum(longest(of) for of in node["properties"].values())
    return int(node.get("maxLength", 0))


def test_a_call_comes_with_its_thought(server: ModelServer, opened: Open) -> None:
    server.script(OBJECT)
    shown, completion = step(opened(llm_calls="schema"))
    assert shown == completion.text == "Look it up."
    assert completion.calls == (ToolCall("search_archive", {"query": "harbour"}, "call_0"),)


def test_the_functions_stand_in_the_prompt_and_only_those_allowed_in_the_schema(
    server: ModelServer, opened: Open
) -> None:
    server.otherwise = OBJECT
    model = opened(llm_calls="schema")
    completed(model)
    completed(model, TOOLS, "answer")
    first, second = server.bodies
    assert first["messages"] == second["messages"]
    assert "search_archive(query, page?: integer): Search the library." in first["messages"][0]["content"]
    assert [allowed(b["response_format"]["json_schema"]["schema"]) for b in server.bodies] == [
        ["search_archive", "answer"],
        ["answer"],
    ]
    assert not {"tools", "tool_choice"} & first.keys()


def test_by_text_nothing_but_the_prompt_asks_for_it(server: ModelServer, opened: Open) -> None:
    server.script(says('Sure: {"function": "answer", "text": "x"}'))
    assert completed(opened(llm_calls="text")).calls[0].arguments == {"text": "x"}
    assert not {"tools", "response_format"} & server.bodies[0].keys()


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (says('{"thought": "I', finish="length"), "cut off"),
        (says('{"thought": "I", "call": {"function":}}'), "could not be read"),
        (says('{"thought": "I"}'), "names no function"),
        (says("No."), ""),
    ],
)
def test_what_cannot_be_read_is_told(server: ModelServer, opened: Open, reply: Any, problem: str) -> None:
    server.script(reply)
    completion = completed(opened(llm_calls="schema"))
    assert completion.calls == ()
    assert problem in completion.problem
    assert bool(problem) == bool(completion.problem)


@pytest.mark.parametrize("limit", [64, 128, 256, 512, 1024, 4096])
def test_the_whole_object_fits_what_may_be_written(limit: int) -> None:
    for tool in specs():
        found = schema.step(specs(), (tool.name,), limit)
        assert longest(found) <= max(24 * 6, limit * 2.5)


def test_with_room_the_parts_are_as_long_as_is_good() -> None:
    call = schema.step(specs(), ("note_evidence",), 1024)["properties"]["call"]["properties"]
    assert [call[name]["maxLength"] for name in ("claim", "quote")] == [300, 400]


def test_what_may_be_left_out_is_not_required() -> None:
    call = schema.step(TOOLS, ("search_archive",), 1024)["properties"]["call"]
    assert call["required"] == ["function", "query"]
    assert list(call["properties"]) == ["function", "query", "page"]


def test_a_plain_schema_has_no_bounds_and_keeps_parameters_of_these_names() -> None:
    bounded = {"properties": {"maxLength": {"type": "string", "maxLength": 5}}, "maxItems": 3}
    assert schema.plain(bounded) == {"properties": {"maxLength": {"type": "string"}}}


def test_earlier_calls_are_shown_in_the_shape_of_the_next() -> None:
    call = Message("assistant", "Look it up.", (ToolCall("search_archive", {"query": "ü"}, "s1"),))
    messages = [
        Message("system", "S"),
        Message("user", "Q"),
        call,
        Message("tool", "found", call_id="s1"),
        Message("user", "2"),
    ]
    system, _, said, result = rendered(messages, TOOLS)
    assert system["content"].startswith("S\n\nFunctions")
    assert said["content"] == '{"call": {"function": "search_archive", "query": "ü"}}'
    assert result == {"role": "user", "content": "found\n\n2"}


def test_a_signature_tells_kinds() -> None:
    parameters = {
        "properties": {
            "text": {"type": "string"},
            "citations": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "x"}]}},
            "kind": {"enum": ["a", "b"], "description": "which"},
            "where": {"type": "object", "properties": {"page": {"type": "integer"}}},
        },
        "required": ["text"],
    }
    said = 'f(text, citations?: [string], kind?: "a"|"b" (which), where?: {page: integer}): Do.'
    assert signature(ToolSpec("f", "Do.", parameters)) == said


names = st.sampled_from(["query", "page", "text", "quote", "a"])
kinds = st.sampled_from([{"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "string"}}])
contents = st.text(max_size=80) | st.text(st.sampled_from('"\\\n{}ab '), max_size=60)
made = st.builds(ToolCall, st.sampled_from(["search_archive", "answer"]), st.dictionaries(names, contents, max_size=3))
sent = st.one_of(
    st.builds(Message, st.sampled_from(["user", "assistant"]), contents),
    st.builds(Message, st.just("assistant"), contents, st.tuples(made)),
    st.builds(lambda text: Message("tool", text, call_id="s1c1"), contents),
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(sent, max_size=6))
def test_what_is_sent_takes_no_more_tokens_than_are_counted(messages: list[Message]) -> None:
    messages = [Message("system", "You answer."), Message("user", "Who?"), *messages]
    for tools in (specs(), ()):
        found = rendered(messages, tools)
        counted = budget.START + sum(tokens.count(f"{m['role']}\n{m['content']}") + budget.OVERHEAD for m in found)
        assert counted <= budget.prompt_tokens(tokens.count, messages, tools)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.dictionaries(names, kinds, max_size=4), st.integers(0, 4))
def test_a_signature_is_shorter_than_the_schema_that_is_counted(properties: dict[str, Any], required: int) -> None:
    tool = ToolSpec("f", "Does it.", {"type": "object", "properties": properties, "required": [*properties][:required]})
    assert tokens.count(signature(tool)) < tokens.count(budget.schema([tool]))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(16, 5000))
def test_every_limit_gives_a_schema_that_is_json(limit: int) -> None:
    found = schema.step(specs(), (), limit)
    assert json.loads(json.dumps(found)) == found
    assert allowed(found) == [tool.name for tool in specs()]


def test_a_plain_schema_names_a_constant_as_the_only_choice() -> None:
    assert schema.plain({"const": "answer"}) == {"enum": ["answer"]}
