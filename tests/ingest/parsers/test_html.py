"""HTML keeps what a reader sees and drops what only the browser needs."""

from __future__ import annotations

from ingest.parsers.html import html_pieces
from ingest.parsers.pieces import Piece


def pieces(text: str) -> list[Piece]:
    return html_pieces(text)[1]


def test_scripts_styles_and_navigation_are_dropped() -> None:
    text = "<head><style>p{}</style></head><nav><a>Home</a></nav><script>if (a<b) x()</script><p>Kept</p>"
    assert pieces(text) == [Piece("text", "Kept")]


def test_headings_have_levels() -> None:
    assert pieces("<h1>One</h1><h3>Deep</h3>") == [Piece("heading", "One", 1), Piece("heading", "Deep", 3)]


def test_a_table_is_written_row_by_row_and_its_labels_are_kept() -> None:
    text = "<table><tr><th>k<th>2018</tr><tr><td><p>Sales</p><td>$5</tr></table>"
    assert pieces(text) == [Piece("table", "k | 2018\nSales | $5", columns=("2018",))]


def test_a_table_that_only_lays_out_text_becomes_paragraphs() -> None:
    assert pieces("<table><tr><td>One</td></tr><tr><td>Two</td></tr></table>") == [
        Piece("text", "One"),
        Piece("text", "Two"),
    ]


def test_list_items_make_one_list() -> None:
    assert pieces("<ul><li>one<li><p>two</p></ul>") == [Piece("list", "• one\n• two")]


def test_entities_and_line_breaks_are_resolved() -> None:
    assert pieces("<p>A &amp; B<br>C&nbsp;D</p>") == [Piece("text", "A & B C D")]


def test_tags_that_are_never_closed_lose_nothing() -> None:
    assert pieces("<p>One<p>Two<div>Three<table><tr><td>Four<td>Five") == [
        Piece("text", "One"), Piece("text", "Two"), Piece("text", "Three"), Piece("table", "Four | Five"),
    ]  # fmt: skip


def test_the_title_is_told() -> None:
    assert html_pieces("<head><title>The &lt;Guide&gt;</title></head><p>x</p>")[0] == "The <Guide>"
