"""Markdown keeps its headings, lists, tables and code."""

from __future__ import annotations

from pathlib import Path

from ingest.parsers.markdown import markdown_pieces
from ingest.parsers.pieces import Piece
from ingest.parsers.text import TextDocument


def pieces(text: str) -> list[Piece]:
    return markdown_pieces(text)[1]


def test_headings_have_levels_and_emphasis_goes() -> None:
    assert pieces("# One *two*\n\n### Deep") == [Piece("heading", "One two", 1), Piece("heading", "Deep", 3)]


def test_a_table_is_written_row_by_row_and_its_labels_are_kept() -> None:
    assert pieces("| k | 2018 |\n|---|---|\n| Sales | $5 |\n") == [
        Piece("table", "k | 2018\nSales | $5", columns=("2018",))
    ]


def test_a_list_is_one_block() -> None:
    assert pieces("- one\n- two\n\n1. first\n") == [Piece("list", "• one\n• two\n1. first")]


def test_code_and_links_keep_their_words() -> None:
    assert pieces("See [the guide](https://example.org) and `x`.\n\n```\na = 1\n```\n") == [
        Piece("text", "See the guide and x."),
        Piece("code", "a = 1"),
    ]


def test_the_title_comes_from_the_front_matter() -> None:
    assert markdown_pieces("---\ntitle: The Guide\n---\nText")[0] == "The Guide"


def test_embedded_html_is_read_too() -> None:
    assert pieces("<p>Hello <b>you</b></p>\n") == [Piece("text", "Hello you")]


def test_a_page_knows_the_headings_it_begins_under(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Top\n\n## Part\n\n" + "\n\n".join("word " * 100 for _ in range(10)))
    document = TextDocument(tmp_path / "a.md", "markdown", 99)
    survey = document.survey(lambda number: None)
    assert survey.large_text == "Top"
    assert document.page(2, survey, lambda number: None).headings == ("Top", "Part")
