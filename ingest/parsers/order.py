"""Reading order: where a page stands in columns of prose, each column is read to its end before the next.

A gutter is a vertical strip that hardly any line crosses and that has lines of prose on both sides. Lines that do cross
it (titles, wide tables) cut the page into bands, as in the recursive X-Y cut (Nagy and Seth, 1984). Tables have gutters
too; they are told from columns by the words per line.
"""

from __future__ import annotations

from collections import Counter

from ingest.parsers.lines import Segment, is_number

_PROSE_WORDS = 4
_MIN_LINES = 4
_DEPTH = 3


def columns(parts: list[Segment], depth: int = _DEPTH) -> list[list[Segment]]:
    """Segments as regions in reading order; each is one column, or a part of the page without columns."""
    if len(parts) < 2 * _MIN_LINES or depth == 0:
        return [parts]
    gutter = _gutter(parts)
    if gutter is None:
        return [parts]
    found: list[list[Segment]] = []
    for band in _bands(parts, gutter):
        left = [s for s in band if s.x1 <= gutter]
        right = [s for s in band if s.x0 >= gutter]
        if len(left) + len(right) == len(band) and left and right and _columnar(left, right):
            found.extend(columns(left, depth - 1))
            found.extend(columns(right, depth - 1))
        else:
            found.append(band)
    return _merged(found, gutter)


def _is_prose(part: Segment) -> bool:
    words = part.words
    return len(words) >= _PROSE_WORDS and sum(is_number(w.text) for w in words) * 3 < len(words)


def _gutter(parts: list[Segment]) -> float | None:
    """The x at which most prose stands on the emptier side and few segments cross."""
    prose = [s for s in parts if _is_prose(s)]
    if len(prose) < 2 * _MIN_LINES:
        return None
    left, right = min(s.x0 for s in parts), max(s.x1 for s in parts)
    width = right - left
    best, chosen = 0.0, None
    starts = Counter(round(s.x0 / 3) for s in prose if left + 0.15 * width < s.x0 < right - 0.15 * width)
    for start in sorted(start for start, count in starts.items() if count >= _MIN_LINES - 1):
        x = start * 3.0 - 4.5
        before = sum(s.x1 <= x for s in prose)
        after = sum(s.x0 >= x for s in prose)
        crossing = sum(s.x0 < x < s.x1 for s in parts)
        score = min(before, after) - 0.5 * crossing
        if min(before, after) >= _MIN_LINES and score > best and after + before > crossing:
            best, chosen = score, x
    return chosen


def _bands(parts: list[Segment], x: float) -> list[list[Segment]]:
    """Segments from top to bottom, cut into runs that cross the gutter and runs that do not."""
    crossing = sorted((s for s in parts if s.x0 < x < s.x1), key=lambda s: s.y0)
    if not crossing:
        return [parts]
    edges = [(s.y0 + s.y1) / 2 for s in crossing]
    bands: list[list[Segment]] = [[] for _ in range(2 * len(edges) + 1)]
    for part in parts:
        middle = (part.y0 + part.y1) / 2
        number = 0
        for place, edge in enumerate(edges):
            if abs(middle - edge) <= 0.4 * (part.y1 - part.y0):
                number = 2 * place + 1
                break
            if middle > edge:
                number = 2 * place + 2
        bands[number].append(part)
    return [band for band in bands if band]


def _columnar(left: list[Segment], right: list[Segment]) -> bool:
    """Whether both sides are prose rather than the cells of a table."""
    return all(2 * sum(map(_is_prose, side)) >= len(side) for side in (left, right))


def _merged(regions: list[list[Segment]], x: float) -> list[list[Segment]]:
    """Neighbouring regions that are no columns, put together so that a table or paragraph is not cut in two."""
    found: list[list[Segment]] = []
    mergeable = False
    for region in regions:
        whole = any(s.x0 < x < s.x1 for s in region)
        both = whole or (any(s.x1 <= x for s in region) and any(s.x0 >= x for s in region))
        if both and mergeable:
            found[-1].extend(region)
        else:
            found.append(list(region))
        mergeable = both
    return found
