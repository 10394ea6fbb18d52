"""Tables: runs of rows that have cells standing under each other.

A table is told by geometry alone, without ruling lines, since filings rarely draw any.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.parsers.lines import Row, is_number, joined
from ingest.parsers.words import Word

_MAX_SINGLES = 3
_HEADER_ROWS = 8
_SPANNING_ROWS = 3
_ROW_GAP = 0.5
_YEAR = re.compile(r"(?:19|20)\d\d|\(?\d{1,2}\)?,?")
_SMALL = re.compile(r"\d{1,2}")
_MARKER = re.compile(r"\(?[a-z0-9]{1,2}\)|\*+|†|‡")

Cell = list[Word]
Interval = tuple[float, float]


def runs(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Half-open ranges of rows that are tables: two rows or more with aligned cells, and the single cells between."""
    found: list[tuple[int, int]] = []
    start, last, end, count = -1, -1, -1, 0
    for number, row in enumerate(rows):
        if end == number and _wrapping(rows[number - 1], row, rows[last].cells):
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
    start, amounts = first, False
    for number in range(first, end - 1):
        row, following = rows[number], rows[number + 1]
        if _has_numbers(row):
            amounts = True
        elif amounts and len(row.cells) > 1:
            above = rows[number - 1]
            unlabelled = row.x0 > above.x0 + 60 and row.x0 > above.cells[0][-1].x1 and not _wrapping(above, row)
            apart = row.bold or row.y0 - above.y1 > 0.8 * row.size
            if unlabelled or (apart and len(following.cells) > 1 and not _has_numbers(following)):
                found.append((start, number))
                start, amounts = number, False
    return [*found, (start, end)]


def _continues(rows: Sequence[Row], last: int, end: int, number: int) -> bool:
    """Whether a row with cells belongs to the table whose last such row is given, with the end of its wrapped cells."""
    between = rows[end:number]
    if len(between) > _MAX_SINGLES or any(_is_paragraph(row) for row in between):
        return False
    upper, lower = rows[last], rows[number]
    if lower.y0 - rows[end - 1].y1 > (3 + 2 * len(between)) * max(upper.size, lower.size):
        return False
    above = [_interval(cell) for cell in upper.cells[1:]]
    below = [_interval(cell) for cell in lower.cells[1:]]
    near = [_interval(cell) for cell in upper.cells[:1]]
    if _aligned(above, below) or _aligned(near, below) or _aligned(above, [_interval(lower.cells[0])]):
        return True
    alike = abs(upper.x0 - lower.x0) < 2 and abs(len(above) - len(below)) < 2 < len(below)
    return (alike or _has_numbers(upper)) and _has_numbers(lower)


def _aligned(above: list[Interval], below: list[Interval]) -> bool:
    return any(a0 < b1 + 2 and b0 < a1 + 2 for a0, a1 in above for b0, b1 in below)


def _has_numbers(row: Row) -> bool:
    return any(_is_value(cell) for cell in row.cells[1:])


def _is_paragraph(row: Row) -> bool:
    """Whether a row of one cell is running text rather than a label."""
    return len(row.cells[0]) > 14


def _interval(cell: Cell) -> Interval:
    return cell[0].x0, cell[-1].x1


def _with_header(rows: Sequence[Row], first: int, floor: int, end: int) -> int:
    """The first row of a table with the single cells above its columns, as ``Year ended December 31``."""
    left = min(row.x0 for row in rows[first:end])
    edge = min(cell[0].x0 for row in rows[first:end] for cell in row.cells[1:])
    start = first
    while start > floor and first - start < _SPANNING_ROWS:
        row = rows[start - 1]
        if len(row.cells) > 1 or row.x0 < max(edge - 60, left + 60) or len(row.cells[0]) > 8:
            break
        if rows[start].y0 - row.y1 > 1.5 * row.size:
            break
        start -= 1
    return start


