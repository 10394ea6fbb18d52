"""PDF documents as a whole: what the survey tells, headings, running headers, rotation, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from ingest.errors import DamagedError, EncryptedError, TooLargeError
from ingest.parsers.pdf import PdfDocument
from tests.ingest.parsers.made import Text, drawn, page_of, paragraph, read, surveyed

AES_256 = 5
BODY = "Words of the body that fill this line to its end and say nothing"


def report(pages: int) -> list[list[Text]]:
    """Pages with a running header, a page number and a body."""
    return [
        [(72, 40, f"Acme Report {2020}"), (290, 810, f"Page {n} of {pages}"), *paragraph(72, 120, f"{BODY} {n}", 5)]
        for n in range(1, pages + 1)
    ]


def test_running_headers_and_page_numbers_are_left_out_of_the_text(tmp_path: Path) -> None:
    drawn(*report(6)).save(tmp_path / "a.pdf")
    page = read(tmp_path / "a.pdf")[2]
    assert page.furniture == ("Acme Report 2020", "Page 3 of 6")
    assert page.text == " ".join([f"{BODY} 3"] * 5)


def test_headers_of_odd_and_even_pages_are_told_apart(tmp_path: Path) -> None:
    pages: list[list[Text]] = [
        [(72, 40, "Odd" if n % 2 else "Even"), *paragraph(72, 120, BODY, 4)] for n in range(1, 9)
    ]
    drawn(*pages).save(tmp_path / "a.pdf")
    assert surveyed(tmp_path / "a.pdf").furniture == ("even", "odd")


@pytest.mark.parametrize(
    ("line", "size"),
    [("Rainfall in {year}: {amount} mm", 10), ("Invoice no. {serial}", 10), ("Chapter {page}", 20), ("{amount}", 10)],
)
def test_lines_that_differ_in_other_numbers_than_the_page_are_text(tmp_path: Path, line: str, size: int) -> None:
    lines = [line.format(page=n, year=2009 + n, amount=293 + 7 * n, serial=2081 + 7919 * n) for n in range(1, 9)]
    drawn(*([(72, 72, text, size), *paragraph(72, 120, BODY, 5)] for text in lines)).save(tmp_path / "a.pdf")
    assert [page.text.split("\n\n")[0] for page in read(tmp_path / "a.pdf")] == lines


def test_a_page_number_inside_a_running_footer_is_told_by_its_rise(tmp_path: Path) -> None:
    pages = [[(72, 800, f"Acme 2020 | {n + 40} | 10-K"), *paragraph(72, 120, BODY, 9)] for n in range(1, 9)]
    drawn(*pages).save(tmp_path / "a.pdf")
    assert surveyed(tmp_path / "a.pdf").furniture == ("acme 2020 | {page+40} | 10-k",)
    assert read(tmp_path / "a.pdf")[4].furniture == ("Acme 2020 | 45 | 10-K",)


def test_a_footer_that_says_that_it_is_the_pages_number_needs_two_pages_only(tmp_path: Path) -> None:
    pages = [[(72, 800, f"Field Office  Page {n} of 2"), *paragraph(72, 120, BODY, 9)] for n in (1, 2)]
    drawn(*pages).save(tmp_path / "a.pdf")
    assert [page.furniture for page in read(tmp_path / "a.pdf")] == [(f"Field Office Page {n} of 2",) for n in (1, 2)]


def test_chapters_named_at_the_edge_of_each_of_their_pages_are_left_out(tmp_path: Path) -> None:
    drawn(*([(72, 40, f"Item {n // 3}"), *paragraph(72, 120, BODY, 9)] for n in range(12))).save(tmp_path / "a.pdf")
    assert surveyed(tmp_path / "a.pdf").furniture == ("item 0", "item 1", "item 2", "item 3")


@pytest.mark.parametrize(
    "numbers", [["i", "ii", "iii", "1", "2", "3", "4"], ["5", "6", "7", "F-1", "F-2", "F-3", "F-4"]]
)
def test_page_numbers_that_begin_anew_are_left_out(tmp_path: Path, numbers: list[str]) -> None:
    pages: list[list[Text]] = [[(290, 800, number), *paragraph(72, 120, BODY, 9)] for number in numbers]
    drawn(*pages).save(tmp_path / "a.pdf")
    assert [page.furniture for page in read(tmp_path / "a.pdf")] == [(number,) for number in numbers]


def test_what_is_all_that_a_page_says_is_its_text(tmp_path: Path) -> None:
    drawn(*([(72, 72, f"Chapter {n}")] for n in range(1, 6))).save(tmp_path / "a.pdf")
    assert read(tmp_path / "a.pdf")[3].text == "Chapter 4"


def test_a_survey_tells_title_large_text_outline_and_body_size(tmp_path: Path) -> None:
    file = drawn([(72, 80, "The Annual Report", 24), *paragraph(72, 120, BODY, 9)], paragraph(72, 120, BODY, 9))
    file.set_metadata({"title": "Annual", "author": "Acme"})
    file.set_toc([[1, "Start", 1], [2, "Detail", 2]])
    file.save(tmp_path / "a.pdf")
    survey = surveyed(tmp_path / "a.pdf")
    assert (survey.title, survey.author, survey.large_text, survey.body_size) == (
        "Annual",
        "Acme",
        "The Annual Report",
        10,
    )
    assert [(e.level, e.title, e.page) for e in survey.outline] == [(1, "Start", 1), (2, "Detail", 2)]
    assert survey.first_text.startswith("The Annual Report\nWords")


def test_the_survey_of_the_same_bytes_is_the_same(tmp_path: Path) -> None:
    drawn(*report(40)).save(tmp_path / "a.pdf")
    assert surveyed(tmp_path / "a.pdf") == surveyed(tmp_path / "a.pdf")


def test_a_page_reads_the_same_whether_or_not_the_survey_was_made_by_the_same_reader(tmp_path: Path) -> None:
    drawn(*report(6)).save(tmp_path / "a.pdf")
    survey = surveyed(tmp_path / "a.pdf")
    with PdfDocument(tmp_path / "a.pdf", 9) as fresh:
        assert [fresh.page(number, survey) for number in range(1, 7)] == read(tmp_path / "a.pdf")


def test_headings_are_told_by_size_and_by_weight(tmp_path: Path) -> None:
    texts: list[Text] = [(72, 90, "Large", 22), *paragraph(72, 130, BODY, 6), (72, 230, "Bold", 10, "hebo")]
    page = page_of(tmp_path, [*texts, *paragraph(72, 250, BODY, 6)])
    assert [(b.level, page.text[b.start : b.end]) for b in page.blocks if b.kind == "heading"] == [
        (1, "Large"),
        (4, "Bold"),
    ]


def test_the_outline_makes_a_heading_of_plain_text(tmp_path: Path) -> None:
    file = drawn([(72, 90, "Plain Words"), *paragraph(72, 130, BODY, 6)])
    file.set_toc([[1, "Plain words", 1]])
    file.save(tmp_path / "a.pdf")
    assert [(b.kind, b.level) for b in read(tmp_path / "a.pdf")[0].blocks] == [("heading", 1), ("text", 0)]


def test_a_footnote_is_no_heading(tmp_path: Path) -> None:
    texts: list[Text] = [*paragraph(72, 130, BODY, 6), (72, 700, "(1) Restated for the change in rules", 7, "hebo")]
    assert [b.kind for b in page_of(tmp_path, texts).blocks] == ["text", "footnote"]


def test_a_page_knows_the_headings_it_stands_under_whichever_pages_are_read(tmp_path: Path) -> None:
    first: list[Text] = [(72, 90, "Item 7. Discussion", 10), *paragraph(72, 130, BODY, 6)]
    drawn(first, paragraph(72, 130, BODY, 6)).save(tmp_path / "a.pdf")
    with PdfDocument(tmp_path / "a.pdf", 9) as document:
        survey = document.survey(lambda number: None)
        assert document.page(2, survey).headings == ("Item 7. Discussion",)
    assert read(tmp_path / "a.pdf")[1].headings == ("Item 7. Discussion",)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_rotated_page_reads_the_same_and_its_rectangles_turn_with_it(tmp_path: Path, rotation: int) -> None:
    file = drawn([(72, 100, "first line"), (72, 300, "second line")])
    file[0].set_rotation(rotation)
    wanted = (
        file[0].search_for("second")
        if rotation == 0
        else [q * file[0].rotation_matrix for q in file[0].search_for("second")]
    )
    file.save(tmp_path / "a.pdf")
    (page,) = read(tmp_path / "a.pdf")
    assert page.text == "first line\n\nsecond line"
    assert (page.width, page.height) == ((842, 595) if rotation % 180 else (595, 842))
    span = page.spans[2]
    assert abs(span.x0 - wanted[0].normalize().x0) < 3
    assert abs(span.y0 - wanted[0].normalize().y0) < 3


def test_text_that_was_written_sideways_is_read_along_its_lines(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    for n, word in enumerate(("Sales 5", "Costs 4")):
        page.insert_text((100 + 14 * n, 600), word, rotate=90)
    file.save(tmp_path / "a.pdf")
    (read_page,) = read(tmp_path / "a.pdf")
    assert read_page.text == "Sales 5 Costs 4"
    assert read_page.spans[0].y0 > read_page.spans[1].y0


def test_a_page_with_a_picture_and_no_text_is_marked_as_scanned(tmp_path: Path) -> None:
    file = drawn([(72, 100, "text")], [], [])
    file[1].insert_image(pymupdf.Rect(0, 0, 99, 99), pixmap=pymupdf.Pixmap(pymupdf.csRGB, (0, 0, 9, 9)))
    file.save(tmp_path / "a.pdf")
    assert [page.scanned for page in read(tmp_path / "a.pdf")] == [False, True, False]


def test_a_document_with_a_password_is_refused(tmp_path: Path) -> None:
    drawn([(72, 100, "x")]).save(tmp_path / "a.pdf", encryption=AES_256, user_pw="u", owner_pw="o")
    with pytest.raises(EncryptedError, match="encrypted: needs a password"):
        PdfDocument(tmp_path / "a.pdf", 9)


def test_a_document_that_only_its_owner_may_change_is_read(tmp_path: Path) -> None:
    drawn([(72, 100, "open")]).save(tmp_path / "a.pdf", encryption=AES_256, owner_pw="o")
    assert read(tmp_path / "a.pdf")[0].text == "open"


def test_a_damaged_document_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 20)
    with pytest.raises(DamagedError, match="damaged: no page could be read"):
        PdfDocument(tmp_path / "a.pdf", 9)


def test_a_document_with_too_many_pages_is_refused_and_the_setting_named(tmp_path: Path) -> None:
    drawn(*report(4)).save(tmp_path / "a.pdf")
    with pytest.raises(TooLargeError, match="DOCQA_MAX_PAGES allows 3"):
        PdfDocument(tmp_path / "a.pdf", 3)
