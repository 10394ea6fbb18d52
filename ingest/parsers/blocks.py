"""Rows of a region become blocks: tables, headings, list items, footnotes and paragraphs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.parsers import grid, tables
from ingest.parsers.lines import BULLET, Row
from ingest.parsers.normalise import masked
from ingest.parsers.words import Word
from ingest.types import BlockKind

_SENTENCE_END = (".", "!", "?", ":", ";")
_FOOTNOTE = re.compile(r"\(?[0-9a-z]{1,2}\)?\.?|\*{1,3}|†|‡|§|Note:?|\([ivx]+\)")
_NUMBERED_WORDS = frozenset("item part note section chapter article appendix annex schedule".split())
_NUMBERED = re.compile(r"\w+\s+(?:\d+[a-z]?|[ivx]+)\b", re.IGNORECASE)
_MAX_HEADING = 160
_WIDEST_LEADING = 1.3
_LARGER, _SMALLER = 1.12, 0.9


@dataclass(slots=True)
class Draft:
    """A block before its text is composed: lines of cells of words; a line of prose has one cell."""

    kind: BlockKind
    lines: list[list[list[Word]]]
    level: int = 0
    columns: tuple[str, ...] = ()


def drafts(rows: Sequence[Row], body: float, outline: dict[str, int]) -> list[Draft]:
    """The blocks of one region.

    Args:
        rows: from top to bottom.
        body: the document's commonest font size in points.
        outline: masked titles of the outline's entries for this page, with their levels.
    """
    found: list[Draft] = []
    position = 0
    for first, end in tables.runs(rows):
        found += _prose(rows[position:first], body, outline)
        lines, labels = grid.arranged(rows[first:end])
        found.append(Draft("table", lines, columns=labels))
        position = end
    return found + _prose(rows[position:], body, outline)


def _prose(rows: Sequence[Row], body: float, outline: dict[str, int]) -> list[Draft]:
    if not rows:
        return []
    right = max(row.x1 for row in rows)
    left = min(row.x0 for row in rows)
    gaps = sorted(b.y0 - a.y1 for a, b in itertools.pairwise(rows))
    leading = min(gaps[len(gaps) // 2], _WIDEST_LEADING * body) if gaps else 0.0
    groups: list[list[Row]] = []
    for row in rows:
        if groups and not _breaks(groups[-1][-1], row, leading, left, right):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [_draft(group, body, outline) for group in groups]


def _breaks(before: Row, row: Row, leading: float, left: float, right: float) -> bool:
    """Whether a row begins a new block."""
    gap = row.y0 - before.y1
    if abs(row.size - before.size) > 0.6 or row.bold != before.bold:
        return True
    if gap > max(0.45 * row.size, leading + 0.25 * row.size) or gap < -row.size:
        return True
    if (row.bold and gap > max(0.4 * row.size, leading)) or _is_numbered(before) or _is_numbered(row):
        return True
    if _starts_item(row):
        return True
    ended = before.cells[-1][-1].text.endswith(_SENTENCE_END)
    if ended and before.x1 < right - 0.12 * (right - left):
        return True
    return ended and row.x0 > max(before.x0, left) + 0.8 * row.size


def _is_numbered(row: Row) -> bool:
    """Whether a row is a line like ``Item 7. Discussion`` or ``PART II``."""
    if row.cells[0][0].text.lower() not in _NUMBERED_WORDS:
        return False
    text = row.text
    return len(text) <= 90 and _NUMBERED.match(text) is not None and not text.endswith((",", ";")) and _titled(text)


def _titled(text: str) -> bool:
    """Whether at least half of the longer words begin in upper case, as in a title and not in a sentence."""
    words = [word for word in text.split() if len(word) > 3 and word[0].isalpha()]
    return 2 * sum(word[0].isupper() for word in words) >= len(words)


def _starts_item(row: Row) -> bool:
    first = row.cells[0][0]
    return len(row.cells[0]) > 1 and BULLET.fullmatch(first.text) is not None and not first.text.isalnum()


def _draft(group: list[Row], body: float, outline: dict[str, int]) -> Draft:
    lines = [[[word for cell in row.cells for word in cell]] for row in group]
    if level := _level(group, body, outline):
        return Draft("heading", lines, level)
    first = lines[0][0][0]
    small = group[0].size < _SMALLER * body
    if (small or first.raised) and _FOOTNOTE.fullmatch(first.text):
        return Draft("footnote", lines)
    return Draft("list" if _starts_item(group[0]) else "text", lines)


def _level(group: list[Row], body: float, outline: dict[str, int]) -> int:
    """The level of a heading from 1, or 0 for what is none: by the outline, else by size and weight."""
    if len(group) > 3:
        return 0
    row, text = group[0], " ".join(row.text for row in group)
    if len(text) > _MAX_HEADING or not any(map(str.isalpha, text)):
        return 0
    if (level := outline.get(masked(text))) is not None:
        return level
    first = row.cells[0][0]
    if row.size < 0.95 * body or first.raised or text[0].islower():
        return 0
    ratio = row.size / body if body else 1.0
    if ratio >= _LARGER and sum(c.isalpha() for c in text) > 0.4 * len(text):
        return 1 if ratio >= 1.8 else 2 if ratio >= 1.35 else 3
    if _is_numbered(row) and len(group) == 1:
        return 2 if text[:4].lower() == "part" else 3
    if (
        row.bold
        and text[0] != "("
        and not text.endswith((".", ",", ";"))
        and len(text) <= 120
        and sum(map(str.isalpha, text)) >= 3
    ):
        return 4
    return 0
