"""The summary of what was evicted: by the model, or extractive."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.llm import Message, ToolCall
from docqa.memory.summary import Summary
from docqa.prompts import earlier
from ingest.tokens import count

CALL = Message("assistant", "", (ToolCall("search_archive", {"query": "harbour"}),))
FOUND = Message("tool", '<passage id="c1">\nThe harbour was built in 1931.\n</passage>', call_id="call")


def summary(limit: int = 200, answers: list[str] | None = None, text: str = "") -> tuple[Summary, list[str]]:
    """A summary, and what the model was given to summarise."""
    asked: list[str] = []

    def write(told: str, most: int) -> str:
        asked.append(told)
        return answers.pop(0) if answers else ""

    return Summary(count, limit, write if answers is not None else None, text), asked


def test_without_a_model_each_message_becomes_a_line() -> None:
    made, _ = summary()
    made.fold([CALL, FOUND, Message("user", "Who?")])
    assert made.text.splitlines() == [
        'search_archive{"query": "harbour"}',
        "tool: The harbour was built in 1931.",
        "user: Who?",
    ]
    assert not made.by_model


def test_the_model_is_given_the_earlier_summary_and_what_leaves() -> None:
    made, asked = summary(answers=["First.", "First and second."])
    made.fold([CALL, FOUND])
    made.fold([Message("user", "Who?")])
    assert made.text == "First and second."
    assert asked[0].startswith('assistant: search_archive{"query": "harbour"}\n\ntool: <passage')
    assert asked[1].startswith("<earlier>\nFirst.\n</earlier>\n\nuser: Who?")


def test_where_the_model_writes_nothing_the_lines_are_added_to_what_it_wrote() -> None:
    made, _ = summary(answers=["It began."])
    made.fold([CALL])
    made.fold([Message("user", "Who?")])
    assert made.text == "It began.\nuser: Who?"
    assert not made.by_model


def test_it_goes_on_from_an_earlier_one() -> None:
    made, _ = summary(text="They spoke of boats.")
    made.fold([Message("user", "Who?")])
    assert made.text == "They spoke of boats.\nuser: Who?"


def test_what_the_model_writes_is_cut_to_the_limit() -> None:
    made, _ = summary(60, ["word " * 500])
    made.fold([CALL])
    assert count(earlier(made.text)) <= 60
    assert made.text.endswith("[…]")


def test_where_there_is_no_room_for_sentences_the_model_is_not_asked() -> None:
    made, asked = summary(20, ["Much."])
    made.fold([CALL])
    assert asked == []


def test_the_oldest_lines_are_thinned_out_first() -> None:
    made, _ = summary(120)
    made.fold([Message("user", f"Message number {n} about the harbour and its cranes") for n in range(60)])
    assert "number 59" in made.text
    assert "number 3 " not in made.text


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.text(max_size=400), max_size=12), st.integers(0, 200), st.sampled_from([None, "", "Much. " * 90]))
def test_its_limit_is_kept(texts: list[str], limit: int, written: str | None) -> None:
    made, _ = summary(limit, None if written is None else [written] * 20)
    for text in texts:
        made.fold([Message("user", text)])
        assert not made.text or count(earlier(made.text)) <= limit
