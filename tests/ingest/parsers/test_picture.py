"""Pictures of pages: where the marks stand, and how large they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pymupdf
import pytest

from ingest.errors import NotFoundError
from ingest.parsers.formats import open_document
from ingest.parsers.frames import Drawing
from ingest.parsers.picture import YELLOW
from ingest.types import Rect
from tests.ingest.parsers.made import drawn, read

Pixels = npt.NDArray[np.uint8]
NAN, INF = float("nan"), float("inf")
NOTE = "# Notes <b>\n\nThe pump & the valve.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nsome  code\n```\n"


def picture(path: Path, page: int = 1, scale: float = 1.0, highlights: Any = (), ranges: Any = ()) -> Pixels:
    """A page as rows of pixels."""
    document = open_document(path, path.name, 99)
    drawing = Drawing(page, scale, tuple(highlights), tuple(ranges))
    png = pymupdf.Pixmap(document.picture(drawing))
    document.close()
    return np.frombuffer(png.samples, np.uint8).reshape(png.height, png.width, png.n)


def around(chosen: Any) -> tuple[int, ...]:
    """The smallest rectangle around some pixels."""
    lines, columns = np.nonzero(chosen)
    return int(columns.min()), int(lines.min()), int(columns.max()) + 1, int(lines.max()) + 1


def marked(pixels: Pixels) -> tuple[int, ...]:
    """The smallest rectangle around all pixels that are yellow."""
    return around((pixels == YELLOW).all(2))


def dark(pixels: Pixels) -> Any:
    """Which pixels are black, or nearly."""
    return pixels.max(2) < 40


def test_a_mark_stands_where_its_rectangle_says_and_lets_the_text_be_read(tmp_path: Path) -> None:
    drawn([(72, 72, "a quote of a few words")], width=300, height=200).save(tmp_path / "a.pdf")
    pixels = picture(tmp_path / "a.pdf", scale=2.0, highlights=[(50, 60.2, 100.4, 80)])
    assert pixels.shape == (400, 600, 3)
    assert marked(pixels) == (100, 120, 201, 160)
    assert (dark(pixels) == dark(picture(tmp_path / "a.pdf", scale=2.0))).all()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_on_a_turned_and_cropped_page_the_spans_of_its_words_are_marked(tmp_path: Path, rotation: int) -> None:
    file = drawn([(100, 120, "word", 30)], width=400, height=600)
    file[0].set_cropbox(pymupdf.Rect(20, 30, 380, 560))
    file[0].set_rotation(rotation)
    file.save(tmp_path / "a.pdf")
    [page] = read(tmp_path / "a.pdf")
    pixels = picture(tmp_path / "a.pdf", highlights=[span[2:] for span in page.spans])
    assert pixels.shape == (page.height, page.width, 3)
    left, top, right, bottom = marked(pixels)
    x0, y0, x1, y1 = around(dark(pixels))
    assert left <= x0 < x1 <= right
    assert top <= y0 < y1 <= bottom


def test_where_rectangles_overlap_the_mark_is_no_darker(tmp_path: Path) -> None:
    drawn([], width=300, height=200).save(tmp_path / "a.pdf")
    pixels = picture(tmp_path / "a.pdf", highlights=[(10, 10, 30, 30), (20, 20, 40, 40)])
    assert {tuple(map(int, pixel)) for pixel in pixels.reshape(-1, 3)} == {(255, 255, 255), YELLOW}


def test_a_page_is_marked_for_one_picture_only(tmp_path: Path) -> None:
    drawn([(72, 72, "words")], width=300, height=200).save(tmp_path / "a.pdf")
    document = open_document(tmp_path / "a.pdf", "a.pdf", 99)
    plain = document.picture(Drawing(1, 1.0))
    assert document.picture(Drawing(1, 1.0, ((10, 10, 20, 20),))) != plain
    assert document.picture(Drawing(1, 1.0)) == plain


@pytest.mark.parametrize(
    "rect",
    [
        (-50.0, -50.0, -10.0, -10.0),
        (900.0, 9.0, 990.0, 20.0),
        (20.0, 20.0, 10.0, 10.0),
        (NAN, 0.0, 9.0, 9.0),
        (0, 0, INF, 9),
    ],
)
def test_a_rectangle_that_is_nowhere_on_the_page_marks_nothing(tmp_path: Path, rect: Rect) -> None:
    drawn([], width=300, height=200).save(tmp_path / "a.pdf")
    assert (picture(tmp_path / "a.pdf", highlights=[rect]) == 255).all()


def test_a_rectangle_that_reaches_beyond_the_page_is_marked_as_far_as_it_is_on_it(tmp_path: Path) -> None:
    drawn([], width=300, height=200).save(tmp_path / "a.pdf")
    assert marked(picture(tmp_path / "a.pdf", highlights=[(250, -9, 999, 50)])) == (250, 0, 300, 50)


@pytest.mark.parametrize(
    ("width", "height", "scale", "wanted"),
    [
        (500, 1000, 9.0, (2000, 4000)),
        (14400, 7200, 1.0, (4000, 2000)),
        (10, 10, INF, (100, 100)),
        (200, 100, NAN, (10, 5)),
    ],
)
def test_no_picture_has_more_than_4000_pixels_a_side(
    tmp_path: Path, width: float, height: float, scale: float, wanted: tuple[int, int]
) -> None:
    drawn([], width=width, height=height).save(tmp_path / "a.pdf")
    pixels = picture(tmp_path / "a.pdf", scale=scale)
    assert pixels.shape == (*reversed(wanted), 3)


@pytest.mark.parametrize("page", [-1, 0, 3])
@pytest.mark.parametrize("name", ["a.pdf", "a.txt"])
def test_a_page_that_there_is_not_is_told_with_their_number(tmp_path: Path, name: str, page: int) -> None:
    drawn([], []).save(tmp_path / "a.pdf")
    (tmp_path / "a.txt").write_text(f"{'one' * 900}\n\n{'two' * 900}")
    with pytest.raises(NotFoundError, match=f"There is no page {page}; the document has 2"):
        picture(tmp_path / name, page)


def test_a_text_is_drawn_as_a_sheet_with_some_of_its_characters_marked(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(NOTE)
    document = open_document(tmp_path / "a.md", "a.md", 99)
    page = document.page(1, document.survey(lambda number: None), lambda number: None)
    at = page.text.index("pump")
    one, both = (picture(tmp_path / "a.md", ranges=each) for each in ([(at, at + 4)], [(at, at + 4), (at, at + 99)]))
    assert one.shape == (842, 595, 3)
    x0, y0, x1, y1 = marked(one)
    assert x1 - x0 < 40
    assert y1 - y0 < 20
    assert marked(both)[3] > y1
    assert (picture(tmp_path / "a.md", highlights=[(0, 0, 99, 99)]) == picture(tmp_path / "a.md")).all()


def test_a_long_text_makes_a_long_sheet_and_loses_nothing(tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(250)]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    document = open_document(tmp_path / "a.txt", "a.txt", 99)
    text = document.page(1, document.survey(lambda number: None), lambda number: None).text
    pixels = picture(tmp_path / "a.txt", ranges=[(len(text) - 3, len(text))])
    assert len(pixels) > 2000
    assert marked(pixels)[3] > len(pixels) - 100
