"""Running headers, footers and page numbers, told by their repetition near the edges of pages."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from ingest.parsers.lines import Row, Segment, rows
from ingest.parsers.normalise import masked

_PAIRS = 10
_EDGE = 0.14
_ROWS = 4
_OUTER = 2
_GAP = 0.7
_SHARE = 0.3
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:page\s*)?(?:#|[ivxl]{1,6}|[a-z]{1,3}-#)(?:\s*(?:of|/)\s*#)?[-–—\s]*", re.IGNORECASE
)
PAGE_NUMBER = "#"


def sample(count: int) -> list[int]:
    """The pages to look at: the first, and neighbours spread evenly, so that odd and even pages are seen."""
    if count <= 2 * _PAIRS + 4:
        return list(range(1, count + 1))
    chosen = {1, 2, 3}
    for place in range(_PAIRS):
        first = 4 + (count - 5) * place // (_PAIRS - 1)
        chosen |= {first, first + 1}
    return sorted(number for number in chosen if number <= count)


def edges(lines: Sequence[Row], height: float) -> set[str]:
    """The masked texts of the outermost rows of a page that a gap parts from the text."""
    gaps = [below.y0 - above.y1 > _GAP * above.size for above, below in itertools.pairwise(lines)]
    top = max((n + 1 for n, gap in enumerate(gaps[:_ROWS]) if gap), default=0)
    bottom = max((n + 1 for n, gap in enumerate(gaps[top:][::-1][:_ROWS]) if gap), default=0)
    near = [row for n, row in enumerate(lines[:top]) if n < _OUTER or row.y1 < _EDGE * height]
    near += [row for n, row in enumerate(lines[::-1][:bottom]) if n < _OUTER or row.y0 > (1 - _EDGE) * height]
    found = {masked(row.text) for row in near}
    if any(_PAGE_NUMBER.fullmatch(masked(row.text)) for row in (*lines[:1], *lines[-1:])):
        found.add(PAGE_NUMBER)
    return found


def repeated(samples: Sequence[tuple[int, set[str]]]) -> tuple[str, ...]:
    """The masked texts that stand at the edge of enough of the sampled pages, or of the odd or even ones."""
    found: set[str] = set()
    for group in (samples, [s for s in samples if s[0] % 2], [s for s in samples if not s[0] % 2]):
        counts = Counter(text for _, texts in group for text in texts)
        share = _SHARE if group is samples else 1.5 * _SHARE
        found.update(text for text, count in counts.items() if text and count >= max(2, share * len(group)))
    if len(samples) < 2:
        return ()
    return tuple(sorted(found))


def parted(parts: list[Segment], height: float, known: Sequence[str]) -> tuple[tuple[str, ...], list[Segment]]:
    """The running headers and footers of a page as they read, and the segments that are left."""
    if not known or not parts:
        return (), parts
    outer = _outer(parts, height)
    gone: set[int] = set()
    texts: list[str] = []
    for row in rows(outer):
        text = masked(row.text)
        if text in known or (PAGE_NUMBER in known and _PAGE_NUMBER.fullmatch(text)):
            texts.append(row.text)
            gone.update(id(word) for cell in row.cells for word in cell)
    kept = [s for s in parts if gone.isdisjoint(map(id, s.words))] if gone else parts
    return (tuple(texts), kept) if kept else ((), parts)  # what is all that a page says is its text


def _outer(parts: list[Segment], height: float) -> list[Segment]:
    """Segments near the edges, and those of the first and last rows wherever they stand."""
    tops = sorted(parts, key=lambda s: s.y0)
    first, last = tops[0].y0 + _OUTER * 1.5 * tops[0].size, tops[-1].y1 - _OUTER * 1.5 * tops[-1].size
    top, bottom = max(_EDGE * height, first), min((1 - _EDGE) * height, last)
    return [s for s in parts if s.y1 < top or s.y0 > bottom]
