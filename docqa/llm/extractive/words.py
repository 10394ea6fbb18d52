"""Words, names, numbers and identifiers of a text, as the extractive reader compares them.

Two texts are compared by the stems of their words; what is written with a capital, a digit or as an identifier is told
apart, because a question seldom turns on anything else.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\d[\d,]*(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)?")
_SUFFIXES = (
    "ments",
    "ment",
    "ations",
    "ation",
    "ions",
    "ion",
    "ings",
    "ing",
    "ers",
    "er",
    "ors",
    "or",
    "ees",
    "ee",
    "ies",
    "ied",
    "ed",
    "es",
    "ly",
    "y",
    "s",
    "e",
)
_CAPITAL = re.compile(r"\b[A-Z][\w'’&.-]*(?:[ ](?:(?:of|the|and|for|de|van|von)[ ])*[A-Z0-9][\w'’&.-]*)*")
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_IDENTIFIER = re.compile(r"\b(?=[\w./-]*\d)(?=[\w./-]*[A-Za-z])\w+(?:[./-]\w+)*\b")

_STOP = """
    a an and any are as at be been but by can could did do does for from had has have he her his how i if in
    into is it its many may me more most much must no nor not of on one or our over per shall she should so some
    such than that the their them then there these they this those through to under until up upon us was we were
    what when where which while who whom whose why will with would you your according answer document documents
    give please say stated tell between both each also about after all before during
    """
STOP = frozenset(_STOP.split())


def plain(text: str) -> str:
    """The text in Unicode's compatibility form with single spaces, the form in which texts are compared."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def stem(word: str) -> str:
    """The word in lower case without a common English ending; numbers lose their separators.

    At least four letters stay, so that short words are only freed of a plural ``s``. Cruder than Porter (1980): all
    that matters is that the forms of one word meet.
    """
    word = re.sub(r"['’]s?$", "", word.lower())
    if word[0].isdigit():
        return word.replace(",", "")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            word = word[: -len(suffix)]
            break
    else:
        if len(word) == 4 and word.endswith("s") and not word.endswith("ss"):
            return word[:-1]
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] else word


def words(text: str) -> list[str]:
    """The stems of all words of a text, in order, stop words left out."""
    found = (m.group() for m in _WORD.finditer(unicodedata.normalize("NFKC", text)))
    return [stem(w) for w in found if w.lower() not in STOP and (len(w) > 1 or w.isdigit())]


def surfaces(text: str) -> list[str]:
    """The words of a text as written, in lower case, each once; stop words, numbers and single letters left out."""
    found = (m.group().lower() for m in _WORD.finditer(unicodedata.normalize("NFKC", text)))
    return list(dict.fromkeys(w for w in found if w not in STOP and len(w) > 1 and not w[0].isdigit()))


def identifiers(text: str) -> list[str]:
    """The UUIDs of a text and other words with both letters and digits, each once, in order."""
    return list(dict.fromkeys([*_UUID.findall(text), *_IDENTIFIER.findall(_UUID.sub(" ", text))]))


def uuids(text: str) -> list[str]:
    """The UUIDs of a text, each once, in order."""
    return list(dict.fromkeys(_UUID.findall(text)))


def names(text: str) -> list[str]:
    """Sequences of capitalised words, each once, in order; a sentence's first word alone is none.

    ``The Harbour Board of Lund appointed Eva Holt`` gives ``Harbour Board of Lund`` and ``Eva Holt``.
    """
    found = []
    for match in _CAPITAL.finditer(plain(text)):
        parts = match.group().rstrip(".'’-").split()
        while parts and parts[0].lower() in STOP:
            parts.pop(0)
        name = re.sub(r"['’]s$", "", " ".join(parts))
        if name and not (len(parts) == 1 and _opens_sentence(match) and not _is_acronym(name)):
            found.append(name)
    return list(dict.fromkeys(found))


def _opens_sentence(match: re.Match[str]) -> bool:
    before = match.string[: match.start()].rstrip()
    return not before or before[-1] in ".!?:|•"


def _is_acronym(name: str) -> bool:
    return len(name) > 1 and sum(c.isupper() for c in name) > 1
