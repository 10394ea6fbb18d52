"""Pages as pictures, with passages marked. Runs in the guarded child: drawing a page runs its content."""

from __future__ import annotations

import html
import io
import math
from collections.abc import Sequence
from typing import Any

from ingest.errors import NotFoundError
from ingest.parsers.frames import Drawing
from ingest.types import Block, Page, Rect

MOST_PIXELS = 4_000  # of a side
LEAST_SCALE, MOST_SCALE = 0.05, 10.0
MOST_MARKS = 1_000
YELLOW = (255, 236, 92)
A4 = (595.0, 842.0)  # points
MARGIN = 50.0
LONGEST = 20_000.0
_DIMMED = [bytes(value * part // 255 for value in range(256)) for part in YELLOW]
_CSS = f"""
body {{ font-family: sans-serif; font-size: 11px; line-height: 1.4 }}
p, pre, h1, h2, h3 {{ white-space: pre-wrap; margin: 0 0 10px 0 }}
h1 {{ font-size: 18px }} h2 {{ font-size: 15px }} h3 {{ font-size: 12px }}
pre {{ font-family: monospace; font-size: 10px }}
.marked {{ background-color: rgb{YELLOW} }}
"""
_TAGS = {"code": "pre", "table": "pre"}


def check_page(number: int, count: int) -> None:
    """Raise NotFoundError where a document of so many pages has no such page."""
    if not 1 <= number <= count:
        raise NotFoundError(f"There is no page {number}; the document has {count:,}.")


def page_png(page: Any, drawing: Drawing) -> bytes:
    """A page of an open PyMuPDF document as PNG, its rectangles marked as if with a yellow pen.

    The scale is made smaller where a side would have more than ``MOST_PIXELS``.
    """
    import pymupdf

    shown = page.rect
    scale = min(max(LEAST_SCALE, drawing.scale), MOST_SCALE, MOST_PIXELS / max(shown.width, shown.height))
    picture = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csRGB, alpha=False)
    if not drawing.highlights:
        return bytes(picture.tobytes("png"))
    width, height = picture.width, picture.height
    plain = bytes(picture.samples)
    samples = bytearray(plain)
    for rect in drawing.highlights[:MOST_MARKS]:
        _mark(plain, samples, width, height, rect, scale)
    return bytes(pymupdf.Pixmap(pymupdf.csRGB, width, height, samples, False).tobytes("png"))


def _mark(plain: bytes, samples: bytearray, width: int, height: int, rect: Rect, scale: float) -> None:
    """Take so much of the blue of a rectangle's pixels, and a little green, that white is yellow and black stays; where
    rectangles overlap, once."""
    if not all(map(math.isfinite, rect)):
        return
    x0, y0, x1, y1 = (value * scale for value in rect)
    left, right = max(math.floor(x0), 0), min(math.ceil(x1), width)
    for y in range(max(math.floor(y0), 0), min(math.ceil(y1), height)):
        start, end = 3 * (y * width + left), 3 * (y * width + max(left, right))
        for channel in range(3):
            pixels = slice(start + channel, end, 3)
            samples[pixels] = plain[pixels].translate(_DIMMED[channel])


def text_png(page: Page, drawing: Drawing) -> bytes:
    """A page without geometry as PNG: its blocks below each other on a sheet as long as they need."""
    import pymupdf

    body = "".join(_block(page, block, drawing.ranges[:MOST_MARKS]) for block in page.blocks)
    story: Any = pymupdf.Story(html=body, user_css=_CSS)
    width, height = A4
    _, filled = story.place(pymupdf.Rect(MARGIN, MARGIN, width - MARGIN, LONGEST))
    buffer = io.BytesIO()
    writer: Any = pymupdf.DocumentWriter(buffer)
    sheet = pymupdf.Rect(0, 0, width, min(max(height, filled[3] + MARGIN), LONGEST))
    story.draw(writer.begin_page(sheet))
    writer.end_page()
    writer.close()
    opened: Any = pymupdf.open
    with opened(stream=buffer.getvalue(), filetype="pdf") as document:
        return page_png(document[0], Drawing(drawing.page, drawing.scale))


def _block(page: Page, block: Block, ranges: Sequence[tuple[int, int]]) -> str:
    """A block as HTML, with the characters marked that are in one of the ranges of the page's text."""
    tag = f"h{min(block.level, 3)}" if block.kind == "heading" and block.level else _TAGS.get(block.kind, "p")
    told, at = "", block.start
    for start, end in sorted(ranges):
        start, end = max(start, at), min(end, block.end)
        if start < end:
            told += f'{html.escape(page.text[at:start])}<span class="marked">{html.escape(page.text[start:end])}</span>'
            at = end
    return f"<{tag}>{told}{html.escape(page.text[at : block.end])}</{tag}>"
