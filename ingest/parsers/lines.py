"""Words become segments (runs on one line without a wide gap), segments become rows with cells."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.parsers.words import Word

CELL_GAP = 1.0
"""Gap, in font sizes, from which two runs on one line are different cells."""
_NUMBER_GAP = 0.55
_WORD_GAP = 0.18
_SHORT_WORDS = frozenset(
    "a i o to of in is it at as an by be or on no we us so if do he me my up am go vs "
    "et al de la le du un en el il lo e y".split()
)
_NUMBER_STARTS = frozenset("0123456789(—–-.")
_NUMBER_ENDS = frozenset("0123456789)—–-%.,")
_NUMBER = re.compile(r"[($€£¥+\-–—]*\d[\d,.]*[)%]*|[-–—]+|[)%]+")
_OPENING = re.compile(r"(?:[A-Z]{0,3}[$€£¥]\(?|\()")
_CLOSING = re.compile(r"[)%]+[.,;:]?")
BULLET = re.compile(r"[•●○◦▪■□–—*·‣⁃✓➢☐☒☑]|-|\(?(?:[a-z]|\d{1,2})[.)]|\(?[ivx]{1,4}[.)]|\*{1,3}|[†‡§]")


@dataclass(slots=True)
class Segment:
    """Words that stand side by side on one line. Sizes in points."""

    words: list[Word]
    x0: float
    y0: float
    x1: float
    y1: float
    size: float


@dataclass(slots=True)
class Row:
    """What stands at one height of a column: cells from left to right, each a list of words."""

    cells: list[list[Word]]
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool

    @property
    def text(self) -> str:
        """The row as plain text."""
        return " ".join(joined(cell) for cell in self.cells)


def is_number(text: str) -> bool:
    """Whether a word is a number, a part of one, or a dash that stands for none."""
    return text[-1] in _NUMBER_ENDS and _NUMBER.fullmatch(text) is not None


def spaced(left: str, right: str) -> bool:
    """Whether a space belongs between two words: none inside ``$1,577``, ``(383)`` and ``45%``."""
    if left[-1] in "$€£¥(" and right[0] in _NUMBER_STARTS and _OPENING.fullmatch(left):
        return False
    return not (right[0] in ")%" and left[-1] in _NUMBER_ENDS and _CLOSING.fullmatch(right))


def joined(words: Sequence[Word]) -> str:
    """The text of words in one line."""
    text = words[0].text if words else ""
    for left, right in itertools.pairwise(words):
        text += f" {right.text}" if spaced(left.text, right.text) else right.text
    return text


def segments(words: Iterable[Word]) -> list[Segment]:
    """Words grouped by MuPDF's line, cut at wide gaps, with fragments of a word put together."""
    found: list[Segment] = []
    run: list[Word] = []
    for word in words:
        if run:
            last = run[-1]
            gap = word.x0 - last.x1
            near = gap < _NUMBER_GAP * word.size or not (is_number(word.text) and is_number(last.text))
            if near and word.line == last.line and -word.size < gap < CELL_GAP * word.size:
                if gap < _WORD_GAP * last.size and _is_fragment(last, word):
                    run[-1] = last._replace(text=last.text + word.text, x1=word.x1)
                    continue
                run.append(word)
                continue
            found.append(_segment(run))
        run = [word]
    if run:
        found.append(_segment(run))
    return found


def _limit(left: Word, right: Word) -> float:
    return _NUMBER_GAP if is_number(left.text) and is_number(right.text) else CELL_GAP


def _is_fragment(left: Word, right: Word) -> bool:
    """Whether two words are one with a gap inside, as in ``Flow s``: lower-case letters that are no word themselves."""
    return (
        len(right.text) <= 2
        and right.text.isalpha()
        and right.text.islower()
        and right.text not in _SHORT_WORDS
        and left.text.isalpha()
        and left.size == right.size
        and left.bold == right.bold
        and not right.raised
    )


def _segment(words: list[Word]) -> Segment:
    _, x0, y0, x1, y1, sizes, *_ = zip(*words, strict=True)
    size = sizes[0] if sizes.count(sizes[0]) == len(sizes) else max(words, key=lambda word: len(word.text)).size
    return Segment(words, x0[0], min(y0), max(x1), max(y1), size)


def rows(parts: Iterable[Segment]) -> list[Row]:
    """Segments of one column as rows, from top to bottom: those whose heights overlap by half stand in one row."""
    found: list[list[Segment]] = []
    top = bottom = 0.0
    for part in sorted(parts, key=lambda s: (s.y0 + s.y1, s.x0)):
        height = min(part.y1 - part.y0, bottom - top)
        if found and min(part.y1, bottom) - max(part.y0, top) > 0.5 * height:
            found[-1].append(part)
            if part.size >= found[-1][0].size:
                top, bottom = min(top, part.y0), max(bottom, part.y1)
        else:
            found.append([part])
            top, bottom = part.y0, part.y1
    return [_row(members) for members in found]


def _row(members: list[Segment]) -> Row:
    members.sort(key=lambda s: s.x0)
    cells: list[list[Word]] = []
    beside: list[Segment] = []
    end = 0.0
    for part in members:
        if cells and part.x0 - end < _limit(cells[-1][-1], part.words[0]) * part.size:
            cells[-1].extend(part.words)
            beside.append(part)
            if part.x0 < end - 1 and abs(part.y0 - beside[-2].y0) > 0.5 * part.size:  # lines of one cell: top first
                beside.sort(key=lambda s: s.y0)
                cells[-1] = [word for line in beside for word in line.words]
        else:
            cells.append(list(part.words))
            beside = [part]
        end = max(end, part.x1)
    return Row(
        _glued(cells), members[0].x0, min(s.y0 for s in members), end, max(s.y1 for s in members),
        max(members, key=lambda s: s.x1 - s.x0).size, _is_bold([word for part in members for word in part.words]),
    )  # fmt: skip


def _is_bold(words: Sequence[Word]) -> bool:
    """Whether nine tenths of the letters are bold."""
    bold = sum(len(word.text) for word in words if word.bold)
    return bold > 0 and bold > 0.9 * sum(len(word.text) for word in words)


def _glued(cells: list[list[Word]]) -> list[list[Word]]:
    """Cells with currency signs, brackets and percent signs put to their numbers, and bullets to their text."""
    found: list[list[Word]] = []
    for cell in cells:
        if found:
            before = found[-1]
            if len(cell) == 1 and _CLOSING.fullmatch(cell[0].text) and is_number(before[-1].text):
                before.append(cell[0])
                continue
            if _OPENING.fullmatch(before[-1].text) and cell[0].text[0] in _NUMBER_STARTS:
                cell = [before.pop(), *cell]
                if not before:
                    found.pop()
            elif (
                len(before) == 1
                and len(found) == 1
                and BULLET.fullmatch(before[0].text)
                and not is_number(before[0].text)
            ):
                before.extend(cell)
                continue
        found.append(cell)
    return found