def _is_value(cell: Cell) -> bool:
    """Whether a cell holds an amount: not words, and not a year or a date of a column label."""
    if len(cell) == 1 and _SMALL.fullmatch(cell[0].text):
        return True
    return any(is_number(w.text) or w.text[0] in "$€£(" for w in cell) and not _is_date(cell, words=True)


def _is_date(cell: Cell, words: bool = False) -> bool:
    """Whether a cell holds nothing but years and days, and words if they are allowed."""
    return all(_YEAR.fullmatch(w.text) or (words and w.text[0].isalpha()) for w in cell)


def arranged(rows: Sequence[Row]) -> tuple[list[list[Cell]], tuple[str, ...]]:
    """The rows of a table with every cell in its column, and the column labels.

    An empty cell keeps the place of a column that a row leaves out. Labels that are broken over several lines, those
    of columns as those of rows, are joined.
    """
    heads = next((n for n, row in enumerate(rows) if _has_numbers(row)), 0)
    if heads > _HEADER_ROWS:
        heads = 0
    spans = _columns(rows[heads:] or rows)
    stub = max(spans[0][0] - 40, min(row.x0 for row in rows) + 2)
    heads = _header_end(rows[:heads], spans[0][0], stub)
    lines, labels = _header(rows[:heads], spans, stub)
    return lines + [_placed(cells, spans) for cells in _wrapped(rows[heads:], spans[0][0])], labels


def _header_end(rows: Sequence[Row], edge: float, stub: float) -> int:
    """How many of the rows before the first amount are the header; the others are a body without amounts.

    A header names the row labels once at most: a second row with a label and cells is of the body if it stands apart or
    is in lighter type. A number is no name, and neither is a row of one cell in the place of row labels.

    Args:
        rows: the rows before the first amount.
        edge: x where the first column begins.
        stub: x left of which a cell without a column is in the place of row labels.
    """
    named: Row | None = None
    end = len(rows)
    for number, row in enumerate(rows):
        if len(row.cells) < 2 or row.cells[0][-1].x1 > edge + 2:
            continue
        apart = number > 0 and row.y0 - rows[number - 1].y1 > _ROW_GAP * row.size
        lighter = named and not row.bold and (apart or named.bold) and not all(map(_is_date, row.cells[1:]))
        if lighter or _SMALL.fullmatch(row.cells[0][0].text):
            end = number
            break
        named = row
    while end and len(rows[end - 1].cells) == 1 and rows[end - 1].x0 < stub:
        end -= 1
    return end


def _columns(rows: Sequence[Row]) -> list[Interval]:
    """The columns right of the row labels as intervals of x: of the amounts, then of other cells between."""
    cells = [cell for row in rows for cell in row.cells[1:]]
    found = _united([_interval(cell) for cell in cells if _is_value(cell)])
    others = [i for i in map(_interval, cells) if not _aligned([i], found)]
    return sorted(found + _united(others))


def _united(intervals: Sequence[Interval]) -> list[Interval]:
    """Overlapping intervals as one, from left to right."""
    found: list[Interval] = []
    for x0, x1 in sorted(intervals):
        if found and x0 <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], x1))
        else:
            found.append((x0, x1))
    return found


def _header(rows: Sequence[Row], spans: list[Interval], stub: float) -> tuple[list[list[Cell]], tuple[str, ...]]:
    """The header's lines and the labels of the columns.

    Cells over one column are put together from top to bottom; a cell over several stands on a line before, and is part
    of the label of each.
    """
    lines: list[list[Cell]] = []
    merged: list[Cell] = [[] for _ in range(len(spans) + 1)]
    labels: list[list[str]] = [[] for _ in spans]
    for row in rows:
        wide: list[Cell] = []
        for cell in row.cells:
            x0, x1 = _interval(cell)
            over = [n for n, (left, right) in enumerate(spans) if x0 < right and left < x1]
            aside = len(row.cells) == 1 and cell[0].text[0] == "("
            if len(over) > 1 or aside:
                wide.append(cell)
            else:
                place = over[0] + 1 if over else 0 if x0 < stub else _nearest(x0, x1, spans)
                merged[place] += cell
                over = [place - 1] if place else []
            for number in over if not aside else ():
                labels[number].append(joined(cell))
        if wide:
            lines.append(wide)
    if any(merged):
        while not merged[-1]:
            merged.pop()
        lines.append(merged if merged[0] else merged[1:])
    return lines, tuple(map(" ".join, labels)) if any(labels) else ()


