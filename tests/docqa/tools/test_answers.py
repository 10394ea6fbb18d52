"""What an answer may rest on: evidence, passages, quotes, messages, and what was said in sight."""

from __future__ import annotations

from typing import Any

import pytest

from docqa.llm import Message
from docqa.tools import Answer
from docqa.tools.answers import said_in
from tests.docqa.tools.desk import Desk, searched


def answered(desk: Desk, text: str = "In 1931.", **more: Any) -> Answer:
    answer = desk.call("answer", text=text, **more).answer
    assert answer is not None
    return answer


def test_a_passage_cited_as_a_whole_is_cited_by_the_sentence_that_says_it() -> None:
    answer = answered(searched(), "It was built in 1931.", citations=["c1"])
    assert [(name, c.quote) for name, c in answer.cited] == [("c1", "The harbour was built in 1931 by Quay Works.")]


def test_a_passage_on_the_way_to_the_answer_is_cited_by_what_it_says_of_the_question() -> None:
    answer = answered(searched(), "In Selby.", citations=["c1", "c2"])
    assert answer.problems == ()
    assert [c.quote for _, c in answer.cited] == [
        "The harbour was built in 1931 by Quay Works.",
        "Quay Works was born in Selby.",
    ]


def test_a_passage_that_says_nothing_of_either_is_refused() -> None:
    desk = searched()
    desk.call("search_archive", query="crane")
    text = desk.refused("answer", text="Zebra.", citations=["c3"])
    assert "c3 shares no word with the answer" in text


@pytest.mark.parametrize("marker", ["[c2]", "[C2]", "[c2, c2]"])
def test_markers_in_the_text_are_its_sources_too(marker: str) -> None:
    text = f"Built in 1931 [c1], born in Selby {marker}."
    assert [name for name, _ in answered(searched(), text).cited] == ["c1", "c2"]


def test_each_source_counts_once() -> None:
    assert len(answered(searched(), "Built in 1931 [c1].", citations=["c1", "[C1]", "c1"]).cited) == 1


def test_a_message_that_was_shown_is_a_source() -> None:
    desk = Desk()
    desk.recall.add([Message("user", "My boat is called Otter.")], spoken=True)
    desk.call("search_conversation", query="boat")
    answer = answered(desk, "It is Otter.", citations=["m1"])
    assert [found.text for found in answer.recalled] == ["My boat is called Otter."]
    assert answer.problems == ()


@pytest.mark.parametrize("source", ["m1", "c1", "e1", "x1", "", "1"])
def test_a_source_that_was_not_shown_is_refused_by_its_name(source: str) -> None:
    assert "There is no" in Desk().refused("answer", text="In 1931.", citations=[source])


def test_what_was_said_in_sight_needs_no_source() -> None:
    desk = Desk(question="What did I call it?")
    desk.said = ["Your boat is called Otter."]
    assert answered(desk, "Your boat is called Otter.").problems == ()


def test_what_nobody_said_needs_one() -> None:
    desk = Desk()
    desk.said = ["Good morning."]
    assert "Search before you answer" in desk.refused("answer", text="The harbour was built by Quay Works.")


@pytest.mark.parametrize(
    ("text", "said", "holds"),
    [
        ("Your boat is called Otter.", "My boat is called Otter", True),
        ("It is Otter [m1].", "My boat is called Otter", True),
        ("The harbour was built by Quay Works.", "My boat is called Otter", False),
        ("Harbour.", "The quay", False),
        ("", "My boat", False),
    ],
)
def test_an_answer_stands_in_what_was_said_where_one_message_has_its_new_words(
    text: str, said: str, holds: bool
) -> None:
    assert said_in(text, "What did I call it?", [said]) is holds


@pytest.mark.parametrize(
    "answer", ["Quay Works built the crane in 1950.", "Quay Works of Lund built it.", "Works and Otter built it."]
)
def test_words_of_several_messages_or_new_figures_do_not_make_it_said(answer: str) -> None:
    said = ["Quay Works of Selby built it in 1931.", "My boat is called Otter"]
    assert not said_in(answer, "Who built the crane, did I say?", said)


def test_a_question_about_documents_is_not_answered_out_of_the_conversation() -> None:
    assert not said_in("Quay Works built it.", "Who built the crane?", ["Quay Works built the harbour."])


def test_a_message_is_no_source_of_what_it_does_not_say() -> None:
    desk = Desk()
    desk.recall.add([Message("user", "My boat is called Otter.")], spoken=True)
    desk.call("search_conversation", query="boat")
    assert "m1 shares no word" in desk.refused("answer", text="The moon is made of green cheese.", citations=["m1"])


@pytest.mark.parametrize(
    ("reason", "counts"), [("", False), ("no", False), ("it is not asked for", True), ("nothing further", True)]
)
def test_a_reason_to_dismiss_leads_has_more_than_a_word(reason: str, counts: bool) -> None:
    assert answered(searched(), "Built in 1931 [c1].", dismiss=reason).dismissed is counts


def test_an_answer_that_was_refused_carries_its_problems() -> None:
    answer = answered(searched(), "In 1931.", citations=["e9"])
    assert answer.problems == ("There is no evidence 'e9'.",)
