"""A table's rows in their columns: the column labels, wrapped cells put together, empty cells in their places."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence

from ingest.parsers.cells import (
    MARKER,
    Cell,
    Interval,
    aligned,
    has_amounts,
    has_letters,
    interval,
    is_date,
    is_paragraph,
    is_value,
    wrapping,
)
from ingest.parsers.lines import Row, joined

_HEADER_ROWS = 8
_ROW_GAP = 0.5
_CENTRED = 0.8
_ITEM_NUMBER = re.compile(r"\(?\d{1,3}[.)]?|\*?\d+\.\d+\S*")


def arranged(rows: Sequence[Row]) -> tuple[list[list[Cell]], tuple[str, ...]]:
    """The rows of a table with every cell in its column, and the column labels.

    An empty cell keeps the place of a column that a row leaves out. Labels that are broken over several lines, those
    of columns as those of rows, are joined.
    """
    heads = next((n for n, row in enumerate(rows) if has_amounts(row)), 0)
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
    is in lighter type. No header are: a row that is numbered or holds a paragraph, and a row of one cell in the place
    of row labels.

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
        lighter = named and not row.bold and (apart or named.bold) and not all(map(is_date, row.cells[1:]))
        if lighter or _ITEM_NUMBER.fullmatch(row.cells[0][0].text) or any(map(is_paragraph, row.cells)):
            end = number
            break
        named = row
    while end and len(rows[end - 1].cells) == 1 and rows[end - 1].x0 < stub:
        end -= 1
    return end


def _columns(rows: Sequence[Row]) -> list[Interval]:
    """The columns right of the row labels as intervals of x: of the amounts, then of other cells between."""
    cells = [cell for row in rows for cell in row.cells[1:]]
    found = _united([interval(cell) for cell in cells if is_value(cell)])
    others = [i for i in map(interval, cells) if not aligned([i], found)]
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
        for cell, over in zip(row.cells, _over(row.cells, spans), strict=True):
            x0, x1 = interval(cell)
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
        while not merged[0]:
            merged.pop(0)
        lines.append(merged)
    return lines, tuple(map(" ".join, labels)) if any(labels) else ()


def _over(cells: Sequence[Cell], spans: list[Interval]) -> list[list[int]]:
    """The columns that each cell of a line of the header stands over.

    Where one stands over several, the line may name groups of columns: if so, a cell is over all columns on its side of
    the middle between it and its neighbours. That is so if each cell is about centred over its group; one that stands
    over a single column names no group unless all groups are alike.
    """
    places = [interval(cell) for cell in cells]
    found = [[n for n, (left, right) in enumerate(spans) if x0 < right and left < x1] for x0, x1 in places]
    aside = sum(x1 < spans[0][0] for _, x1 in places)
    if len(cells) < aside + 2 or not any(len(over) > 1 for over in found):
        return found
    places = places[aside:]
    borders = [-math.inf, *((above[1] + below[0]) / 2 for above, below in itertools.pairwise(places)), math.inf]
    groups: list[list[int]] = []
    for (x0, x1), (left, right) in zip(places, itertools.pairwise(borders), strict=True):
        group = [n for n, span in enumerate(spans) if left < sum(span) / 2 < right]
        if not group:
            return found
        first, last = spans[group[0]][0], spans[group[-1]][1]
        if abs(first + last - x0 - x1) > _CENTRED * (last - first) / len(group):
            return found
        groups.append(group)
    alike = len(set(map(len, groups))) == 1
    if not alike and any(len(over) < 2 <= len(group) for over, group in zip(found[aside:], groups, strict=True)):
        return found
    return found[:aside] + groups


def _nearest(x0: float, x1: float, spans: list[Interval]) -> int:
    """The place of the column nearest to a cell that stands over none."""
    return 1 + min(range(len(spans)), key=lambda n: abs(spans[n][0] + spans[n][1] - x0 - x1))


def _wrapped(rows: Sequence[Row], edge: float) -> list[list[Cell]]:
    """Cells per row, where a label or another cell that goes on in the next line is one cell."""
    found: list[list[Cell]] = []
    right = max((end for row in rows if (end := row.cells[0][-1].x1) <= edge + 2), default=0.0)
    before: Row | None = None
    for row, below in itertools.zip_longest(rows, rows[1:]):
        if before is not None and (places := wrapping(before, row, found[-1])):
            for place, cell in zip(places, row.cells, strict=True):
                found[-1][place] = found[-1][place] + cell
        elif before is not None and len(found[-1]) == 1 and _completes(before, row, below, edge):
            found[-1] += row.cells
        elif before is not None and _goes_on(before, found[-1], row, edge, right):
            found[-1] = [found[-1][0] + row.cells[0], *found[-1][1:], *row.cells[1:]]
        else:
            found.append(list(row.cells))
        before = row
    return found


def _completes(label: Row, row: Row, below: Row | None, edge: float) -> bool:
    """Whether a row of numbers alone belongs to the label without numbers right above, no further than the next one."""
    gap = row.y0 - label.y1
    if len(label.cells) > 1 or label.x0 >= edge or label.cells[0][-1].text[-1] == ":" or label.bold != row.bold:
        return False
    if not has_letters(label.cells[0]):
        return False
    if gap > 0.6 * row.size or (below is not None and len(below.cells) == 1 and below.y0 - row.y1 < gap - 1):
        return False
    return row.x0 > max(label.x1, edge - 2) and all(is_value(cell) and not has_letters(cell) for cell in row.cells)


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
    if (len(cells) > 1 and len(row.cells) > 1) or MARKER.fullmatch(label[0].text) or before.bold != row.bold:
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
        x0, x1 = interval(cell)
        over = [k for k in range(column, len(spans)) if x0 < spans[k][1] and spans[k][0] < x1]
        if not over:
            return cells
        placed.extend([] for _ in range(over[0] - column))
        placed.append(cell)
        column = over[-1] + 1
    return placed
