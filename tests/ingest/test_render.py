"""Pages as pictures, drawn in guarded child processes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pytest

from ingest import errors
from ingest.parse import ParserPool
from ingest.settings import Settings
from tests.ingest.parsers.made import drawn, laughs
from tests.ingest.test_parse import NOTHING, children, until


@pytest.fixture
def pool() -> Iterator[ParserPool]:
    with ParserPool(Settings()) as pool:
        yield pool


@pytest.fixture
def two_pages(tmp_path: Path) -> Path:
    drawn([(72, 72, "one")], [(72, 72, "two")], width=300, height=200).save(tmp_path / "two.pdf")
    return tmp_path / "two.pdf"


def size(png: bytes) -> tuple[int, int]:
    picture = pymupdf.Pixmap(png)
    return picture.width, picture.height


def test_a_page_is_drawn_with_and_without_marks(pool: ParserPool, two_pages: Path) -> None:
    plain, marked = (pool.render(two_pages, "two.pdf", 2, 1.5, marks) for marks in ((), [(70, 60, 90, 75)]))
    assert (size(plain), size(marked), plain != marked) == ((450, 300), (450, 300), True)
    assert pool.render(two_pages, "application/pdf", 2, 1.5) == plain
    assert pool.render(two_pages, "two.pdf", 1, 1.5) != plain


def test_reading_and_drawing_share_a_child(pool: ParserPool, two_pages: Path) -> None:
    survey = pool.survey(two_pages, "two.pdf")
    before = children()
    pool.render(two_pages, survey.media_type, 1, highlights=[(0, 0, 300, 200)])
    assert [page.text for page in pool.pages(two_pages, survey, 1, 2)] == ["one", "two"]
    assert children() == before


def test_a_text_is_drawn_by_what_it_is_called(pool: ParserPool, tmp_path: Path) -> None:
    (tmp_path / "0a1b").write_text("# Top\n\nwords")
    pictures = [pool.render(tmp_path / "0a1b", name, 1, 1.0) for name in ("a.md", "text/markdown", "a.txt")]
    assert pictures[0] == pictures[1] != pictures[2]


def test_a_page_that_there_is_not_is_told(pool: ParserPool, two_pages: Path) -> None:
    with pytest.raises(errors.NotFoundError, match="There is no page 3; the document has 2"):
        pool.render(two_pages, "two.pdf", 3)


def test_what_is_no_document_is_told(pool: ParserPool, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    with pytest.raises(errors.DamagedError, match="no page could be read"):
        pool.render(tmp_path / "a.pdf", "a.pdf", 1)
    with pytest.raises(errors.DocumentError, match="no such file"):
        pool.render(tmp_path / "gone.pdf", "gone.pdf", 1)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"parse_seconds": 1}, "timed out after 1 s on page 2"),
        ({"parse_cpu_seconds": 1}, "used more than 1 s of CPU time on page 2"),
    ],
)
def test_a_page_that_takes_too_much_is_told_and_the_next_one_is_drawn(
    tmp_path: Path, limits: dict[str, float], said: str
) -> None:
    laughs(tmp_path / "slow.pdf", NOTHING)
    with ParserPool(Settings(**limits)) as pool:  # type: ignore[arg-type]
        with pytest.raises(errors.ParserStoppedError, match=said):
            pool.render(tmp_path / "slow.pdf", "slow.pdf", 2)
        assert size(pool.render(tmp_path / "slow.pdf", "slow.pdf", 3, 1.0)) == (595, 842)


def test_a_picture_that_needs_too_much_memory_is_told(tmp_path: Path) -> None:
    file = drawn([])
    pixels = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 6500, 6500), False)
    pixels.clear_with(99)
    file[0].insert_image(file[0].rect, pixmap=pixels)
    file.save(tmp_path / "large.pdf")
    too_much = pytest.raises(errors.ParserStoppedError, match="more than 160 MiB of memory on page 1")
    with ParserPool(Settings(parse_memory_mb=160)) as pool, too_much:
        pool.render(tmp_path / "large.pdf", "large.pdf", 1)


def test_a_child_that_is_killed_while_it_draws_is_replaced_and_the_page_tried_again(tmp_path: Path) -> None:
    laughs(tmp_path / "slow.pdf", NOTHING)
    with ParserPool(Settings(parse_seconds=3)) as pool:
        pool.survey(tmp_path / "slow.pdf", "slow.pdf")
        (first,) = children()
        said: list[str] = []

        def draw() -> None:
            try:
                pool.render(tmp_path / "slow.pdf", "slow.pdf", 2)
            except errors.ParserStoppedError as error:
                said.append(str(error))

        thread = threading.Thread(target=draw)
        thread.start()
        os.kill(first, signal.SIGKILL)
        until(lambda: children() - {first})
        thread.join()
    assert said == ["timed out after 3 s on page 2"]
