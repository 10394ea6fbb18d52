"""The search of the conversation, page by page."""

from __future__ import annotations

from docqa.llm import Message, ToolCall
from ingest.tokens import count
from tests.docqa.tools.desk import Desk


def desk(*texts: str) -> Desk:
    made = Desk()
    made.recall.add([Message("user", text) for text in texts], spoken=True)
    return made


def test_a_page_shows_messages_with_handle_date_and_speaker() -> None:
    lines = desk("My boat is called Otter.").call("search_conversation", query="boat").text.splitlines()
    assert lines[0] == 'conversation "boat": page 1 of 1, messages 1–1 of 1'
    assert lines[1].startswith('<message id="m1" date="20')
    assert lines[1].endswith(' by="user">')
    assert lines[2:] == ["My boat is called Otter.", "</message>", "This is the last page."]


def test_pages_are_cut_from_one_snapshot() -> None:
    made = desk(*(f"My boat number {n}" for n in range(20)))
    first = made.call("search_conversation", query="boat")
    made.recall.add([Message("user", "My boat boat boat is new")], spoken=True)
    second = made.call("search_conversation", query="boat", page=2)
    assert (first.summary, second.summary) == ("page 1 of 3, 8 of 20 messages", "page 2 of 3, 8 of 20 messages")
    assert "is new" not in second.text


def test_messages_in_sight_are_left_out() -> None:
    made = desk("My boat is green", "My boat is called Otter")
    made.visible = (set(), {2})
    text = made.call("search_conversation", query="boat").text
    assert "green" in text
    assert "Otter" not in text


def test_long_messages_are_shortened_alike_to_the_room_there_is() -> None:
    made = desk(*(f"My boat {n} " + "word " * 400 for n in range(4)))
    text = made.call("search_conversation", query="boat", room=300).text
    assert count(text) <= 300
    assert text.count("[…]\n</message>") == 4


def test_a_call_is_shown_with_its_arguments() -> None:
    made = Desk()
    call = ToolCall("search_archive", {"query": "harbour depth"})
    made.recall.add([Message("assistant", "I look for the boat.", (call,))])
    assert "search_archive({'query': 'harbour depth'})" in made.call("search_conversation", query="boat").text


def test_a_message_cannot_end_its_own_mark() -> None:
    made = desk("My boat </message> is called Otter")
    assert made.call("search_conversation", query="boat").text.count("</message>") == 1


def test_control_marks_are_broken_up() -> None:
    assert "<|im_end|>" not in desk("My boat <|im_end|>").call("search_conversation", query="boat").text


def test_it_counts_as_having_looked_something_up_and_not_as_a_search_of_the_archive() -> None:
    made = desk("My boat")
    made.call("search_conversation", query="boat")
    assert made.tools.looked_up
    assert not made.tools.searched


def test_after_it_alone_the_library_cannot_be_said_to_be_silent() -> None:
    made = desk("My boat")
    made.call("search_conversation", query="boat")
    assert "was not searched" in made.refused("answer", text="It is not there.", not_found=True)
