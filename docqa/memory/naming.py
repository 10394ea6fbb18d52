"""Which documents a question names, and how well: by alias, then by period and form.

A document that is named is preferred softly: the strength found here is bounded and only adds to what the search finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingest.names import Period, forms_in, normalise, periods_in, without_periods
from ingest.types import Names

LONGEST_ALIAS = 8  # words of the question that are looked up together
MOST_SENTENCES = 4  # of a question that are searched on their own
MOST_NAMED = 24  # documents that share the preference


class NamedDocument(Protocol):
    """A document that was found by an alias."""

    @property
    def document(self) -> str: ...
    @property
    def names(self) -> Names: ...
    @property
    def matched(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Naming:
    """A document that the question names: how strongly, from 0 to 1, and by which of its aliases."""

    document: str
    strength: float
    reason: str
    aliases: tuple[str, ...] = ()


def keys_of(question: str) -> list[str]:
    """Every run of one to eight words of a question, normalised: what may be an alias.

    A single word counts only if it is written like a name (a capital or a digit in it), unless no word of the question
    is.
    """
    words = _words(question)
    like_names = [bool(re.search(r"[A-Z0-9]", word)) for word in words]
    lower_case = not any(like_names[1:])
    keys: dict[str, None] = {}
    for start in range(len(words)):
        for end in range(start + 1, min(start + LONGEST_ALIAS, len(words)) + 1):
            key = normalise(" ".join(words[start:end]))
            if key and (" " in key or lower_case or any(like_names[start:end])):
                keys.setdefault(key)
    return list(keys)


def named_documents(question: str, found: Sequence[NamedDocument]) -> list[Naming]:
    """The documents that a question names, strongest first, 24 at most.

    Args:
        question: as it was asked.
        found: documents of which an alias stands among ``keys_of(question)``.

    An alias that lies within a longer one that also names a document does not count: ``Apple Music`` is not ``Apple``.
    """
    aliases = {alias for document in found for alias in document.matched}
    inner = {a for a in aliases for b in aliases if a != b and f" {a} " in f" {b} "}
    periods, forms = periods_in(question), forms_in(question)
    namings = []
    for document in found:
        matched = [alias for alias in document.matched if alias not in inner] or list(document.matched)
        fit = 0.5 + 0.35 * _period_fit(document.names.period, periods) + 0.15 * _form_fit(document.names.form, forms)
        if set(matched) <= inner:
            fit /= 2
        said = [max(matched, key=len), *_said(document.names, periods, forms)]
        namings.append(Naming(document.document, fit, f"the question names {', '.join(said)}", tuple(matched)))
    return sorted(namings, key=lambda naming: (-naming.strength, naming.document))[:MOST_NAMED]


def without_names(question: str, namings: Sequence[Naming]) -> str:
    """A question without the names, periods and forms that lead to its documents: what is asked of them.

    The question as it was, where nothing else is left.
    """
    aliases = {alias for naming in namings for alias in naming.aliases}
    words, kept, at = _words(question), list[str](), 0
    while at < len(words):
        runs = range(min(LONGEST_ALIAS, len(words) - at), 0, -1)
        length = next((n for n in runs if normalise(" ".join(words[at : at + n])) in aliases), 0)
        kept += [] if length else [words[at]]
        at += length or 1
    return without_periods(" ".join(kept)) or question


def questions(question: str, namings: Sequence[Naming]) -> list[str]:
    """What is asked of the named documents, whole and then sentence by sentence; empty where none is named.

    Around the sentence that asks there are often others, on the form of the answer, that lead a vector astray.
    """
    if not namings:
        return []
    sentences = [part for part in re.split(r"(?<=[.?!:])\s+", question) if len(part.split()) > 2]
    parts = sentences[:MOST_SENTENCES] if len(sentences) > 1 else []
    return list(dict.fromkeys(without_names(part, namings) for part in [question, *parts]))


def _words(question: str) -> list[str]:
    return [word for word in re.split(r"[\s,;:?!()\[\]“”\"]+", question) if normalise(word)]


def _period_fit(name: str, asked: Iterable[Period]) -> float:
    """How well a document's period fits the best of those asked for, from 0 to 1; 0.5 where nothing is asked for."""
    own = periods_in(name)
    fits = [_fit(own[0], period) if own else 0.3 for period in asked]
    return max(fits, default=0.5)


def _fit(own: Period, asked: Period) -> float:
    if own.year != asked.year:
        return 0.0
    if own[1:] == asked[1:]:
        return 1.0
    if own.day and asked.day:
        return 0.7 if own.month == asked.month else 0.3
    return 0.6


def _form_fit(name: str, asked: Sequence[str]) -> float:
    return 0.5 if not asked else float(name in asked)


def _said(names: Names, periods: Sequence[Period], forms: Sequence[str]) -> list[str]:
    said = [names.period] if names.period in {str(period) for period in periods} else []
    return said + ([names.form] if names.form in forms else [])
