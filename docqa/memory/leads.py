"""Leads: names and identifiers that what was read brings in, that bear on the question, and that nobody has looked up.

A weak model answers after its first search with the first thing that looks like an answer. What it passes over can be
told by rules: the value beside a key may itself be a key (the nested key-value task of MemGPT, Packer et al., 2023),
and a passage that covers half of a question names what the other half is about (bridge questions; HotpotQA, Yang et
al., 2018). A lead is followed when it is searched for, or when what was read tells of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice, pairwise

from docqa.memory.stems import stems
from docqa.prompts import status
from ingest.names import normalise

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_IDENTIFIER = re.compile(rf"\b(?:{_UUID}|(?=[\w./-]*\d)(?=[\w./-]*[A-Za-z])\w+(?:[./-]\w+)*)\b")
_NAME = re.compile(r"\b[A-Z][\w'’&-]*[\w](?:[ ](?:(?:of|the|and|for|de|van|von)[ ])*[A-Z][\w'’&-]*[\w])*")
# A question that asks to follow values says so; "until 2025" or "supply chain" do not.
_FOLLOW = re.compile(
    r"\bin turn\b|\bthemselves be\b|\bitself (?:be|is|a) (?:a )?key\b|\bfollow (?:the|each|every|its|these|those) "
    r"(?:chain|value|reference|link|key)s?\b|\blook\w* (?:it|them|each|that|these|those) up\b",
    re.IGNORECASE,
)
_PERIOD = re.compile(r"(?:FY|CY|Q|H)\d+", re.IGNORECASE)
_KEY_WITHIN, _GAP = 20, 24  # characters from a line's begin to a key, and from a key to its value
_RELATIVE = frozenset("that which who whom whose where".split())
# After these a relative pronoun asks or goes on, and does not describe a thing: "tell me which …".
_NO_THING = frozenset(
    "and or tell say know me us ask asked find out see is are was were in at on by to from of for with".split()
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_MONTHS = frozenset(
    "january february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday".split()
)
_SHARED = 2  # stems that a statement shares with the question for its names to bear on it
_UNCOVERED = 0.5  # share of the question's stems that what is cited leaves open, for a name to be followed first
_MOST_STATEMENTS = 4000  # kept of a run; further ones are not looked at
_ENDS = 2000  # characters
_LONGEST = 8000  # characters looked at of a passage
_LONGEST_CHAIN = 100  # links
_MOST_STARTS = 20  # identifiers of a question from which chains begin
_SHOWN = 4  # leads, and links of a chain, in the notes


class Leads:
    """The leads of one run."""

    def __init__(self, question: str) -> None:
        """Of a long question only the beginning and the end are looked at."""
        if len(question) > 2 * _ENDS:
            question = f"{question[:_ENDS]}\n{question[-_ENDS:]}"
        self._terms = stems(question)
        self._starts = tuple(dict.fromkeys(_IDENTIFIER.findall(question)))[:_MOST_STARTS]
        self._known = normalise_words(question)
        self._follows = bool(_FOLLOW.search(question))
        self._bridge = _describes(question)  # something is asked of a thing that is only described
        self._statements: dict[str, list[str]] = {}  # sentence or line → the names in it
        self._after: dict[str, list[str]] = {}  # identifier → those that stand right after it at the head of a line
        self._chains: dict[str, tuple[str, ...]] = {}
        self._bearing: dict[str, int] = {}  # name → words that its statement shares with the question
        self._told: dict[str, set[str]] = {}  # name → passages that tell of it
        self._queries: list[frozenset[str]] = []
        self._dropped: set[str] = set()
        self._cache: tuple[str, ...] | None = None

    def read(self, passages: Iterable[tuple[str, str]]) -> None:
        """Take in passages that were shown, each with its handle."""
        for handle, text in passages:
            for line in _SENTENCE.split(text[:_LONGEST]):
                if len(self._statements) < _MOST_STATEMENTS and line.strip():
                    self._take_in(handle, line.strip())
        self._cache = None
        self._chains.clear()

    def looked_up(self, query: str) -> None:
        """A search was made: what it names is no longer open."""
        self._queries.append(normalise_words(query))
        self._cache = None

    def dismiss(self) -> None:
        """The model gave a reason why what is open now needs no search: it is dropped."""
        self._dropped |= {_normal(name) for name in self.open()}
        self._cache = None

    def chain(self) -> tuple[str, ...]:
        """The identifiers that follow one from another, beginning with the question's; empty where none does.

        The last one is open unless it was looked up.
        """
        for start in self._starts:
            links = self._links(start)
            if len(links) > 1:
                return links
        return ()

    def open(self) -> tuple[str, ...]:
        """What has not been looked up, what bears on the question most first."""
        if self._cache is None:
            self._cache = tuple(dict.fromkeys([*self._open_identifiers(), *self._open_names()]))
        return self._cache

    def passed_over(self, cited: str, not_found: bool) -> str:
        """The lead that an answer passes over though it bears on the question, or an empty text.

        Args:
            cited: the quotes of the answer with what they stand under.
            not_found: whether the answer is that the documents do not say.
        """
        identifiers = self._open_identifiers()
        if self._follows and identifiers:
            return identifiers[0]
        if not_found or not self._terms or not self._bridge:
            return ""
        left = self._terms - stems(cited)
        if len(left) < _UNCOVERED * len(self._terms):
            return ""
        return next((name for name in self._open_names() if name in cited), "")

    def end(self) -> str:
        """The last value of a chain that the question asks to follow and that leads no further, or an empty text."""
        chain = self.chain() if self._follows else ()
        return chain[-1] if chain and not self._is_open(chain[-1]) else ""

    def stops_early(self, answer: str) -> bool:
        """Whether an answer gives an earlier value of a chain that was followed to its end, and not the last."""
        end = self.end()
        return bool(end) and end not in answer and any(name in answer for name in self.chain()[:-1])

    def must_search(self) -> str:
        """The identifier that a question which asks to follow values has not looked up yet, or an empty text."""
        found = self._open_identifiers() if self._follows else []
        return found[0] if found else ""

    def notes(self) -> list[str]:
        """What the model is shown of leads: the chain so far and what is open."""
        lines = []
        chain, open_now = self.chain(), self.open()
        if chain:
            done = [name for name in chain if name not in open_now]
            shown = done if len(done) <= _SHOWN + 1 else [done[0], "…", *done[-_SHOWN:]]
            if shown:
                lines.append(status.followed(shown, end=chain[-1] in done))
        if open_now:
            lines.append(status.open_leads(open_now[:_SHOWN]))
        return lines

    def _take_in(self, handle: str, line: str) -> None:
        if line not in self._statements:
            self._statements[line] = _names(line)
            if pair := _key_and_value(line):
                self._after.setdefault(pair[0], []).append(pair[1])
        names = self._statements[line]
        shared = len(self._terms & stems(line)) if names else 0
        for name in names:
            self._told.setdefault(_normal(name), set()).add(handle)
            if shared >= min(_SHARED, len(self._terms)):
                self._bearing[name] = max(self._bearing.get(name, 0), shared)

    def _links(self, start: str) -> tuple[str, ...]:
        if start not in self._chains:
            found = {start: None}
            last = start
            while len(found) < _LONGEST_CHAIN:
                further = next((name for name in self._after.get(last, ()) if name not in found), "")
                if not further:
                    break
                found[further] = None
                last = further
            self._chains[start] = tuple(found)
        return self._chains[start]

    def _open_identifiers(self) -> list[str]:
        if not self._starts:
            return []
        ends = [links[-1] for links in map(self._links, self._starts) if len(links) > 1]
        return [name for name in ends if self._is_open(name)]

    def _open_names(self) -> list[str]:
        once = [name for name in self._bearing if len(self._told[_normal(name)]) < 2]
        return sorted(filter(self._is_open, once), key=lambda name: -self._bearing[name])

    def _is_open(self, name: str) -> bool:
        words = normalise_words(name)
        if not words or words <= self._known or _normal(name) in self._dropped:
            return False
        return not any(words <= query for query in self._queries)


def _describes(question: str) -> bool:
    """Whether a question names a thing by what is said of it: "the vessel that raised the buoy"."""
    words = re.findall(r"\w+|[,;:.?!]", question.casefold())
    return any(
        word in _RELATIVE and before.isalpha() and before not in _NO_THING for before, word in pairwise(words[2:])
    )


def _key_and_value(line: str) -> tuple[str, str] | None:
    """The identifier that a line begins with and the one right after it: a record, not prose."""
    found = list(islice(_IDENTIFIER.finditer(line), 2))
    if len(found) < 2 or found[0].start() > _KEY_WITHIN or found[1].start() - found[0].end() > _GAP:
        return None
    key, value = found[0].group(), found[1].group()
    return None if key == value or _PERIOD.fullmatch(key) or _PERIOD.fullmatch(value) else (key, value)


@lru_cache(maxsize=8192)
def normalise_words(text: str) -> frozenset[str]:
    """The words of a text in the form in which names are compared."""
    return frozenset(_whole(text).split())


_normal = lru_cache(maxsize=8192)(normalise)


def _whole(text: str) -> str:
    return " ".join(normalise(part) for part in re.findall(r".{1,60}(?:\s|$)|\S{1,80}", text.replace("\n", " ")))


def _names(line: str) -> list[str]:
    """Sequences of capitalised words in a line; its first word alone, dates and acronyms of one letter are none."""
    found = []
    for match in _NAME.finditer(line):
        words = match.group().split()
        alone = len(words) == 1 and (match.start() == 0 or line[: match.start()].rstrip()[-1:] in (".", ":", "|", "•"))
        dated = any(word.casefold() in _MONTHS for word in words)
        if not alone and not dated and not _IDENTIFIER.fullmatch(match.group()):
            found.append(match.group())
    return list(dict.fromkeys(found))
