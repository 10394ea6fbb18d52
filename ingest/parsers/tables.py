"""Tables: runs of rows that have cells standing under each other.

A table is told by geometry alone, without ruling lines, since filings rarely draw any.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.parsers.cells import aligned, has_amounts, interval, is_note, is_paragraph, wrapping
from ingest.parsers.lines import Row

_MAX_SINGLES = 3
_SPANNING_ROWS = 3


def runs(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Half-open ranges of rows that are tables: two rows or more with aligned cells, and the single cells between."""
    found: list[tuple[int, int]] = []
    start, last, end, count = -1, -1, -1, 0
    for number, row in enumerate(rows):
        if end == number and wrapping(rows[number - 1], row, rows[last].cells):
            end, count = number + 1, count + (len(row.cells) > 1)
            continue
        if len(row.cells) < 2:
            continue
        if start >= 0 and _continues(rows, last, end, number):
            last, end, count = number, number + 1, count + 1
            continue
        if count >= 2:
            found.append((start, end))
        start, last, end, count = number, number, number + 1, 1
    if count >= 2:
        found.append((start, end))
    split = [part for first, end in found for part in _split(rows, first, end)]
    return [(_with_header(rows, first, split[k - 1][1] if k else 0, end), end) for k, (first, end) in enumerate(split)]


def _split(rows: Sequence[Row], first: int, end: int) -> list[tuple[int, int]]:
    """A run of rows cut where a second header begins: column labels without a row label, or two rows of labels."""
    found: list[tuple[int, int]] = []
    start, amounts, last = first, False, first
    for number in range(first, end - 1):
        row, following, above = rows[number], rows[number + 1], rows[last]
        if len(row.cells) < 2 or (number > first and wrapping(rows[number - 1], row, above.cells)):
            continue
        if has_amounts(row):
            amounts = True
        elif amounts:
            unlabelled = row.x0 > above.x0 + 60 and row.x0 > above.cells[0][-1].x1
            apart = row.bold or row.y0 - rows[number - 1].y1 > 0.8 * row.size
            if unlabelled or (apart and len(following.cells) > 1 and not has_amounts(following)):
                cut = _with_header(rows, number, last + 1, end)
                found.append((start, cut))
                start, amounts = cut, False
        last = number
    return [*found, (start, end)]


def _continues(rows: Sequence[Row], last: int, end: int, number: int) -> bool:
    """Whether a row with cells belongs to the table whose last such row is given, with the end of its wrapped cells."""
    between = rows[end:number]
    if len(between) > _MAX_SINGLES or any(is_paragraph(row.cells[0]) for row in between):
        return False
    upper, lower = rows[last], rows[number]
    if is_note(lower) and not is_note(upper):
        return False
    if lower.y0 - rows[end - 1].y1 > (3 + 2 * len(between)) * max(upper.size, lower.size):
        return False
    above = [interval(cell) for cell in upper.cells[1:]]
    below = [interval(cell) for cell in lower.cells[1:]]
    near = [interval(cell) for cell in upper.cells[:1]]
    if aligned(above, below) or aligned(near, below) or aligned(above, [interval(lower.cells[0])]):
        return True
    alike = abs(upper.x0 - lower.x0) < 2 and abs(len(above) - len(below)) < 2 < len(below)
    return (alike or has_amounts(upper)) and has_amounts(lower)


def _with_header(rows: Sequence[Row], first: int, floor: int, end: int) -> int:
    """The first row of a table with the single cells above its columns, as ``Year ended December 31``."""
    left = min(row.x0 for row in rows[first:end])
    edge = min(cell[0].x0 for row in rows[first:end] for cell in row.cells[1:])
    start = first
    while start > floor and first - start < _SPANNING_ROWS:
        row = rows[start - 1]
        bracketed = row.cells[0][0].text[0] == "(" and row.cells[0][-1].text[-1] == ")"
        beside = row.x0 < max(edge - 60, left + 60) and not bracketed
        if len(row.cells) > 1 or beside or len(row.cells[0]) > 8:
            break
        if rows[start].y0 - row.y1 > 1.5 * row.size:
            break
        start -= 1
    return start
