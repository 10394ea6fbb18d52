"""Names and identifiers in running text, and the one normal form in which all names are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MOST_NAMES = 48  # names kept of one chunk
LONGEST_NAME = 80  # characters

_WORD = re.compile(r"[^\W_]+(?:[’'][^\W\d_]+)?")
# A name: capitalised words, joined by small words of names ("Andaman and Nicobar", "University of Leeds").
_CAPITAL = r"[A-Z\u00c0-\u00de][\w’'&.\-]*[\w]|[A-Z\u00c0-\u00de]|\d+[A-Z][\w]*"
_JOIN = r"(?:of|the|and|de|la|le|du|des|van|von|der|den|del|di|da|for|in|on|&)"
_NAME = re.compile(rf"(?:{_CAPITAL})(?:[ \u00a0](?:{_JOIN}[ \u00a0]){{0,2}}(?:{_CAPITAL}|\d{{1,4}}\b))*")
# An identifier: letters and digits mixed, or digit groups joined: PX-2291, 182468ea-2fe7-4d32, ISO-9001, RFC 2616.
_IDENTIFIER = re.compile(r"\b(?=[\w\-/.]*\d)(?=[\w\-/.]*[A-Za-z\-])[A-Za-z0-9]+(?:[\-/.][A-Za-z0-9]+)*\b")
_QUOTED = re.compile(r"[“\"]([^”\"\n]{3,60})[”\"]")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;•|\n][\s\"“(]*)$")


def normalise(name: str) -> str:
    """The form in which names are compared: case folded, no accents, ``&`` as ``and``, words joined by one blank.

    A possessive ``'s`` and a leading ``the`` are dropped: ``The Boeing Company's`` becomes ``boeing company``.
    """
    plain = unicodedata.normalize("NFKD", name.replace("&", " and "))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold().replace("’", "'")
    words = [word.removesuffix("'s").replace("'", "") for word in _WORD.findall(plain)]
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(words)[:LONGEST_NAME].strip()


def names_in(text: str) -> tuple[str, ...]:
    """Names and identifiers that stand in a text, normalised, in order of appearance, each once, 48 at most.

    A single capitalised word that begins a sentence is taken for a name only if it stands elsewhere inside one.
    """
    found: dict[str, None] = {}
    for match in _IDENTIFIER.finditer(text):
        if not re.fullmatch(r"[\d./\-]+", match.group()) or "-" in match.group():
            found.setdefault(normalise(match.group()))
    for match in _NAME.finditer(text):
        if " " in match.group() or not _starts_sentence(text, match.start()) or match.group().isupper():
            found.setdefault(normalise(match.group()))
    for match in _QUOTED.finditer(text):
        found.setdefault(normalise(match.group(1)))
    return tuple(name for name in found if len(name) > 1)[:MOST_NAMES]


def title_keys(titles: Iterable[str], text: str) -> tuple[str, ...]:
    """What a chunk defines, normalised: the titles and headings that it stands under, and terms that it explains.

    A term is explained by being quoted before ``means`` or ``refers to``, or in brackets after its long form:
    ``Adjusted Earnings (“AE”)``. A title's bracketed addition is dropped for a second key: ``Mercury (planet)``.
    """
    keys: dict[str, None] = {}
    for title in titles:
        keys.setdefault(normalise(title))
        keys.setdefault(normalise(re.sub(r"\s*\([^)]*\)\s*$", "", title)))
    for match in re.finditer(r"[“\"]([^”\"\n]{2,60})[”\"]\)?\s+(?:means?|refers? to|is defined as)\b", text):
        keys.setdefault(normalise(match.group(1)))
    for match in re.finditer(r"\((?:the |our |collectively,? )?[“\"]([^”\"\n]{2,40})[”\"]\)", text):
        keys.setdefault(normalise(match.group(1)))
    return tuple(key for key in keys if key)[:MOST_NAMES]


def _starts_sentence(text: str, at: int) -> bool:
    return _SENTENCE_START.search(text[max(0, at - 6) : at]) is not None
