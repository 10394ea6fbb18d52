"""Words of a PDF page with their rectangles and type style, from one pass of MuPDF over the page."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import Any, NamedTuple

from ingest.parsers.normalise import clean
from ingest.types import Rect

_BOLD_FLAG, _RAISED_FLAG = 16, 1
_BOLD_NAMES = ("bold", "black", "heavy", "semibold", "demi")
_QUARTER = {(1, 0): 0, (0, -1): 1, (-1, 0): 2, (0, 1): 3}


class Word(NamedTuple):
    """A word in the frame in which the page reads upright; y grows downwards, units are points.

    ``line`` numbers MuPDF's line that it came from; ``raised`` marks a superscript; ``turn`` is the number of quarter
    turns by which the word deviates from upright.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool
    raised: bool
    line: int
    turn: int = 0


class Piece(NamedTuple):
    """A run of one type style in a line."""

    size: float
    bold: bool
    raised: bool
    x0: float


Pieces = list[tuple[int, Piece]]


def turned(rect: Rect, quarters: int, width: float, height: float) -> Rect:
    """A rectangle of a width × height frame after clockwise quarter turns of that frame."""
    x0, y0, x1, y1 = rect
    match quarters % 4:
        case 1:
            return height - y1, x0, height - y0, x1
        case 2:
            return width - x1, height - y1, width - x0, height - y0
        case 3:
            return y0, width - x1, y1, width - x0
    return rect


def page_words(textpage: Any, width: float, height: float) -> tuple[list[Word], int]:
    """All words of a text page and the quarter turns from MuPDF's frame to the one in which most of it is upright.

    Args:
        textpage: PyMuPDF's TextPage.
        width, height: of the page before its own rotation, in points.
    """
    lines = _styles(textpage.extractDICT())
    quarters = Counter[int]()
    for _, _, turn in lines.values():
        quarters[turn] += 1
    main = quarters.most_common(1)[0][0] if quarters else 0
    words: list[Word] = []
    unknown: tuple[str, Pieces, int] = ("", [], main)
    current = -1
    for x0, y0, x1, y1, raw, block, line, _ in textpage.extractWORDS():
        key = block * 10_000 + line
        if key != current:
            position, current = 0, key
            text, pieces, turn = lines.get(key, unknown)
            size, bold, raised, _ = pieces[0][1] if pieces else Piece(y1 - y0, False, False, x0)
            away = (turn - main) % 4
        if main:
            x0, y0, x1, y1 = turned((x0, y0, x1, y1), main, width, height)
        if len(pieces) > 1:
            position = _styled(words, raw, (x0, y0, x1, y1), text, pieces, position, key, away)
        elif word := clean(raw):
            words.append(Word(word, x0, y0, x1, y1, size, bold, raised, key, away))
    return words, main


def _styles(layout: dict[str, Any]) -> dict[int, tuple[str, Pieces, int]]:
    """Per line: its text, the styles with the position at which each begins, and its quarter turns to upright."""
    found: dict[int, tuple[str, Pieces, int]] = {}
    fonts: dict[str, bool] = {}
    for block in layout["blocks"]:
        for number, line in enumerate(block.get("lines", ())):
            pieces: Pieces = []
            text = ""
            for span in line["spans"]:
                font, flags = span["font"], span["flags"]
                bold = fonts.get(font)
                if bold is None:
                    bold = fonts[font] = any(name in font.lower() for name in _BOLD_NAMES)
                pieces.append((len(text), Piece(span["size"], bold or bool(flags & _BOLD_FLAG),
                                                bool(flags & _RAISED_FLAG), span["bbox"][0])))  # fmt: skip
                text += span["text"]
            dx, dy = line["dir"]
            found[block["number"] * 10_000 + number] = (text, pieces, _QUARTER.get((round(dx), round(dy)), 0))
    return found


def _styled(
    words: list[Word], raw: str, rect: Rect, text: str, pieces: Pieces, position: int, key: int, turn: int
) -> int:
    """Add a word of a line in several styles, cut where a superscript begins or ends; returns the position after it."""
    start = text.find(raw, position)
    if start < 0:
        start = position
    end = start + len(raw)
    first = max(0, bisect_right(pieces, start, key=lambda piece: piece[0]) - 1)
    last = max(first, bisect_right(pieces, end - 1, key=lambda piece: piece[0]) - 1)
    x0, y0, x1, y1 = rect
    while first <= last:
        style = pieces[first][1]
        until = first
        while until < last and pieces[until + 1][1].raised == style.raised:
            until += 1
        stop = end if until >= last else pieces[until + 1][0]
        cut = x1 if until >= last or turn else min(max(pieces[until + 1][1].x0, x0), x1)
        if word := clean(raw[start - end + len(raw) : stop - end + len(raw)]):
            words.append(Word(word, x0, y0, cut, y1, style.size, style.bold, style.raised, key, turn))
        x0, start, first = cut, stop, until + 1
    return end
