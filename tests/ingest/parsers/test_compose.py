"""Words that lines break are put together again, and every character can be traced to its rectangle."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from ingest.types import Page
from tests.ingest.parsers.made import Text, page_of


def broken(folder: Path, first: str, second: str, before: str = "Some words at the start of it.") -> str:
    """The text of a paragraph whose second line ends and third line begins as given."""
    return page_of(
        folder, [(72, 100, before), (72, 112, f"here it goes {first}"), (72, 124, f"{second} and ends")]
    ).text


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("infor-", "mation", "information"),
        ("long-", "term", "long-term"),
        ("Form 10-", "K", "10-K"),
        ("Anglo-", "Saxon", "Anglo-Saxon"),
        ("Company-", "sponsored", "Company-sponsored"),
        ("pre- and post-", "war", "pre- and post-war"),
        ("exam\u00ad", "ple", "example"),
    ],
)
def test_a_hyphen_at_a_line_end_is_dropped_unless_it_belongs_to_the_word(
    tmp_path: Path, first: str, second: str, whole: str
) -> None:
    assert f"{whole} and ends" in broken(tmp_path, first, second)


def test_a_hyphen_stays_where_the_page_writes_the_word_so_elsewhere(tmp_path: Path) -> None:
    assert "co-op and ends" in broken(tmp_path, "co-", "op", before="The co-op is known to be.")


def test_every_character_stands_in_exactly_one_span(tmp_path: Path) -> None:
    texts: list[Text] = [
        (72, 100, "A Heading", 20), (72, 130, "Some infor-"), (72, 142, "mation stands here."),
        (72, 200, "Sales"), (300, 200, "$"), (320, 200, "5"), (72, 214, "Costs"), (320, 214, "4"),
    ]  # fmt: skip
    page = page_of(tmp_path, texts)
    assert traced(page) == "".join(c for c in page.text if not c.isspace() and c != "|")
    assert all(0 <= s.x0 < s.x1 <= page.width and 0 <= s.y0 < s.y1 <= page.height for s in page.spans)


def test_a_rectangle_stands_where_its_word_was_drawn(tmp_path: Path) -> None:
    page = page_of(tmp_path, [(72, 100, "first second")])
    second = page.spans[1]
    assert page.text[second.start : second.end] == "second"
    assert abs(second.x0 - 72 - pymupdf.get_text_length("first ", fontsize=10)) < 0.1
    assert second.y0 < 100 < second.y1


def traced(page: Page) -> str:
    """The characters of all spans, which must not overlap."""
    assert all(a.end <= b.start for a, b in zip(page.spans, page.spans[1:], strict=False))
    return "".join(page.text[span.start : span.end] for span in page.spans)
