"""What the reader can see: the main context taken apart into question, searches with their passages, and evidence.

Nothing is kept between steps. What left the context is gone for the reader as it is for a language model; the evidence
stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docqa.llm import Message, ToolCall, ToolSpec
from docqa.llm.extractive.passages import Passage, passages
from docqa.llm.extractive.words import plain

_QUESTION = re.compile(r"<question>\n(.*?)\n</question>", re.DOTALL)
_EVIDENCE = re.compile(r"<evidence>\n(.*?)\n</evidence>", re.DOTALL)
_ENTRY = re.compile(r"^\[(e\d+)\] (.*) \((c\d+), (?:(.*), )?page (\d+)\)$", re.MULTILINE)
_QUOTED = re.compile(r'^(.*?) — "(.*)"$')
_EARLIER = re.compile(r"<earlier>\n(.*?)\n</earlier>", re.DOTALL)
_QUERY = re.compile(r'^search_archive\{"query": "([^"\n]*)', re.MULTILINE)
_LAST = re.compile(r"^search .*: page \d+ of \d+, passages \d+–(\d+) of \d+", re.MULTILINE)
_MORE = re.compile(r"^More: .*=(\d+)\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Search:
    """A page of results that is in sight: what was searched for, which page, its passages, and the next page if any.

    ``read`` counts the passages of this page and of those before it.
    """

    query: str
    page: int
    passages: tuple[Passage, ...]
    next_page: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry of the evidence ledger; ``passage`` has the quote as its text, or the claim where no quote is shown."""

    name: str
    claim: str
    passage: Passage


@dataclass(frozen=True, slots=True)
class View:
    """The main context as the reader understands it.

    ``refused`` holds quotes that were to be noted and are not in the ledger, ``forgotten`` the beginnings of queries
    whose results have left the context.
    """

    question: str
    searches: tuple[Search, ...]
    evidence: tuple[Noted, ...]
    refused: frozenset[str]
    tools: frozenset[str]
    forgotten: tuple[str, ...] = ()

    def passages(self) -> list[Passage]:
        """Every passage in sight, each once."""
        seen = {p.handle: p for s in reversed(self.searches) for p in s.passages}
        return sorted(seen.values(), key=lambda p: p.rank)

    def made(self, query: str) -> bool:
        """Whether a query was searched for, in sight or before."""
        return bool(self.searched(query)) or any(q and plain(query).startswith(q) for q in self.forgotten)

    def noted(self, quote: str) -> str:
        """The name of the evidence that holds a quote, or an empty text."""
        text = plain(quote)
        return next((e.name for e in self.evidence if text in plain(e.passage.text)), "")

    def searched(self, query: str) -> int:
        """The highest page of results in sight for a query, 0 for none."""
        return max((s.page for s in self.searches if plain(s.query) == plain(query)), default=0)


def view(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> View:
    """Take the messages of a step apart."""
    said = [m.content for m in messages if m.role == "user"]
    asked = [m.group(1) for text in said for m in _QUESTION.finditer(text)]
    question = (asked or said or [""])[-1]
    evidence = _ledger(messages)
    noted = {plain(e.passage.text) for e in evidence}
    tried = {plain(str(c.arguments.get("quote", ""))) for m in messages for c in m.calls if c.name == "note_evidence"}
    known = frozenset(t.name for t in tools)
    gone = tuple(plain(q) for text in said for e in _EARLIER.findall(text) for q in _QUERY.findall(e))
    return View(question, tuple(_searches(messages)), evidence, frozenset(tried - noted), known, gone)


def _searches(messages: Sequence[Message]) -> list[Search]:
    calls: dict[str, ToolCall] = {c.id: c for m in messages for c in m.calls}
    found = []
    for message in messages:
        call = calls.get(message.call_id)
        if message.role == "tool" and call is not None and call.name == "search_archive":
            more, last = _MORE.search(message.content), _LAST.search(message.content)
            page = call.arguments.get("page", 1)
            found.append(
                Search(
                    str(call.arguments.get("query", "")),
                    page if isinstance(page, int) else 1,
                    tuple(passages(message.content)),
                    int(more.group(1)) if more else 0,
                    int(last.group(1)) if last else 0,
                )
            )
    return found


def _ledger(messages: Sequence[Message]) -> tuple[Noted, ...]:
    """The entries of the evidence ledger; of one shown without its quote the claim is the text."""
    last = next((m.content for m in reversed(messages) if m.role == "user"), "")
    ledger = _EVIDENCE.search(last)
    found = []
    for name, said, handle, title, page in _ENTRY.findall(ledger.group(1) if ledger else ""):
        quoted = _QUOTED.search(said)
        claim, text = quoted.groups() if quoted else (said, said)
        found.append(Noted(name, claim, Passage(handle, title, int(page), "", (), text)))
    return tuple(found)
