"""Formats without geometry: Markdown, HTML and plain text, cut into pages at paragraph ends.

Such a file has no pages of its own. Its blocks are gathered into pages of at most ``PAGE_CHARACTERS`` characters; a
block that is longer is cut at a line or word end.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection
from pathlib import Path

from ingest.errors import DocumentError, EmptyError, TooLargeError
from ingest.parsers.frames import Drawing
from ingest.parsers.headings import path_before
from ingest.parsers.picture import check_page, text_png
from ingest.parsers.pieces import Piece, plain_pieces
from ingest.types import Block, OutlineEntry, Page, Survey

PAGE_CHARACTERS = 3_000
_FIRST_TEXT = 8_000
_MAX_OUTLINE = 5_000
_MEDIA_TYPES = {"text": "text/plain", "markdown": "text/markdown", "html": "text/html"}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


class TextDocument:
    """An open Markdown, HTML or plain text file.

    Args:
        path: file to read.
        kind: ``markdown``, ``html`` or ``text``.
        max_pages: most pages allowed.

    Raises:
        EmptyError: it holds no text.
        TooLargeError: it makes more pages than allowed.
    """

    def __init__(self, path: Path, kind: str, max_pages: int) -> None:
        try:
            text = decoded(path.read_bytes())
        except OSError as error:
            raise DocumentError(f"cannot be read: {(error.strerror or str(error)).lower()}") from error
        self._media_type = _MEDIA_TYPES[kind]
        self._title, pieces = _pieces(text, kind)
        self._pages = paginated(pieces)
        if not self._pages:
            raise EmptyError("empty: it holds no text")
        if len(self._pages) > max_pages:
            raise TooLargeError(f"makes {len(self._pages):,} pages; DOCQA_MAX_PAGES allows {max_pages:,}")

    def survey(self, report: Callable[[int], None], skip: Collection[int] = ()) -> Survey:
        """Title, first text and the headings as an outline."""
        outline: list[OutlineEntry] = []
        for number, page in enumerate(self._pages, 1):
            outline += [OutlineEntry(p.level, p.text, number) for p in page if p.kind == "heading"]
        top = min((entry.level for entry in outline), default=0)
        large = next((entry.title for entry in outline if entry.level == top), "")
        first = "\n\n".join(piece.text for page in self._pages[:3] for piece in page)[:_FIRST_TEXT]
        return Survey(
            self._media_type, len(self._pages), self._title, "", large[:200], first, tuple(outline[:_MAX_OUTLINE])
        )

    def page(self, number: int, survey: Survey, report: Callable[[int], None], skip: Collection[int] = ()) -> Page:
        """One page of blocks with a blank line between."""
        report(number)
        blocks: list[Block] = []
        text = ""
        for piece in self._pages[number - 1]:
            text += "\n\n" if text else ""
            blocks.append(Block(piece.kind, len(text), len(text) + len(piece.text), piece.level, piece.columns))
            text += piece.text
        return Page(number, text, blocks=tuple(blocks), headings=path_before(survey.outline, number))

    def picture(self, drawing: Drawing) -> bytes:
        """A page as PNG, some characters marked. Raises NotFoundError where there is no such page."""
        check_page(drawing.page, len(self._pages))
        survey = Survey(self._media_type, len(self._pages))
        return text_png(self.page(drawing.page, survey, lambda number: None), drawing)

    def close(self) -> None:
        """Nothing is held open."""


def decoded(data: bytes) -> str:
    """The text of a file: by its byte order mark, as UTF-8, else in the encoding that is likeliest."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data.decode(name, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(data[:100_000]).best()
        return data.decode(best.encoding if best else "latin-1", "replace")


def paginated(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces gathered into pages; a heading is not left alone at the end of a page."""
    pages: list[list[Piece]] = []
    room = 0
    for piece in (part for whole in pieces for part in _cut(whole)):
        if not pages or len(piece.text) + 2 > room:
            carried: list[Piece] = []
            while pages and len(pages[-1]) > 1 and pages[-1][-1].kind == "heading":
                carried.insert(0, pages[-1].pop())
            pages.append(carried)
            room = PAGE_CHARACTERS - sum(len(p.text) + 2 for p in carried)
        pages[-1].append(piece)
        room -= len(piece.text) + 2
    return pages


def _cut(piece: Piece) -> list[Piece]:
    """A piece that is longer than a page, as several."""
    parts: list[Piece] = []
    text = piece.text
    while len(text) > PAGE_CHARACTERS:
        end = (
            max(text.rfind("\n", 1, PAGE_CHARACTERS), 0)
            or max(text.rfind(" ", 1, PAGE_CHARACTERS), 0)
            or PAGE_CHARACTERS
        )
        parts.append(piece._replace(text=text[:end].rstrip()))
        text = text[end:].lstrip()
    return [*parts, piece._replace(text=text)] if text else parts


def _pieces(text: str, kind: str) -> tuple[str, list[Piece]]:
    """The title that a file gives itself, and its blocks."""
    if kind == "markdown":
        from ingest.parsers.markdown import markdown_pieces

        return markdown_pieces(text)
    if kind == "html":
        from ingest.parsers.html import html_pieces

        return html_pieces(text)
    return "", plain_pieces(text)
