"""Calls that models write as text, in the ways of common open models."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.llm import ToolCall
from docqa.llm.openai.reading import read
from tests.docqa.llm.openai.steps import TOOLS

HARBOUR = {"query": "harbour", "page": 2}
JSON = '{"query": "harbour", "page": 2}'

WAYS = {
    "JSON alone": f'{{"name": "search_archive", "arguments": {JSON}}}',
    "our own shape": '{"thought": "", "call": {"function": "search_archive", "query": "harbour", "page": 2}}',
    "our own shape without a thought": '{"call": {"function": "search_archive", "query": "harbour", "page": 2}}',
    "flat": '{"function": "search_archive", "query": "harbour", "page": 2}',
    "parameters": f'{{"name": "search_archive", "parameters": {JSON}}}',
    "OpenAI's record": f'{{"type": "function", "function": {{"name": "search_archive", "arguments": {JSON}}}}}',
    "the name as key": f'{{"search_archive": {JSON}}}',
    "tool and tool_input": f'{{"tool": "search_archive", "tool_input": {JSON}}}',
    "action and action_input": f'```json\n{{"action": "search_archive", "action_input": {JSON}}}\n```',
    "arguments as text": '{"name": "search_archive", "arguments": "{\\"query\\": \\"harbour\\", \\"page\\": 2}"}',
    "Hermes": f'<tool_call>\n{{"name": "search_archive", "arguments": {JSON}}}\n</tool_call>',
    "Hermes, not closed": f'<tool_call>\n{{"name": "search_archive", "arguments": {JSON}}}',
    "a fence": f'```json\n{{"name": "search_archive", "arguments": {JSON}}}\n```',
    "a fence without a language": f'```\n{{"name": "search_archive", "arguments": {JSON}}}\n```',
    "Mistral": f'[TOOL_CALLS] [{{"name": "search_archive", "arguments": {JSON}}}]',
    "Mistral, newer": f"[TOOL_CALLS]search_archive[ARGS]{JSON}",
    "Llama": f'<|python_tag|>{{"name": "search_archive", "parameters": {JSON}}}',
    "Llama in Python": '<|python_tag|>search_archive.call(query="harbour", page=2)',
    "Llama by function tag": f"<function=search_archive>{JSON}</function>",
    "Qwen3-Coder": "<tool_call><function=search_archive><parameter=query>\nharbour\n</parameter>"
    "<parameter=page>2</parameter></function></tool_call>",
    "GLM": "<tool_call>search_archive\n<arg_key>query</arg_key>\n<arg_value>harbour</arg_value>\n"
    "<arg_key>page</arg_key>\n<arg_value>2</arg_value>\n</tool_call>",
    "DeepSeek": f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>search_archive\n```json\n{JSON}\n```"
    "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    "DeepSeek, newer": "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>search_archive<｜tool▁sep｜>"
    f"{JSON}<｜tool▁call▁end｜>",
    "Kimi": "<|tool_calls_section_begin|><|tool_call_begin|>functions.search_archive:0<|tool_call_argument_begin|>"
    f"{JSON}<|tool_call_end|>",
    "ReAct": f"Thought: I search.\nAction: search_archive\nAction Input: {JSON}",
    "Python": 'search_archive(query="harbour", page=2)',
    "Python, by place": "search_archive('harbour', 2)",
    "Python in a list": '[search_archive(query="harbour", page=2)]',
    "Python in a fence": '```python\nsearch_archive(query="harbour", page=2)\n```',
    "name and record": f"search_archive({JSON})",
    "trailing commas": '{"name": "search_archive", "arguments": {"query": "harbour", "page": 2,},}',
    "single quotes": "{'name': 'search_archive', 'arguments': {'query': 'harbour', 'page': 2}}",
    "typographic quotes": "{“name”: “search_archive”, “arguments”: {“query”: “harbour”, “page”: 2}}",
    "bare keys": '{name: "search_archive", arguments: {query: "harbour", page: 2}}',
    "text around": f'I will search.\n\n{{"name": "search_archive", "arguments": {JSON}}}\n\nThen I answer.',
    "other case": f'{{"name": "functions.Search-Archive", "arguments": {JSON}}}',
    "after reasoning": f'<think>{{"name": "answer"}}</think>{{"name": "search_archive", "arguments": {JSON}}}',
    "after reasoning that the template began": f'Hm. {{"x": 1}}</think>\n<function=search_archive>{JSON}</function>',
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS.keys())
def test_a_call_is_read(text: str) -> None:
    found = read(text, TOOLS)
    assert [(call.name, call.arguments) for call in found.calls] == [("search_archive", HARBOUR)]
    assert found.problem == ""


@pytest.mark.parametrize(
    ("text", "before"),
    [
        (f"I will search.\n<function=search_archive>{JSON}</function>", "I will search."),
        (f"I will search. search_archive{JSON}", "I will search."),
        ('{"thought": "Look it up.", "call": {"function": "answer", "text": "x"}}', "Look it up."),
        (f'```json\n{{"name": "search_archive", "arguments": {JSON}}}\n```', ""),
        ('Fine:\n[TOOL_CALLS] [{"name": "answer", "arguments": {"text": "x"}}]', "Fine:"),
    ],
)
def test_the_text_before_a_call_is_kept_without_marks(text: str, before: str) -> None:
    assert read(text, TOOLS).text == before


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "search_archive", "arguments": {"query": "a"}}</tool_call>\n'
        '<tool_call>{"name": "answer", "arguments": {"text": "b"}}</tool_call>',
        '[TOOL_CALLS] [{"name": "search_archive", "arguments": {"query": "a"}}, '
        '{"name": "answer", "arguments": {"text": "b"}}]',
        '{"function": "search_archive", "query": "a"}\n{"function": "answer", "text": "b"}',
    ],
)
def test_calls_that_only_marks_divide_all_count(text: str) -> None:
    first, second = read(text, TOOLS).calls
    assert (first.name, second.name, first.id != second.id) == ("search_archive", "answer", True)


def test_what_a_model_makes_up_after_its_call_does_not_count() -> None:
    text = f'search_archive{JSON}\nResult: Ada built it.\n{{"function": "answer", "text": "Ada"}}'
    assert [call.name for call in read(text, TOOLS).calls] == ["search_archive"]


def test_a_function_that_is_unknown_is_a_call_too() -> None:
    assert read('{"name": "shell", "arguments": {"x": 1}}', TOOLS).calls == (ToolCall("shell", {"x": 1}, "call_0"),)


@pytest.mark.parametrize(
    "text",
    [
        "Ada built the harbour in 1931.",
        "I would call search_archive for that.",
        'She said "it {was} Ada", see [1].',
        '<think>{"name": "answer", "arguments": {"text": "x"}}</think>Ada.',
        '<think>{"name": "answer", "arguments": {"text": "x"}}',
    ],
)
def test_text_is_no_call(text: str) -> None:
    found = read(text, TOOLS)
    assert (found.calls, found.problem) == ((), "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"function": "search_archive", "query": "har', "ends too early"),
        ('<tool_call>{"name": "search_archive", "arguments"', "ends too early"),
        ('<tool_call>{"name" "search_archive"}</tool_call>', "a colon is expected near"),
        ('{"name": "search_archive", "arguments": ["harbour"]}', "must be a JSON object"),
        ('{"thought": "I wonder.", "call": null}', "names no function"),
        ("<tool_call></tool_call>", "no JSON object"),
    ],
)
def test_a_call_that_cannot_be_read_says_why(text: str, problem: str) -> None:
    found = read(text, TOOLS)
    assert problem in found.problem
    assert (found.calls, found.text) == ((), text)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"the ship\'s bell"', "the ship's bell"),
        ("'the ship's bell'", "the ship's bell"),
        ('"the "Lantern" of 1931"', 'the "Lantern" of 1931'),
        ('"two\nlines"', "two\nlines"),
        ('"\\ud83d\\ude00 \\ud83d"', "😀 \ufffd"),
        ("[True, None, 0.5, 007]", [True, None, 0.5, 7]),
        ('["e1", "e2",]', ["e1", "e2"]),
    ],
)
def test_values_are_read_as_they_were_meant(written: str, value: Any) -> None:
    (call,) = read(f'{{"name": "answer", "arguments": {{"text": {written}}}}}', TOOLS).calls
    assert call.arguments == {"text": value}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("{}[]\"':,\\ \n<>/|`()=abc1_") | st.sampled_from("search_archive"), max_size=60))
def test_no_text_is_an_error(text: str) -> None:
    for whole in (text, f'<tool_call>{{"name": "search_archive", "arguments": {text}', f"search_archive({text})"):
        assert isinstance(read(whole, TOOLS).calls, tuple)


@pytest.mark.parametrize("part", ["{", "[", '{"a": ', '{"', "<>", "search_archive(", "<tool_call>", "\\", "```", "'{"])
def test_no_text_takes_long(part: str) -> None:
    began = time.monotonic()
    read(part * (20_000 // len(part)), TOOLS)
    assert time.monotonic() - began < 10
