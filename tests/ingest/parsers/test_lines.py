"""What belongs together on one line: parts of words and parts of numbers."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from ingest.parsers.lines import spaced
from tests.ingest.parsers.made import Text, page_of, read


@pytest.mark.parametrize(
    ("left", "right"), [("$", "1,577"), ("(", "383"), ("383", ")"), ("45", "%"), ("$", "(12)"), ("$", "—"), ("2", ")%")]
)
def test_the_parts_of_a_number_are_written_together(left: str, right: str) -> None:
    assert not spaced(left, right)


@pytest.mark.parametrize(("left", "right"), [("costs", "$"), ("in", "2018"), ("a", "(b)"), ("Table", "%"), ("x", ")")])
def test_words_are_written_apart(left: str, right: str) -> None:
    assert spaced(left, right)


def test_a_gap_inside_a_word_is_closed(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((72, 100), "Statement of Cash Flow s for the year", fontsize=10)
    (contents,) = page.get_contents()
    stream = file.xref_stream(contents)
    hexed = b"Flow s".hex().encode()
    assert hexed in stream
    file.update_stream(contents, stream.replace(hexed, b"466c6f77>2.0 0 <2073").replace(b" Tj", b" TJ"))
    text = stream.split(b"<", 1)[1].split(b">")[0]
    before, after = text.split(hexed)
    glyphs = b"[<" + before + b"466c6f77> 200 <20> 0 <73" + after + b">] TJ"
    file.update_stream(contents, stream.replace(b"[<" + text + b">]TJ", glyphs).replace(b"<" + text + b"> Tj", glyphs))
    file.save(tmp_path / "gap.pdf")
    assert read(tmp_path / "gap.pdf")[0].text == "Statement of Cash Flows for the year"


def test_short_words_are_not_taken_for_parts_of_words(tmp_path: Path) -> None:
    assert page_of(tmp_path, [(72, 100, "a plan to go on as it is")]).text == "a plan to go on as it is"


def test_a_raised_footnote_mark_is_parted_from_its_number(tmp_path: Path) -> None:
    width = pymupdf.get_text_length("Revenue 1,577", fontsize=10)
    texts: list[Text] = [(72, 100, "Revenue 1,577"), (72 + width, 96, "2", 6), (72, 140, "Body text of the page.")]
    assert page_of(tmp_path, texts).text.startswith("Revenue 1,577 2")


def test_a_raised_ordinal_stays_with_its_number(tmp_path: Path) -> None:
    width = pymupdf.get_text_length("the 5", fontsize=10)
    assert page_of(tmp_path, [(72, 100, "the 5"), (72 + width, 96, "th", 6)]).text == "the 5th"
