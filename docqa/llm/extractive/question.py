"""What a question asks for: its words and names, the kind of answer it wants, and whether a chain is to be followed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from docqa.llm.extractive.words import identifiers, names, plain, words

Kind = Literal["person", "date", "number", "money", "percent", "place", "definition", "text"]

_KINDS: tuple[tuple[Kind, str], ...] = (
    ("person", r"\bwhom?\b"),
    ("date", r"^(?:\W*\w+){0,2}\W*when\b|\b(?:what|which) (?:year|date|month|day)\b"),
    ("percent", r"\bpercent(?:age)?\b|%|\bwhat (?:share|proportion|fraction|rate)\b"),
    ("money", r"\bwhat\b.*\b(?:costs?|price)\b|\bhow much\b.*\b(?:cost|pay|paid|spen[dt]|price|earn|owe)"),
    ("number", r"\bhow (?:many|much|long|far|old|large|big|high|often|fast|tall|deep|wide)\b|\bnumber of\b"),
    ("place", r"\bwhere\b|\b(?:what|which) (?:city|town|country|place|harbour|port|village|state|region)\b"),
    ("definition", r"^\s*what (?:is|are) (?:an? )?[\w -]+\?*$|\bwhat does .* (?:mean|stand for)\b|\bdefin\w+\b"),
)
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_NUMERALS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|dozen"
_SHOWS: dict[Kind, str] = {
    "date": rf"\b(?:1[5-9]|20)\d\d\b|\b(?:{MONTHS})\b|\b\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}\b",
    "percent": r"%|\bper ?cent\b",
    "money": r"[$€£¥]|\b(?:USD|EUR|GBP|SEK|DKK|NOK|CHF|euros?|dollars?|pounds?|kronor|million|billion)\b|\d",
    "number": rf"\d|\b(?:{_NUMERALS})\b",
    "definition": r"\b(?:is|are|means?|refers? to|stands? for|defined|denotes?)\b|:|\(",
}
STRONG = 1.2
OWN_SIDE = 1.0  # the same for the name of a thing that is compared: a table seldom repeats whose it is
_BEGINS = frozenset("did do does is are was were has have had can may will would than between of allow from".split())
_COMPARES = re.compile(r"\b(?:or|than|versus|vs|compared?|both|differen\w+|more|less|the two)\b", re.IGNORECASE)
_MEASURES = re.compile(r"\b(?:more|less|fewer|most|least|\w{2,}(?:er|est))\b", re.IGNORECASE)
_FOLLOWS = re.compile(r"\b(?:follow\w*|themselves|itself|chain\w*|until|nested|final|in turn)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart: ``terms`` are the stems of its words, ``surface`` how each is written in it.

    ``strong`` holds the stems of names, numbers and identifiers, which the question turns on, with the factor by which
    each weighs more; the words of a long name share theirs. ``follows`` says that a value may have to be looked up.
    """

    text: str
    terms: tuple[str, ...]
    surface: dict[str, str]
    strong: dict[str, float]
    names: tuple[str, ...]
    identifiers: tuple[str, ...]
    kind: Kind
    follows: bool

    def shown_in(self, quote: str) -> bool:
        """Whether a quote holds an answer of the asked kind, which is not already in the question."""
        if self.kind in ("person", "place"):
            return any(not set(words(name)) <= set(self.terms) for name in names(f"So {quote}"))
        if self.kind == "text":
            return True
        rest = re.sub(r"[\w.,-]+", lambda m: " " if m.group().strip(".,") in self.text.split() else m.group(), quote)
        return re.search(_SHOWS[self.kind], rest if self.kind != "definition" else quote, re.IGNORECASE) is not None


def sides(question: Question) -> list[Question]:
    """A comparison as one question for each of the things compared; any other question as it is.

    What is compared are the names of the question, or what stands on either side of "or". In a question about one side
    its name counts as one word.
    """
    named = [n for n in question.names if not is_date(n)]
    compared = named if len(named) > 1 and _COMPARES.search(question.text) else _alternatives(question.text)
    return [_side(question, one, [o for o in compared if o != one]) for one in compared] or [question]


def _side(question: Question, name: str, others: Sequence[str]) -> Question:
    left_out = {s for other in others for s in words(other)} - set(words(name))
    own = dict.fromkeys(words(name), OWN_SIDE / len(words(name)))
    measured = question.kind == "text" and _MEASURES.search(question.text)
    text = question.text
    for other in others:
        text = text.replace(other, " ")
    return replace(
        question,
        text=plain(re.sub(r"(?:,| or\b| and\b)(?=\s*[,?.])", " ", text)),
        terms=tuple(s for s in question.terms if s not in left_out),
        strong={s: w for s, w in question.strong.items() if s not in left_out} | own,
        names=(name,),
        kind="number" if measured else question.kind,
    )


def _alternatives(text: str) -> list[str]:
    """What stands before and after "or": back to a comma or verb, and as many words, or up to a comma, after it."""
    before, found, after = text.partition(" or ")
    if not found:
        return []
    left: list[str] = []
    for word in reversed(before.split()):
        if word.endswith(",") or word.lower() in _BEGINS or len(left) == 6:
            break
        left.insert(0, word)
    right = re.split(r"[,.?;]", after)[0].split()[: max(1, len(left))]
    pair = [re.sub(r"^(?:that|those) (?:on|of|in|for) ", "", " ".join(side)) for side in (left, right)]
    return pair if all(words(one) for one in pair) and words(pair[0]) != words(pair[1]) else []


def is_date(text: str) -> bool:
    """Whether a text that looks like a name is a month or a date."""
    return re.fullmatch(rf"(?:\d{{1,2}} )?(?:{MONTHS})(?: \d+)*", text) is not None


def analyse(text: str) -> Question:
    """Take a question apart."""
    text = plain(text)
    found_names = names(text)
    ids = identifiers(text)
    surface: dict[str, str] = {}
    for word in re.findall(r"[\w'’.,-]*\w", text):
        for s in words(word):
            surface.setdefault(s, word)
    terms = tuple(dict.fromkeys(words(text)))
    strong = {s: STRONG for s in terms if s[0].isdigit()}
    for name in [*found_names, *ids]:
        strong |= {s: STRONG / len(words(name)) for s in words(name)}
    kind: Kind = next((k for k, pattern in _KINDS if re.search(pattern, text, re.IGNORECASE)), "text")
    return Question(text, terms, surface, strong, tuple(found_names), tuple(ids), kind, bool(_FOLLOWS.search(text)))
