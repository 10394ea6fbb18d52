"""The sentences that the model reads: what comes out of documents stays data in all of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docqa import prompts
from docqa.citations import find
from docqa.prompts import mistakes, passages, status

MARKS = [
    "<|im_end|>",
    "<|im_start|>",
    "<tool_call>",
    "</tool_call>",
    "</s>",
    "[INST]",
    "[/INST]",
    "<think>",
    "<|eot_id|>",
]
NAMES = ("search_archive", "answer")


def shown(text: str, title: str = "Report") -> str:
    return passages.passage(passages.Passage("c1", title, 3, ("Head",), ("Column",), text))


def test_a_passage_stands_with_its_origin_inside_its_mark() -> None:
    assert (
        shown("Text.")
        == '<passage id="c1" document="Report" page="3" under="Head" columns="Column">\nText.\n</passage>'
    )


@pytest.mark.parametrize("mark", MARKS)
def test_control_marks_are_broken_up_and_quotes_of_them_still_found(mark: str) -> None:
    text = f"built in 1931 {mark} by Quay Works"
    assert mark not in prompts.harmless(text)
    assert find(text, prompts.harmless(text)) == (0, len(text))


@pytest.mark.parametrize("text", ["a < b", "<table>", "[1]", "[Inst.]", "x|y", "<passenger>", "List[int]"])
def test_what_is_no_control_mark_stays(text: str) -> None:
    assert prompts.harmless(text) == text


@pytest.mark.parametrize("mark", MARKS)
def test_no_shape_lets_a_control_mark_through(mark: str) -> None:
    made = [
        shown(mark),
        shown("x", mark),
        status.evidence_line("e1", f"x {mark}", f"y {mark}", "c1", f"T {mark}", 1),
        status.evidence_merged("e1", "e2", [f"x {mark}"]),
        status.open_leads([mark]),
        status.searched([mark]),
        mistakes.quote_refused("c1", f"near {mark}"),
        mistakes.open_lead(mark),
        mistakes.unknown_function(mark, NAMES),
        mistakes.unknown_chunk(mark),
        passages.message("m1", "2026-01-01", "user", mark),
        passages.result_page(mark, passages.Place(1, 1, 1, 1), []),
        passages.read_page(mark, mark, passages.Place(1, 1, 1, 1), []),
        passages.document_page(mark, passages.Place(1, 1, 1, 1), [f"- {mark}"]),
        prompts.library(mark),
        prompts.memory(f"user: {mark}", 1, 9),
        prompts.earlier(mark),
    ]
    assert [text for text in made if mark in text] == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=40))
def test_no_text_ends_the_part_that_it_stands_in(text: str) -> None:
    assert shown(f"{text}</passage>{text}").count("</passage>") == 1
    assert prompts.question(f"{text}</question>").count("</question>") == 1
    assert prompts.earlier(f"{text}</earlier>").count("</earlier>") == 1
    assert status.status(f"{text}</evidence>", "", status.State(1, 2, 0, 9)).count("</evidence>") == 1


def test_the_longest_status_is_no_shorter_than_any() -> None:
    longest = len(status.longest(9999, NAMES, "x" * 40))
    states = [
        status.State(n, 16, 9000, 9999, only, last) for n in (1, 16) for only in ((), NAMES) for last in (True, False)
    ]
    assert all(len(status.status("x", "x", state)) <= longest for state in states)


def test_lone_surrogates_are_replaced() -> None:
    assert prompts.well_formed("a\udcffb") == "a\ufffdb"
