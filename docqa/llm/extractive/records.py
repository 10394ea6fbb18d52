"""Records ``key: value`` whose key is an identifier, and the chain that they make where a value is a key again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docqa.llm.extractive.passages import Passage

_ID = r"(?=[\w-]*\d)[\w-]{6,}"
_RECORD = re.compile(
    rf"(?:^|[,{{])[ \"'*-]*({_ID})[\"']?[ \t]*(?:[:=|\t]|=>|->|→)[ \t]*[\"']?({_ID})(?=[\"']?[ \t]*(?:[,}}]|$))",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Record:
    """A key, its value, and where they stand, word for word."""

    key: str
    value: str
    quote: str
    passage: Passage


def records(passages: Sequence[Passage]) -> dict[str, Record]:
    """The records in some passages by their keys; where a key comes twice the first counts."""
    found: dict[str, Record] = {}
    for passage in passages:
        for match in _RECORD.finditer(passage.text):
            quote = passage.text[match.start(1) : match.end(2)]
            found.setdefault(match.group(1), Record(match.group(1), match.group(2), quote, passage))
    return found


def leads_to(start: str, link: Record) -> str:
    """The claim that a chain from ``start`` has come to the value of a record: each claim alone says how far it is."""
    return f"{start} leads to {link.value}"


def led_to(start: str, claim: str) -> str:
    """The value that a claim of ``leads_to`` names for ``start``, or an empty text."""
    found = re.match(rf"{re.escape(start)} leads to ({_ID})$", claim)
    return found.group(1) if found else ""


def chain(start: str, known: dict[str, Record], follows: bool) -> list[Record]:
    """The records from a key on: one, or as many as lead on from value to key; a ring ends where it closes."""
    found: list[Record] = []
    key = start
    while key in known and known[key] not in found:
        found.append(known[key])
        key = known[key].value
        if not follows:
            break
    return found
