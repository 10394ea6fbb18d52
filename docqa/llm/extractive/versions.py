"""Versions of one text that disagree: which statements contradict each other, and which is the newer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docqa.llm.extractive.passages import Statement
from docqa.llm.extractive.question import MONTHS
from docqa.llm.extractive.scoring import Scored
from docqa.llm.extractive.words import words

ALIKE = 0.5  # share of words in common (Jaccard) from which two statements, or two titles, are versions of each other
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_ISO = re.compile(r"\b((?:19|20)\d\d)[-./](\d\d)(?:[-./](\d\d))?\b")
_WRITTEN = re.compile(rf"(?:\b(\d{{1,2}})\.? )?\b({MONTHS}),? (?:\d{{1,2}}, )?((?:19|20)\d\d)\b", re.IGNORECASE)
_VERSION = re.compile(r"\b(?:version|revision|rev|v)\.?\s*(\d+(?:\.\d+)*)", re.IGNORECASE)

Age = tuple[tuple[int, int, int], tuple[int, ...]]


def contradiction(ranked: Sequence[Scored]) -> Scored | None:
    """The first statement that says the same as the first one with other numbers, in another version of its document.

    One that lacks a name or number of the question which the first has is about something else and does not contradict.
    """
    if not ranked:
        return None
    best, *others = ranked
    own, numbers = _parts(best.statement.quote)
    for other in others:
        theirs, their_numbers = _parts(other.statement.quote)
        titles = best.statement.passage.title, other.statement.passage.title
        if titles[0] == titles[1] or not numbers or not their_numbers or numbers == their_numbers:
            continue
        same_question = all(other.cover.get(s) for s, share in best.cover.items() if share)
        if same_question and _alike(own, theirs) and _alike(_parts(titles[0])[0], _parts(titles[1])[0]):
            return other
    return None


def age(statement: Statement, seen: Sequence[Statement]) -> Age:
    """What orders versions: the latest date in the title, else in what was seen of the document; then the number."""
    title = statement.passage.title
    body = " ".join(f"{s.passage.under} {s.quote}" for s in seen if s.passage.title == title)
    versions = [tuple(int(n) for n in v.split(".")) for v in _VERSION.findall(f"{title} {body}")]
    return _latest(title) or _latest(body) or (0, 0, 0), max(versions, default=())


def _latest(text: str) -> tuple[int, int, int] | None:
    dates = [(int(y), int(m), int(d or 0)) for y, m, d in _ISO.findall(text)]
    months = MONTHS.lower().split("|")
    dates += [(int(y), months.index(m.lower()) + 1, int(d or 0)) for d, m, y in _WRITTEN.findall(text)]
    dates += [(int(y), 0, 0) for y in _YEAR.findall(text)]
    return max(dates, default=None)


def _alike(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)


def _parts(text: str) -> tuple[set[str], set[str]]:
    """The words of a text, and its numbers."""
    stems = set(words(text))
    numbers = {s for s in stems if s[0].isdigit()}
    return stems - numbers, numbers
