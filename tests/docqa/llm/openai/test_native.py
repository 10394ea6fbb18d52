"""Native tool calls: what is sent, and calls in all the pieces in which servers send them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from docqa.llm import Completion, Message, ToolCall, ToolSpec
from tests.docqa.llm.openai.conftest import Open
from tests.docqa.llm.openai.steps import ANSWER, SEARCH, TOOLS, completed, step
from tests.servers.openai import ModelServer, calls, deltas, says, usage, whole

HARBOUR = ToolCall("search_archive", {"query": "harbour"}, "id0")


def piece(arguments: Any = None, **more: Any) -> dict[str, Any]:
    """A delta with a piece of one call."""
    function = {key: more.pop(key) for key in ("name",) if key in more}
    return {"tool_calls": [{**more, "function": {**function, "arguments": arguments}}]}


def test_a_call_comes_with_its_tokens(server: ModelServer, opened: Open) -> None:
    server.script(calls(("search_archive", {"query": "harbour"}), used=usage(120, 9, cached=80)))
    completion = completed(opened())
    assert completion.calls == (HARBOUR,)
    assert (completion.prompt_tokens, completion.answer_tokens, completion.cached_tokens) == (120, 9, 80)


def test_text_before_a_call_is_shown_as_it_is_written(server: ModelServer, opened: Open) -> None:
    server.script(calls(("search_archive", {"query": "harbour"}), text="I search."))
    shown, completion = step(opened())
    assert shown == completion.text == "I search."


def test_several_calls_come_in_their_order(server: ModelServer, opened: Open) -> None:
    server.script(calls(("search_archive", {"query": "a"}), ("search_archive", {"query": "b"})))
    assert [call.arguments["query"] for call in completed(opened()).calls] == ["a", "b"]


def test_all_functions_are_sent_whatever_is_allowed(server: ModelServer, opened: Open) -> None:
    model = opened()
    for only in ((), ("answer",), ("answer", "search_archive")):
        completed(model, TOOLS, *only)
    assert len({str(body["tools"]) for body in server.bodies}) == 1
    chosen = {"type": "function", "function": {"name": "answer"}}
    assert [body["tool_choice"] for body in server.bodies] == ["required", chosen, "required"]


def test_calls_and_results_are_sent_as_the_api_has_them(server: ModelServer, opened: Open) -> None:
    call = Message("assistant", "", (ToolCall("search_archive", {"query": "ü"}, "s1"),))
    list(opened().complete([Message("user", "q"), call, Message("tool", "found", call_id="s1")], TOOLS))
    _, sent, result = server.bodies[0]["messages"]
    assert sent["tool_calls"][0]["function"] == {"name": "search_archive", "arguments": '{"query": "ü"}'}
    assert sent["content"] is None
    assert result == {"role": "tool", "tool_call_id": "s1", "content": "found"}


@pytest.mark.parametrize(
    "pieces",
    [
        [piece('{"query": "harbour"}', index=0, id="id0", name="search_archive")],
        [
            piece(index=0, id="id0", name="search_"),
            piece(index=0, name="archive"),
            piece('{"query": "harbour"}', index=0),
        ],
        [piece('{"que', id="id0", name="search_archive"), piece('ry": "harbour"}')],
        [piece('{"query": ', id="id0", name="search_archive"), piece('"harbour"}', id="id0", name="search_archive")],
        [piece("", index=0, id="id0", name="search_archive"), *(piece(c, index=0) for c in '{"query": "harbour"}')],
        [piece({"query": "harbour"}, index=0, id="id0", name="search_archive")],
        [piece('"{\\"query\\": \\"harbour\\"}"', index=0, id="id0", name="search_archive")],
    ],
    ids=["at once", "name in pieces", "no index", "repeated", "by character", "a record", "JSON in JSON"],
)
def test_a_call_is_put_together_from_odd_pieces(
    server: ModelServer, opened: Open, pieces: list[dict[str, Any]]
) -> None:
    server.script(deltas(*pieces, finish="tool_calls"))
    assert completed(opened()).calls == (HARBOUR,)


@pytest.mark.parametrize(
    "pieces",
    [
        [piece('{"query": "a"}', id="x", name="search_archive"), piece('{"text": "b"}', id="y", name="answer")],
        [piece('{"query": "a"}', name="search_archive"), piece('{"text": "b"}', name="answer")],
        [
            piece('{"query": "a"}', index=0, id="x", name="search_archive"),
            piece('{"text": "b"}', index=0, id="y", name="answer"),
        ],
    ],
    ids=["no index", "no index and no id", "one index for all"],
)
def test_two_calls_stay_two(server: ModelServer, opened: Open, pieces: list[dict[str, Any]]) -> None:
    server.script(deltas(*pieces, finish="tool_calls"))
    assert [(c.name, c.arguments) for c in completed(opened()).calls] == [
        ("search_archive", {"query": "a"}),
        ("answer", {"text": "b"}),
    ]


def test_a_body_that_is_no_stream_is_read(server: ModelServer, opened: Open) -> None:
    function = {"name": "search_archive", "arguments": '{"query": "harbour"}'}
    server.script(whole({"content": None, "tool_calls": [{"id": "id0", "type": "function", "function": function}]}))
    assert completed(opened()).calls == (HARBOUR,)


def test_the_old_function_call_is_read(server: ModelServer, opened: Open) -> None:
    server.script(deltas({"function_call": {"name": "answer", "arguments": '{"text": "It was."}'}}))
    assert completed(opened()).calls[0].arguments == {"text": "It was."}


def test_reasoning_is_no_answer(server: ModelServer, opened: Open) -> None:
    thinking = [{"reasoning_content": 'I could call answer({"text": "?"}).'}, {"content": "<think>Or not.</think>"}]
    server.script(deltas(*thinking, piece('{"query": "harbour"}', index=0, id="id0", name="search_archive")))
    assert step(opened()) == ("", Completion(calls=(HARBOUR,)))


def test_a_call_written_as_text_is_read_and_not_shown(server: ModelServer, opened: Open) -> None:
    server.script(says('I search. <tool_call>\n{"name": "answer", "arguments": {"text": "x"}}\n</tool_call>'))
    shown, completion = step(opened())
    assert shown == completion.text == "I search."
    assert completion.calls == (ToolCall("answer", {"text": "x"}, "call_0"),)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ('{"query": harbour}', r"could not be read as JSON.*near '.*harbour"),
        ('{"query": "har', "cut off|ends too early"),
        ('["harbour"]', "arguments of search_archive must be a JSON object of its parameters, not a list"),
        ('"harbour"', "could not be read as JSON|must be a JSON object"),
    ],
)
def test_a_call_that_cannot_be_read_is_told_to_the_model(
    server: ModelServer, opened: Open, arguments: str, problem: str
) -> None:
    server.script(deltas(piece(arguments, index=0, id="x", name="search_archive"), finish="tool_calls"))
    completion = completed(opened())
    assert completion.calls == ()
    assert re.search(problem, completion.problem)


def test_a_call_that_was_cut_off_says_write_less(server: ModelServer, opened: Open) -> None:
    server.script(deltas(piece('{"query": "har', index=0, id="x", name="search_archive"), finish="length"))
    assert "cut off after 77 tokens" in completed(opened(), limit=77).problem


def test_whole_calls_before_one_that_was_cut_off_count(server: ModelServer, opened: Open) -> None:
    first, second = (
        piece('{"query": "a"}', index=0, id="x", name="search_archive"),
        piece('{"te', index=1, name="answer"),
    )
    server.script(deltas(first, second, finish="length"))
    completion = completed(opened())
    assert ([call.name for call in completion.calls], completion.problem) == (["search_archive"], "")


@pytest.mark.parametrize("finish", ["stop", None])
def test_text_without_a_call_is_a_completion_of_its_own(server: ModelServer, opened: Open, finish: str | None) -> None:
    server.script(says("It was Ada.", finish=finish))
    completion = completed(opened())
    assert (completion.text, completion.calls, completion.problem) == ("It was Ada.", (), "")


def test_a_filtered_answer_is_told_to_the_model(server: ModelServer, opened: Open) -> None:
    server.script(deltas(finish="content_filter"))
    assert "content filter" in completed(opened()).problem


def test_without_functions_text_is_written(server: ModelServer, opened: Open) -> None:
    server.script(says("<think>Hm.</think>A summary, {really}."))
    shown, completion = step(opened(), ())
    assert shown == completion.text == "A summary, {really}."
    assert not {"tools", "tool_choice", "response_format"} & server.bodies[0].keys()


def test_tokens_are_unknown_where_the_server_does_not_tell(server: ModelServer, opened: Open) -> None:
    server.script(deltas({"content": "x"}))
    completion = completed(opened())
    assert (completion.prompt_tokens, completion.answer_tokens, completion.cached_tokens) == (0, 0, 0)


def test_functions_without_parameters_are_sent_with_an_empty_schema(server: ModelServer, opened: Open) -> None:
    completed(opened(), (SEARCH, ANSWER, ToolSpec("stop", "Stop.")))
    assert server.bodies[0]["tools"][2]["function"]["parameters"] == {"type": "object", "properties": {}}
