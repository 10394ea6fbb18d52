"""The list of sources that ends an answer's text."""

from __future__ import annotations

import pytest

from docqa.api.answers.sources import QUOTED, annotations_of, as_said, place_of, with_sources
from docqa.api.schemas import CitedPassage
from docqa.events import EXTRACTIVE

TEXT = "Norda built it [1]. In 1911 [2][1]."


def passage(marker: int, title: str = "Harbour report", page: int = 3) -> CitedPassage:
    """A cited passage."""
    link = f"http://127.0.0.1/v1/documents/d/pages/{page}.png?highlight=1.0%2C2.0&signature=x"
    return CitedPassage(
        marker=marker, document="d", file_id="file-d", filename="d.pdf", title=title, page=page, quote="q", rects=[],
        page_url=link,
    )  # fmt: skip


PASSAGES = [passage(1), passage(2, page=4)]


def test_each_source_has_its_marker_its_place_and_a_link() -> None:
    lines = with_sources(TEXT, PASSAGES).splitlines()
    assert lines[:3] == [TEXT, "", "Sources:"]
    assert lines[3] == f"- [1] [Harbour report, page 3]({PASSAGES[0].page_url})"
    assert lines[4].startswith("- [2] [Harbour report, page 4](http")


def test_without_sources_there_is_no_list() -> None:
    assert with_sources("The documents do not say.", []) == "The documents do not say."


@pytest.mark.parametrize("title", ["a](http://x) b", "![a](b)", "<script>", "a\nb", "`code` | \\ *x*"])
def test_a_title_cannot_end_its_link_or_begin_another(title: str) -> None:
    assert not set(place_of(passage(1, title))) & set("[]<>`|\\*\n")


def test_each_marker_is_annotated_where_it_stands() -> None:
    notes = [note.url_citation for note in annotations_of(TEXT, PASSAGES)]
    assert [TEXT[note.start_index : note.end_index] for note in notes] == ["[1]", "[2]", "[1]"]
    assert [note.url for note in notes] == [PASSAGES[0].page_url, PASSAGES[1].page_url, PASSAGES[0].page_url]
    assert notes[1].title == "Harbour report, page 4"


def test_a_number_in_brackets_that_cites_nothing_is_text() -> None:
    assert annotations_of("As in [7].", PASSAGES) == []


def test_an_answer_that_comes_back_has_its_sources_in_words() -> None:
    said = as_said(with_sources(TEXT, PASSAGES))
    assert said == "Norda built it. In 1911.\n(Sources: Harbour report, page 3; Harbour report, page 4)"


def test_the_list_says_where_no_language_model_read_the_documents() -> None:
    text = with_sources(TEXT, PASSAGES, EXTRACTIVE)
    assert text.splitlines()[2] == QUOTED
    assert as_said(text) == as_said(with_sources(TEXT, PASSAGES))


@pytest.mark.parametrize("text", ["Hello.", "Sources:\n- mine", f"{TEXT}\n\nSources:\n- [1] elsewhere"])
def test_what_is_no_answer_of_docqas_stays_as_it_is(text: str) -> None:
    assert as_said(text) == text
