"""What of an answer is shown while it is written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.llm.openai.showing import Shown, Text, Thought


def shown(to: Shown, text: str, size: int = 1) -> str:
    return "".join(to.feed(text[at : at + size]) for at in range(0, len(text), size)) + to.end()


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("Ada built it.", "Ada built it."),
        ("<think>Who?</think>\n\nAda.", "Ada."),
        ("Ada <think>or Bea?</think>built it.", "Ada built it."),
        ('I search.\n<tool_call>{"name": "x"}</tool_call>', "I search."),
        ('I search. {"name": "x"}', "I search."),
        ("a < b, and [1] too.", "a < b, and [1] too."),
        ("<think>Who", ""),
        ("The sign is <", "The sign is <"),
        ("It ends [", "It ends ["),
    ],
)
def test_text_is_shown_without_reasoning_and_calls(text: str, visible: str, size: int) -> None:
    assert shown(Text(calls=True), text, size) == visible


def test_braces_are_text_where_nothing_can_be_called() -> None:
    assert shown(Text(calls=False), "{a} ```b``` [TOOL_CALLS].") == "{a} ```b``` [TOOL_CALLS]."


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=60), st.integers(1, 20), st.booleans())
def test_the_thought_of_an_object_is_shown(thought: str, size: int, ascii_only: bool) -> None:
    written = json.dumps({"thought": thought, "call": {"function": "answer"}}, ensure_ascii=ascii_only)
    expected = thought.encode("utf-8", "replace").decode()
    assert shown(Thought(), written, size) == expected


@pytest.mark.parametrize("text", ['{"call": {"thought": "no"}}', "It was Ada.", '{"thought": 5}', ""])
def test_nothing_is_shown_where_there_is_no_thought(text: str) -> None:
    assert shown(Thought(), text) == ""


def test_a_thought_after_reasoning_is_shown() -> None:
    assert shown(Thought(), '<think>{"thought": "no"}</think>\n```json\n{"thought": "yes", "call": {}}') == "yes"


def test_a_thought_is_shown_before_it_is_whole() -> None:
    assert shown(Thought(), '{"thought": "I sea') == "I sea"
