"""Counting and cutting."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.llm import Message, ToolCall
from docqa.memory.budget import Counter, answer_room, cut, cut_tail, message_tokens
from docqa.memory.shortening import call_message, shortened
from ingest.tokens import count

MARK = " […]"


class Learning:
    """A count that grows when it learns."""

    factor = 1.0
    asked = 0

    def __call__(self, text: str) -> int:
        self.asked += 1
        return int(count(text) * self.factor)


def test_a_count_is_asked_for_once() -> None:
    learning = Learning()
    counter = Counter(learning)
    before = learning.asked
    assert counter("harbour") == counter("harbour") == count("harbour")
    assert learning.asked == before + 1


@pytest.mark.parametrize("factor", [1.01, 1.05, 2.0])
def test_a_count_that_has_grown_is_noticed_and_asked_for_again(factor: float) -> None:
    learning = Learning()
    counter = Counter(learning)
    text = "harbour " * 400
    before = counter(text)
    learning.factor = factor
    assert counter.changed()
    assert counter(text) > before
    assert not counter.changed()


def test_the_room_of_the_answer_is_at_most_a_quarter_of_the_window() -> None:
    assert (answer_room(8192, 1024), answer_room(2048, 1024)) == (1024, 512)


def test_a_cut_text_is_the_longest_beginning_that_fits_and_says_that_more_was_there() -> None:
    text = cut("one two three four five six seven eight nine ten", 6, count, MARK)
    assert text == "one two three four five […]"
    assert count(text) <= 6
    assert cut("one two", 6, count, MARK) == "one two"
    assert cut("one two three", 0, count, MARK) == ""


def test_a_cut_tail_is_an_end_that_fits() -> None:
    text = "one two three four five six seven eight nine ten"
    assert text.endswith(cut_tail(text, 5, count))
    assert 2 <= count(cut_tail(text, 5, count)) <= 5
    assert cut_tail(text, 99, count) == text
    assert cut_tail(text, 0, count) == ""


def test_a_message_is_shortened_to_its_limit_and_keeps_its_calls() -> None:
    message = Message("assistant", "word " * 400, (ToolCall("search_archive", {"query": "x"}),))
    short = shortened(message, 80, count)
    assert message_tokens(short, count) <= 80
    assert short.calls == message.calls
    assert short.content.endswith(MARK)


def test_the_long_arguments_of_a_call_are_shortened_and_the_short_ones_are_not() -> None:
    call = ToolCall("note_evidence", {"claim": "word " * 900, "chunk": "c1", "more": ["word"] * 900})
    message = call_message("", call, 150, count)
    assert message_tokens(message, count) <= 150
    assert message.calls[0].arguments["chunk"] == "c1"


text = st.text(max_size=300)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(text, st.integers(-2, 120), st.dictionaries(text, text | st.lists(text), max_size=4))
def test_what_is_cut_fits(words: str, limit: int, arguments: dict[str, object]) -> None:
    assert count(cut(words, limit, count, MARK)) <= max(0, limit)
    assert count(cut_tail(words, limit, count)) <= max(0, limit)
    message = call_message(words, ToolCall(words, arguments), limit + 60, count)
    assert message_tokens(message, count) <= limit + 60 or not (message.content or message.calls[0].arguments)
