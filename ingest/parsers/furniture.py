"""Running headers, footers and page numbers, told by their repetition near the edges of pages."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from ingest.parsers.lines import Row, Segment, rows
from ingest.parsers.normalise import masked
from ingest.types import Survey

_PAIRS = 10
_EDGE = 0.14
_ROWS = 4
_OUTER = 2
_GAP = 0.7
_SHARE = 0.3
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:page\s*)?(?:#|[ivxl]{1,6}|[a-z]{1,3}-#)(?:\s*(?:of|/)\s*#)?[-–—\s]*", re.IGNORECASE
)
_LONGEST_NUMBER = 40
PAGE_NUMBER = "#"
_WHOLE_NUMBER = re.compile(r"(?<![\d.,])\d{1,5}(?!\d|[.,]\d)")
_LARGEST_OFFSET = 1000  # years and serial numbers begin higher than page numbers do
_LARGEST = 1.35


def sample(count: int) -> list[int]:
    """The pages to look at: the first, and neighbours spread evenly, so that odd and even pages are seen."""
    if count <= 2 * _PAIRS + 4:
        return list(range(1, count + 1))
    chosen = {1, 2, 3}
    for place in range(_PAIRS):
        first = 4 + (count - 5) * place // (_PAIRS - 1)
        chosen |= {first, first + 1}
    return sorted(number for number in chosen if number <= count)


def edges(lines: Sequence[Row], height: float) -> list[Row]:
    """The outermost rows of a page that a gap parts from the text, and its first and last row if they number it."""
    gaps = [below.y0 - above.y1 > _GAP * above.size for above, below in itertools.pairwise(lines)]
    top = max((n + 1 for n, gap in enumerate(gaps[:_ROWS]) if gap), default=0)
    bottom = max((n + 1 for n, gap in enumerate(gaps[top:][::-1][:_ROWS]) if gap), default=0)
    near = [row for n, row in enumerate(lines[:top]) if n < _OUTER or row.y1 < _EDGE * height]
    near += [row for n, row in enumerate(lines[::-1][:bottom]) if n < _OUTER or row.y0 > (1 - _EDGE) * height]
    ends = [row for row in (*lines[:1], *lines[-1:]) if _is_page_number(row.text) and row not in near]
    return near + ends


def repeated(samples: Sequence[tuple[int, Sequence[Row]]], body: float) -> tuple[str, ...]:
    """What stands at the edge of enough of the sampled pages, or of the odd or even ones.

    A text counts as it is, or with its page number as ``{page+offset}``, so that lines which differ in other numbers
    (years, amounts, serial numbers) are no repetition; those of chapters are, where each stands on several pages.
    ``#`` stands for page numbers without other words.

    Args:
        samples: numbers of pages, and the rows at the edges of each.
        body: the commonest font size in points; rows clearly larger are titles.
    """
    if len(samples) < 2:
        return ()
    pages = [(number, [row.text for row in near if row.size <= _LARGEST * body]) for number, near in samples]
    found: set[str] = {PAGE_NUMBER} if _numbered(pages) else set()
    forms = [(number, {form for text in texts for form in _forms(text, number)}) for number, texts in pages]
    for group in (forms, [f for f in forms if f[0] % 2], [f for f in forms if not f[0] % 2]):
        share = (_SHARE if group is forms else 1.5 * _SHARE) * len(group)
        counts = Counter(form for _, page in group for form in page)
        found.update(form for form, count in counts.items() if form and count >= max(_least(form), share))
        found |= _of_chapters(counts, max(4, share))
    return tuple(sorted(found))


def _least(form: str) -> int:
    """Pages that a text has to stand on: one more where a number was taken for the page's and nothing says so."""
    return 3 if "{page" in form and "page {page+0}" not in form else 2


def _of_chapters(counts: Counter[str], least: float) -> set[str]:
    """Texts that are alike but for numbers, where these change seldom: each stands on two pages or more on average."""
    pages, texts = Counter[str](), Counter[str]()
    plain = {text: count for text, count in counts.items() if text and "{page" not in text}
    for text, count in plain.items():
        pages[masked(text)] += count
        texts[masked(text)] += 1
    kinds = {kind for kind in pages if pages[kind] >= max(least, 2 * texts[kind])}
    return {text for text, count in plain.items() if count > 1 and masked(text) in kinds}


def _forms(text: str, page: int) -> set[str]:
    """A line in lower case, and once more for each number that may be the page's, with that as ``{page+offset}``."""
    plain = " ".join(text.lower().split())
    found = {plain}
    for match in _WHOLE_NUMBER.finditer(plain):
        offset = int(match[0]) - page
        if offset < _LARGEST_OFFSET:
            found.add(f"{plain[: match.start()]}{{page{offset:+d}}}{plain[match.end() :]}")
    return found


def _numbered(pages: Sequence[tuple[int, Sequence[str]]]) -> bool:
    """Whether enough pages bear a number alone, and these go up with the pages, roman ones aside."""
    bare = [(n, text) for n, texts in pages for text in texts if _is_page_number(text)]
    if len({n for n, _ in bare}) < max(2, _SHARE * len(pages)):
        return False
    arabic = [(n, masked(text), int(match[0])) for n, text in bare if (match := _WHOLE_NUMBER.search(text))]
    steps = [b[0] - a[0] == b[2] - a[2] for a, b in itertools.pairwise(arabic) if a[1] == b[1] and a[0] != b[0]]
    return 2 * sum(steps) >= len(steps)


def _is_page_number(text: str) -> bool:
    """Whether a line is a number with nothing but what stands beside page numbers."""
    return len(text) <= _LONGEST_NUMBER and _PAGE_NUMBER.fullmatch(masked(text)) is not None


def parted(parts: list[Segment], height: float, survey: Survey, page: int) -> tuple[tuple[str, ...], list[Segment]]:
    """The running headers and footers of a page as they read, and the segments that are left."""
    known = survey.furniture
    if not known or not parts:
        return (), parts
    alone = PAGE_NUMBER in known
    gone: set[int] = set()
    texts: list[str] = []
    for row in rows(_outer(parts, height)):
        if row.size > _LARGEST * survey.body_size:
            continue
        text = row.text
        if not _forms(text, page).isdisjoint(known) or (alone and _is_page_number(text)):
            texts.append(text)
            gone.update(id(word) for cell in row.cells for word in cell)
    kept = [s for s in parts if gone.isdisjoint(map(id, s.words))] if gone else parts
    return (tuple(texts), kept) if kept else ((), parts)  # what is all that a page says is its text


def _outer(parts: list[Segment], height: float) -> list[Segment]:
    """Segments near the edges, and those of the first and last rows wherever they stand."""
    tops = sorted(parts, key=lambda s: s.y0)
    first, last = tops[0].y0 + _OUTER * 1.5 * tops[0].size, tops[-1].y1 - _OUTER * 1.5 * tops[-1].size
    top, bottom = max(_EDGE * height, first), min((1 - _EDGE) * height, last)
    return [s for s in parts if s.y1 < top or s.y0 > bottom]