def _nearest(x0: float, x1: float, spans: list[Interval]) -> int:
    """The place of the column nearest to a cell that stands over none."""
    return 1 + min(range(len(spans)), key=lambda n: abs(spans[n][0] + spans[n][1] - x0 - x1))


def _wrapped(rows: Sequence[Row], edge: float) -> list[list[Cell]]:
    """Cells per row, where a label or another cell that goes on in the next line is one cell."""
    found: list[list[Cell]] = []
    right = max((end for row in rows if (end := row.cells[0][-1].x1) <= edge + 2), default=0.0)
    before: Row | None = None
    for row in rows:
        if before is not None and _goes_on(before, found[-1], row, edge, right):
            found[-1] = [found[-1][0] + row.cells[0], *found[-1][1:], *row.cells[1:]]
        elif before is not None and (places := _wrapping(before, row, found[-1])):
            for place, cell in zip(places, row.cells, strict=True):
                found[-1][place] = found[-1][place] + cell
        else:
            found.append(list(row.cells))
        before = row
    return found


def _wrapping(before: Row, row: Row, cells: Sequence[Cell] = ()) -> list[int]:
    """The places of the cells above that all cells of a row go on; none where the row is one of its own.

    Words go on words that begin at the same x in the line right above, right of the row labels. What is gathered for
    the row above is in ``cells``, if more than ``before`` itself.
    """
    above = cells or before.cells
    if row.y0 - before.y1 > 0.3 * row.size or before.bold != row.bold:
        return []
    places: list[int] = []
    for cell in row.cells:
        place = next((n for n, upper in enumerate(above) if n and abs(upper[0].x0 - cell[0].x0) < 1.5), 0)
        if not place or not _has_letters(above[place]) or (_is_value(cell) and not _has_letters(cell)):
            return []
        places.append(place)
    return places


def _has_letters(cell: Cell) -> bool:
    return any(c.isalpha() for word in cell for c in word.text)


def _goes_on(before: Row, cells: list[Cell], row: Row, edge: float, right: float) -> bool:
    """Whether the label of a row continues the one above: in lower case, or because it did not fit on the line.

    Args:
        before, cells: the row above and what has been gathered for it.
        row: the row in question.
        edge: x where the columns of values begin.
        right: x where the longest label ends.
    """
    above, label = cells[0], row.cells[0]
    if above[-1].x1 > edge + 2 or label[-1].x1 > edge + 2 or row.y0 - before.y1 > 0.8 * row.size:
        return False
    if (len(cells) > 1 and len(row.cells) > 1) or _MARKER.fullmatch(label[0].text) or before.bold != row.bold:
        return False
    if label[0].text[0].islower():
        return True
    full = above[-1].x1 + 0.25 * row.size + label[0].x1 - label[0].x0 > right and abs(before.x0 - row.x0) < 1.5
    return full and len(cells) == 1 and len(row.cells) > 1 and above[-1].text[-1] != ":" and len(above) > 2


def _placed(cells: list[Cell], spans: list[Interval]) -> list[Cell]:
    """A row's cells with empty ones for columns between that it leaves out; unchanged where a cell fits no column."""
    placed: list[Cell] = [cells[0]]
    column = 0
    if len(cells) < 2 or cells[0][-1].x1 > spans[0][0] + 2:
        return cells
    for cell in cells[1:]:
        x0, x1 = _interval(cell)
        over = [k for k in range(column, len(spans)) if x0 < spans[k][1] and spans[k][0] < x1]
        if not over:
            return cells
        placed.extend([] for _ in range(over[0] - column))
        placed.append(cell)
        column = over[-1] + 1
    return placed
