"""Blocks of words become the page's text, with the rectangle of every word."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import zip_longest

from ingest.parsers.blocks import Draft
from ingest.parsers.lines import spaced
from ingest.parsers.normalise import SOFT_HYPHEN
from ingest.parsers.words import Word, turned
from ingest.types import Block, Span

_HYPHENS = "-" + SOFT_HYPHEN
_PUNCTUATION = ".,;:()[]\"'“”‘’"
_PREFIXES = frozenset(
    "all anti cost cross ever ex five four full half high inter intra long low mid multi near non off on one out "
    "over post pre pro quasi real risk self semi short single six sub tax ten third three two under up well "
    "year".split()
)
_ENDINGS = frozenset(
    "adjusted average backed based bearing business current date denominated driven ended first free funded "
    "granted held interest leased level like line lived looking making market name only out owned party "
    "performing priced quality rated recurring related sale scale service sided size specific sponsored standing "
    "style term tier time to traded up value weighted wide year".split()
)


class Composer:
    """Writes blocks one after the other and remembers where each word and each block stands.

    Args:
        words: of the page, by which hyphens at line ends are judged.
        frame: quarter turns from the reading frame to the page as shown, and the reading frame's width and height.
    """

    def __init__(self, words: Sequence[Word], frame: tuple[int, float, float]) -> None:
        self._words = words
        self._frame = frame
        self._parts: list[str] = []
        self._length = 0
        self.spans: list[Span] = []
        self.blocks: list[Block] = []

    @property
    def text(self) -> str:
        """What has been written."""
        return "".join(self._parts)

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        """Lower-case words of the page without the punctuation around them; few pages need it."""
        return frozenset(word.text.strip(_PUNCTUATION).lower() for word in self._words if not word.turn)

    def add(self, draft: Draft) -> None:
        """Write a block, a blank line after the one before."""
        if self._length:
            self._write("\n\n")
        start = self._length
        if draft.kind == "table":
            for number, line in enumerate(draft.lines):
                if number:
                    self._write("\n")
                self._row(line)
        else:
            self._prose([word for line in draft.lines for word in line[0]])
        self.blocks.append(Block(draft.kind, start, self._length, draft.level, draft.columns))

    def _row(self, cells: Sequence[Sequence[Word]]) -> None:
        for number, cell in enumerate(cells):
            if number:
                self._write(" | " if cell or number < len(cells) - 1 else "")
            self._prose(cell)

    def _prose(self, words: Sequence[Word]) -> None:
        """Words with the spaces between them; a word ends a line where the next stands further left."""
        parts, spans, length = self._parts, self.spans, self._length
        turns, width, height = self._frame
        for word, following in zip_longest(words, words[1:]):
            text, glue = word.text, True
            if following is not None:
                if text[-1] in _HYPHENS and len(text) > 1 and following.x0 < word.x1 - 1:
                    text, glue = self._hyphenated(text, following.text)
                else:
                    glue = (following.raised and _stays_raised(word, following)) or not spaced(text, following.text)
            if text[-1:] == SOFT_HYPHEN:
                text = text.rstrip(SOFT_HYPHEN)
            if text:
                rect = word[1:5]
                if turns:
                    rect = turned(rect, turns, width, height)
                spans.append(Span(length, length + len(text), *rect))
                parts.append(text)
                length += len(text)
            if not glue:
                parts.append(" ")
                length += 1
        self._length = length

    def _hyphenated(self, text: str, following: str) -> tuple[str, bool]:
        """A word that ends a line in a hyphen, with or without it, and whether the next word is joined to it."""
        stem = text[:-1]
        if text[-1] == SOFT_HYPHEN:
            return stem, True
        if not stem[-1].isalnum():
            return text, False
        if not following[0].islower() or not stem[-1].isalpha():
            return text, following[0].isalnum()
        head, tail = _letters(stem, last=True), _letters(following, last=False)
        if head + tail in self._vocabulary:
            return stem, True
        compound = f"{head}-{tail}" in self._vocabulary or head in _PREFIXES or tail in _ENDINGS or "-" in stem
        if compound or (len(tail) > 3 and head in self._vocabulary and tail in self._vocabulary):
            return text, tail not in ("and", "or", "to")
        return stem, True

    def _write(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def _letters(text: str, last: bool) -> str:
    """The word at the end (or beginning) of a text, lower case, without punctuation around it."""
    word = text.strip(_PUNCTUATION).lower()
    return word.rsplit("—", 1)[-1] if last else word.split("—", 1)[0]


def _stays_raised(left: Word, right: Word) -> bool:
    """Whether a raised word is part of the one before: of a unit, an ordinal or a name, and no footnote's mark."""
    if left.raised or right.line != left.line or right.x0 - left.x1 >= 0.1 * left.size:
        return False
    unit = left.text.rsplit("/", 1)[-1] in ("m", "km", "cm", "mm", "ft", "mi")
    return unit or right.text.lower() in ("st", "nd", "rd", "th", "®", "™", "©", "tm", "sm", "o", "er", "re")
