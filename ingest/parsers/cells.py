"""Cells of a table: what they hold, which stand under each other, and which go on in the next line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.parsers.lines import Row, is_number
from ingest.parsers.words import Word

_YEAR = re.compile(r"(?:19|20)\d\d|\(?\d{1,2}\)?,?")
MARKER = re.compile(r"\(?[a-z0-9]{1,2}\)|\*+|†|‡")
"""What stands before a footnote."""
_SMALL = re.compile(r"\d{1,2}")

Cell = list[Word]
Interval = tuple[float, float]


def interval(cell: Cell) -> Interval:
    """Where a cell of one line stands, in x."""
    return cell[0].x0, cell[-1].x1


def aligned(above: list[Interval], below: list[Interval]) -> bool:
    """Whether any of the intervals above stands over any of those below."""
    return any(a0 < b1 + 2 and b0 < a1 + 2 for a0, a1 in above for b0, b1 in below)


def has_amounts(row: Row) -> bool:
    """Whether a row holds an amount right of its label."""
    return any(is_value(cell) for cell in row.cells[1:])


def is_note(row: Row) -> bool:
    """Whether a row is a footnote: a mark of its own and words."""
    mark = row.cells[0]
    return len(row.cells) == 2 and len(mark) == 1 and bool(MARKER.fullmatch(mark[0].text)) and has_letters(row.cells[1])


def is_paragraph(cell: Cell) -> bool:
    """Whether a cell is running text rather than a label."""
    return len(cell) > 14


def is_value(cell: Cell) -> bool:
    """Whether a cell holds an amount: not words or sentences, and not a year or a date of a column label."""
    if is_paragraph(cell):
        return False
    if len(cell) == 1 and _SMALL.fullmatch(cell[0].text):
        return True
    amounts = (is_number(w.text) or (w.text[0] in "$€£(" and len(w.text) > 1) for w in cell)
    return any(amounts) and not is_date(cell, words=True)


def is_date(cell: Cell, words: bool = False) -> bool:
    """Whether a cell holds nothing but years and days, and words if they are allowed."""
    return all(_YEAR.fullmatch(w.text) or (words and w.text[0].isalpha()) for w in cell)


def wrapping(before: Row, row: Row, cells: Sequence[Cell] = ()) -> list[int]:
    """The places of the cells above that all cells of a row go on; none where the row is one of its own.

    Words go on words in the line right above that begin at the same x, or hang back from it, right of the row labels.
    What is gathered for the row above is in ``cells``, if more than ``before`` itself.
    """
    above = cells or before.cells
    if row.y0 - before.y1 > 0.3 * row.size or before.bold != row.bold:
        return []
    places: list[int] = []
    for cell in row.cells:
        place = next((n for n, upper in enumerate(above) if n and -1.5 < cell[0].x0 - upper[0].x0 < 1.5 * row.size), 0)
        if not place or not has_letters(above[place]) or (is_value(cell) and not has_letters(cell)):
            return []
        places.append(place)
    return places


def has_letters(cell: Cell) -> bool:
    """Whether a cell holds words."""
    return any(c.isalpha() for word in cell for c in word.text)
