"""The passages that a tool result shows, split into statements: sentences and table rows with what they stand under."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from docqa.llm.extractive.words import plain
from docqa.prompts import CUT

_PASSAGE = re.compile(r'<passage ((?:\w+="[^"\n]*" ?)*)>\n(.*?)\n</passage>', re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_LINE_ENDS = re.compile(r"[.!?:;|]\s*$")
_OWN_LINE = re.compile(r"^\s*(?:[-*•–#>]|\d+[.)]\s|\(?[a-z]\)\s)|\s\|\s|^[^.!?]{1,60}?[:=]\s")
_SENTENCE_LIKE = re.compile(r"[.!?:;,\]\"”]$|: |\d{2}|^[a-z]")
_NUMBER_CELL = re.compile(r"^\W*\d[\d.,]*\W*$|^[-–—]?$")
_YEAR_CELL = re.compile(r"\b(?:19|20)\d\d$")
_ABBREVIATION = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|No|vs|etc|e\.g|i\.e|approx|Inc|Ltd|Co|Corp|Fig|[A-Z])\.$")
_SENTENCE_END = re.compile(r"[.!?]['\")\]”’]*\s+(?=[\"'“‘(\[]?[A-Z0-9])")


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as shown: ``handle`` is what a citation calls it, ``rank`` its place in its search, from 0."""

    handle: str
    title: str
    page: int
    under: str
    columns: tuple[str, ...]
    text: str
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence or table row: its exact words, the passage that it stands in, and what it has to be read with.

    ``heading`` is the nearest heading within the passage, ``before`` the sentence before it, ``columns`` the labels of
    a row's cells, its own label included.
    """

    quote: str
    passage: Passage
    heading: str = ""
    before: str = ""
    columns: tuple[str, ...] = ()

    @property
    def is_row(self) -> bool:
        """Whether this is a row of a table, ``label | cell | cell``."""
        return " | " in self.quote

    @property
    def context(self) -> str:
        """What the statement says without repeating it: title, headings and the sentence before it."""
        return " ".join([self.passage.title, self.passage.under, self.heading, self.before])

    @property
    def reading(self) -> str:
        """The statement as a reader takes it: after its title and nearest heading, a row with its columns."""
        nearest = self.heading or self.passage.under.rsplit(" > ", 1)[-1]
        return ". ".join(part for part in (self.passage.title, nearest, self.said) if part)

    @property
    def said(self) -> str:
        """The statement alone in plain words; of a row each cell after the label of its column."""
        if not self.is_row:
            return plain(self.quote)
        cells = cells_of(self.quote)
        labels = self.columns if len(self.columns) == len(cells) else ("",) * len(cells)
        return ", ".join(f"{label} {cell}".strip() for label, cell in zip(labels, cells, strict=True) if cell)


def passages(result: str) -> list[Passage]:
    """The passages of a tool result, in order; text that is no passage gives none."""
    return [_passage(m.group(1), _whole(m.group(2)), rank) for rank, m in enumerate(_PASSAGE.finditer(result))]


def _whole(text: str) -> str:
    """The text of a passage; of one that was shortened, without its last word, which may be half of one."""
    shortened = text.removesuffix(CUT)
    return text if shortened == text else shortened.rsplit(maxsplit=1)[0]


def _passage(head: str, text: str, rank: int) -> Passage:
    has = dict(_ATTRIBUTE.findall(head))
    columns = tuple(c.strip() for c in has["columns"].split("|")) if has.get("columns") else ()
    page = int(has.get("page", "0") or 0)
    return Passage(has.get("id", ""), has.get("document", ""), page, has.get("under", ""), columns, text, rank)


def statements(passage: Passage) -> list[Statement]:
    """The sentences and rows of a passage, in order. Headings and the labels of columns are context only."""
    found: list[Statement] = []
    heading = before = ""
    columns: tuple[str, ...] = ()
    in_table = False
    for block in _blocks(passage.text):
        if " | " in block:
            cells = cells_of(block)
            labels = _labels(cells, passage, first=not in_table)
            columns, in_table = labels or columns or _given(cells, passage), True
            if not labels:
                found.append(Statement(block, passage, heading, "", columns if len(columns) == len(cells) else ()))
            continue
        columns, in_table = (), False
        if _is_heading(block, passage):
            heading, before = plain(block), ""
            continue
        for sentence in _sentences(block):
            if len(sentence.split()) >= 3 or ": " in sentence:
                found.append(Statement(sentence, passage, heading, before))
            before = sentence
    return found


def cells_of(row: str) -> tuple[str, ...]:
    """The cells of a table row, its label first."""
    return tuple(c.strip() for c in plain(row).split(" | "))


def _labels(cells: tuple[str, ...], passage: Passage, first: bool) -> tuple[str, ...]:
    """The cells where they are labels of columns: known as such, or the first row and without numbers but for years."""
    known = passage.columns and cells[-len(passage.columns) :] == passage.columns
    named = first and all((cell and not _NUMBER_CELL.match(cell)) or _YEAR_CELL.search(cell) for cell in cells[1:])
    return cells if known or named else ()


def _given(cells: tuple[str, ...], passage: Passage) -> tuple[str, ...]:
    """The passage's own column labels where there is one for each cell, or for each but the row's label."""
    missing = len(cells) - len(passage.columns)
    return ("",) * missing + passage.columns if passage.columns and missing in (0, 1) else ()


def _is_heading(block: str, passage: Passage) -> bool:
    """Whether a line is a heading: one that the passage stands under, or a short line that ends like no sentence."""
    text = plain(block).strip("# ")
    if text in (passage.title, *passage.under.split(" > ")):
        return True
    return len(text.split()) <= 10 and not _SENTENCE_LIKE.search(text) and not _OWN_LINE.search(block)


def _blocks(text: str) -> Iterator[str]:
    """Lines joined where a sentence goes on, apart where a row, a list item or a paragraph begins."""
    block = ""
    for line in text.splitlines():
        joins = block and line.strip() and not (_LINE_ENDS.search(block) or _OWN_LINE.search(line) or " | " in block)
        if joins:
            block = f"{block} {line.strip()}"
        else:
            if block.strip():
                yield block.strip()
            block = line.strip()
    if block.strip():
        yield block.strip()


def _sentences(block: str) -> Iterator[str]:
    if " | " in block:
        yield block
        return
    start = 0
    for end in _SENTENCE_END.finditer(block):
        if not _ABBREVIATION.search(block[start : end.end()].rstrip()):
            yield block[start : end.end()].strip()
            start = end.end()
    if block[start:].strip():
        yield block[start:].strip()
