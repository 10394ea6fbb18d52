"""Quotes looked up in their chunks, and the markers of an answer."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from docqa.citations import cite, find, nearest, number, says_nothing, without_links, without_markers
from docqa.events import Citation
from ingest.types import Chunk, Span

TEXT = "The “Harbour Office” paid €1,500 in 2023 –\nits eﬃcient crew | 42 | 10-K was  ready. It won't close."


def chunk(text: str, **more: object) -> Chunk:
    return Chunk("id", "d", "g", "c", "Report", 7, 70_001, 100, 100 + len(text), text, **more)  # type: ignore[arg-type]


def found(quote: str) -> str | None:
    place = find(TEXT, quote)
    return TEXT[place[0] : place[1]] if place else None


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        ("paid €1,500", "paid €1,500"),
        ("2023 –\nits", "2023 –\nits"),
        ("in 2023 - its", "in 2023 –\nits"),
        ('the "Harbour Office"', "The “Harbour Office”"),
        ("efficient crew 42", "eﬃcient crew | 42"),
        ("efficient crew | 42", "eﬃcient crew | 42"),
        ("10‑K was ready", "10-K was  ready"),
        ("won’t close", "won't close"),
        ('"paid €1,500"', "paid €1,500"),
        ("was ready;", "was  ready"),
        ("Was ready", "was  ready"),
    ],
)
def test_white_space_and_typographic_variants_are_tolerated(quote: str, stands: str) -> None:
    assert found(quote) == stands


@pytest.mark.parametrize(
    "quote", ["paid €1,600", "harbour office", "paid €1,5", "500", "202", "arbour", "crew 4", "", "…"]
)
def test_other_words_other_case_and_pieces_of_words_or_numbers_are_not_found(quote: str) -> None:
    assert found(quote) is None


def test_a_later_place_counts_where_the_first_is_inside_a_word() -> None:
    assert find("the cathedral cat", "cat") == (14, 17)
    assert find("1,500 and 500", "500") == (10, 13)


def test_scripts_without_spaces_have_no_bounds_of_words() -> None:
    assert find("港は一九三一年に建てられた。", "一九三一年") == (2, 7)


def test_both_sides_of_an_ellipsis_must_stand_in_this_order() -> None:
    assert found("paid … crew") == "paid €1,500 in 2023 –\nits eﬃcient crew"
    assert found("paid ... crew") == found("paid […] crew") == found("paid … crew")
    assert found("crew … paid") is None
    assert found("paid … boat") is None
    assert found("paid … 42") is None  # a side this short proves nothing


def test_an_ellipsis_of_the_document_itself_is_found() -> None:
    assert find("And then... silence.", "then... silence") == (4, 19)


def test_a_citation_carries_the_words_and_the_span_of_its_page() -> None:
    text = "Built in 1931 by\nQuay Works."
    citation = cite(chunk(text), "1931 by Quay Works")
    assert citation is not None
    assert (citation.quote, citation.start, citation.end) == ("1931 by\nQuay Works", 109, 127)
    assert (citation.document, citation.title, citation.page, citation.chunk) == ("d", "Report", 7, "id")


def test_the_rectangles_are_those_of_the_quotes_lines() -> None:
    text = "one line\ntwo lines\nthree lines"
    spans = tuple(
        Span(100 + text.index(x), 100 + text.index(x) + len(x), 0, y, 90, y + 9) for y, x in enumerate(text.split("\n"))
    )
    citation = cite(chunk(text, spans=spans), "two lines three lines")
    assert citation is not None
    assert citation.rects == ((0, 1, 90, 10), (0, 2, 90, 11))


def test_a_rectangle_is_cut_to_the_part_of_its_line() -> None:
    citation = cite(chunk("ten tonnes and more", spans=(Span(100, 119, 0, 0, 190, 9),)), "tonnes and")
    assert citation is not None
    assert citation.rects == ((40, 0, 140, 9),)


def test_a_format_without_geometry_has_citations_without_rectangles() -> None:
    citation = cite(chunk("one line and another"), "one line")
    assert citation is not None
    assert citation.rects == ()


@pytest.mark.parametrize(
    ("quote", "nothing"),
    [
        ("of the", True),
        ("a", True),
        ("—", True),
        ("", True),
        ("42", True),
        ("1931", False),
        ("the harbour", False),
        ("漢字です", False),
    ],
)
def test_a_quote_must_say_something(quote: str, nothing: bool) -> None:
    assert says_nothing(quote) is nothing


def test_the_nearest_sentence_is_the_one_with_the_most_words_in_common() -> None:
    text = "The harbour opened in 1931. Its crane was built by Quay Works. It rains."
    assert nearest(text, "the crane was made by Works") == "Its crane was built by Quay Works."
    assert nearest(text, "zebra") == ""


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8), min_size=1), st.data())
def test_any_run_of_whole_words_is_found_where_it_stands(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    quote = " ".join(words[first : last + 1])
    place = find(text, quote)
    if any(character.isalnum() for character in quote):
        assert place is not None
        assert find(text, text[place[0] : place[1]]) == place


def cited(quote: str, start: int) -> Citation:
    return Citation(0, "d", "Report", 1, "id", quote, start, start + len(quote))


A, B, C = cited("one", 0), cited("two", 4), cited("six", 8)


def test_markers_are_numbered_in_the_order_in_which_the_text_refers() -> None:
    text, listed = number("It is two [e2], and one [e1].", [("e1", A), ("e2", B)])
    assert text == "It is two [1], and one [2]."
    assert [(c.marker, c.quote) for c in listed] == [(1, "two"), (2, "one")]


def test_what_no_marker_names_is_cited_at_the_end() -> None:
    text, listed = number("It is one[e1].", [("e1", A), ("c3", B), ("c3", C)])
    assert text == "It is one [1]. [2][3]"
    assert [c.marker for c in listed] == [1, 2, 3]


def test_a_number_refers_to_the_place_in_the_list() -> None:
    assert number("One [1] and two [2].", [("c1", A), ("c2", B)])[0] == "One [1] and two [2]."


def test_several_names_in_one_marker_become_several_markers() -> None:
    assert number("Both [e1, e2] and [c3].", [("e1", A), ("e2", B), ("c3", C)])[0] == "Both [1][2] and [3]."


def test_a_marker_that_refers_to_nothing_is_taken_out_and_other_brackets_stay() -> None:
    assert number("One [7] in [2019] as [sic] [e1].", [("e1", A)])[0] == "One in [2019] as [sic] [1]."


def test_the_same_words_are_cited_once() -> None:
    text, listed = number("One [e1], again [e2].", [("e1", A), ("e2", A)])
    assert text == "One [1], again [1]."
    assert len(listed) == 1


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("See ![a chart](https://x.example/a.png) there.", "See a chart there."),
        ("See [the page](https://x.example/).", "See the page."),
        ("Built in 1931 [e1].", "Built in 1931 [e1]."),
        ("It costs < 5 and > 3.", "It costs < 5 and > 3."),
        ("A list:\n- one [1]\n- two [2]", "A list:\n- one [1]\n- two [2]"),
        ("[e1]: It was built.", "[e1] : It was built."),
    ],
)
def test_links_and_images_are_taken_out_of_an_answer_and_all_else_stays(text: str, plain: str) -> None:
    assert without_links(text) == plain


def test_an_address_is_kept_as_code() -> None:
    assert without_links("Found at https://x.example/a today.") == "Found at `https://x.example/a` today."


def test_without_links_is_done_once_and_for_all() -> None:
    text = "See [a](https://x.example/) and https://y.example/ <b>x</b> ![i](z.png)"
    assert without_links(without_links(text)) == without_links(text)


@pytest.mark.parametrize("text", ["Built [1].", "Built [1][2].", "Built [e1, c2; e3].", "Built [m4]."])
def test_an_answer_without_its_markers(text: str) -> None:
    assert without_markers(text) == "Built."


def test_years_in_brackets_are_no_markers() -> None:
    assert without_markers("Built [2019] as said [sic].") == "Built [2019] as said [sic]."


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="[]()!<>ahref:/=\"' \n`x1", max_size=60))
def test_nothing_made_of_the_marks_of_links_is_rendered_as_one(text: str) -> None:
    html = MarkdownIt("commonmark", {"html": True}).render(without_links(text))
    assert not re.search(r"<(?:a|img)\b", html)
