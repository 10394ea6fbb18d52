"""The functions over one run: its pager, handles, ledger, core memory and recall."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from docqa import prompts
from docqa.events import Citation, Evidence, Recalled
from docqa.llm import ToolCall
from docqa.memory import longtext
from docqa.memory.archival import Archival
from docqa.memory.budget import Count, cut
from docqa.memory.core import CoreMemory
from docqa.memory.evidence import Ledger
from docqa.memory.leads import Leads
from docqa.memory.paging import Handles, Pager, ResultPage
from docqa.memory.recall import Recall
from docqa.prompts import CUT, mistakes, passages, status
from docqa.tools.answers import Sources, said_in
from docqa.tools.conversation import Conversation
from docqa.tools.observations import Answer, Observation, mistake
from docqa.tools.schemas import Quote, arguments
from ingest.errors import NotFoundError
from ingest.types import Chunk

_LONGEST_CLAIM = 500  # characters
_LISTED = 20  # documents on a page of their list
_NOTED = 5  # searches and documents in the notes
_QUESTION = re.compile(r"(?:the )?question", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Memory:
    """What the functions of one run work on.

    ``visible`` gives the ids of the chunks and of the messages that stand in the context whole; ``said`` what the user
    and the agent said before, as far as it stands there.
    """

    archival: Archival
    ledger: Ledger
    core: CoreMemory
    recall: Recall
    leads: Leads
    question: str
    visible: Callable[[], tuple[set[str], set[int]]]
    said: Callable[[], Iterable[str]]


class Tools:
    """The functions that the model may call in one run."""

    def __init__(self, memory: Memory, count: Count, page_tokens: int) -> None:
        self._memory, self._count = memory, count
        self.handles = Handles()
        self.searched = False
        self._pager = Pager(memory.archival, page_tokens)
        self._conversation = Conversation(memory.recall, count)
        self._sources = Sources(memory.ledger, self.handles, self._conversation.shown, memory.question)
        self._queries: dict[str, int] = {}
        self._room = self._step = 0

    @property
    def looked_at(self) -> tuple[int, int]:
        """How many passages were shown, and how many the searches and reads of this run found, each counted once."""
        return len(self.handles.shown()), self._pager.found

    @property
    def looked_up(self) -> bool:
        """Whether anything was searched or read: the archive or the conversation."""
        return self.searched or self._conversation.searched

    def seen(self) -> list[str]:
        """What was searched for and which pages were shown, for the notes at the end of the context."""
        pages: dict[str, set[int]] = {}
        for chunk in self.handles.shown().values():
            pages.setdefault(chunk.title, set()).add(chunk.page)
        queries = list(dict.fromkeys(key.rsplit(" ", 1)[0] for key in self._queries))[-_NOTED:]
        places = [
            f"{prompts.attribute(title)[:60]} {prompts.page_ranges(sorted(found), '-')}"
            for title, found in pages.items()
        ]
        return [line for line in (status.searched(queries), status.read(places[-_NOTED:])) if queries or places]

    def stands_under(self, answer: Answer) -> str:
        """The quotes of an answer, with the titles and headings that they stand under."""
        chunks = {chunk.id: chunk for chunk in self.handles.shown().values()}
        cited = [(citation, chunks.get(citation.chunk)) for _, citation in answer.cited]
        return "\n".join(" ".join([at.title, *(c.headings if c else ()), at.quote]) for at, c in cited)

    def call(self, call: ToolCall, allowed: Sequence[str], room: int, step: int = 0) -> Observation:
        """Run a call of the model, its text to fit ``room`` tokens as far as passages can be shortened.

        Raises:
            DocqaError: the archive failed.
        """
        if call.name not in allowed:
            return mistake(mistakes.unknown_function(call.name, allowed))
        given = arguments(call.name, call.arguments)
        if isinstance(given, str):
            return mistake(given)
        self._room, self._step = room, step
        method: Callable[..., Observation] = getattr(self, call.name)
        return method(**given)

    def search_archive(self, query: str, page: int = 1) -> Observation:
        """Search the library. Page 2, 3, … of the same query show further passages."""
        query = " ".join(query.split())[:1000]
        if not query:
            return mistake(mistakes.EMPTY_QUERY)
        found = self._pager.search(query, page)
        if found.total and not found.first:
            return mistake(mistakes.no_such_page("page", page, found.of))
        self.searched = True
        self._memory.leads.looked_up(query)
        before = self._queries.setdefault(f"{query.casefold()} {page}", self._step)
        before = before if before < self._step else 0
        return self._shown(found, "page", lambda place, shown: passages.result_page(query, place, shown, before))

    def read_document(self, document: str, pages: str, portion: int = 1) -> Observation:
        """Read pages ("3" or "3-5") of a document: its title, or the id of a passage of it."""
        span = re.fullmatch(r"\s*(?:pages?|pp?\.)?\s*(\d{1,7})(?:\s*(?:-|–|to)\s*(\d{1,7}))?\s*", pages)
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (0, 0)
        if not 1 <= first <= last:
            return mistake(mistakes.wrong_pages(pages))
        long = self._long_text(document)
        if long:
            return self._read_text(document, long, first)
        shown = self.handles.chunk(document)
        try:
            identifier = shown.document if shown else self._memory.archival.document(document)
        except NotFoundError as error:
            return mistake(str(error))
        found = self._pager.read(identifier, first, last, portion)
        self.searched = True
        if found.total and not found.first:
            return mistake(mistakes.no_such_page("portion", portion, found.of))
        title = found.chunks[0].title if found.chunks else document
        return self._shown(
            found, "portion", lambda place, shown: passages.read_page(title, pages.strip(), place, shown)
        )

    def list_documents(self, filter: str = "", page: int = 1) -> Observation:
        """List the documents whose title holds the words of the filter."""
        listed, total = self._memory.archival.documents(filter, (page - 1) * _LISTED, _LISTED) if page > 0 else ([], 1)
        of = -(-total // _LISTED)
        if total and not listed:
            return mistake(mistakes.no_such_page("page", page, max(of, 1)))
        place = passages.Place(page, max(of, 1), (page - 1) * _LISTED + 1, total)
        lines = [f"- {row.title} ({row.pages} pages, {row.collection})" for row in listed]
        text = passages.document_page(filter, place, lines)
        self._memory.core.saw(row.title for row in listed)
        return Observation(
            cut(text, self._room, self._count, CUT), f"{len(listed)} of {total} documents", new=bool(total)
        )

    def note_evidence(self, claim: str, chunk: str, quote: str) -> Observation:
        """Keep a fact: the claim, the passage's id, and the exact words there that prove it."""
        claim = (" ".join(claim.split()) or " ".join(quote.split()))[:_LONGEST_CLAIM]
        citation = self._sources.quoted(chunk, quote)
        shown = self.handles.chunk(chunk)
        if isinstance(citation, str) or shown is None:
            return mistake(str(citation))
        ledger = self._memory.ledger
        known = ledger.name_of(claim, citation.chunk, citation.start, citation.end)
        if known:
            return Observation(status.noted(known, again=True), f"already noted as {known}")
        evidence = Evidence(claim, replace(citation, marker=len(ledger) + 1))
        name = ledger.add(evidence, self.handles.of(shown))
        return Observation(status.noted(name), f"noted {name}: {claim[:80]}", evidence=evidence, new=True)

    def search_conversation(self, query: str, page: int = 1) -> Observation:
        """For questions about the conversation itself: search what was said in it and in earlier ones, with dates."""
        found = self._conversation.search(query, page, self._room, self._memory.visible()[1])
        self._memory.core.saw(found.read)
        self._memory.core.heard(found.heard)
        return found.observation

    def remember(self, block: str, text: str) -> Observation:
        """Keep what the user said in core memory. block: user (about the user), library, or task."""
        core = self._memory.core
        problem = core.remember(block.strip().lower(), text)
        if problem:
            return mistake(problem)
        line = " ".join(text.split())
        told = status.remembered(block.strip().lower(), core.used, core.limit)
        return Observation(told, f"remembered: {line[:80]}", new=True, remembered=(block.strip().lower(), line, False))

    def forget(self, block: str, text: str) -> Observation:
        """Drop from a block of core memory the lines with this text."""
        block = block.strip().lower()
        dropped, problem = self._memory.core.forget(block, text)
        if problem:
            return mistake(problem)
        told = status.forgotten(block, dropped)
        return Observation(told, f"forgot: {dropped[:80]}", new=True, remembered=(block, dropped, True))

    def answer(
        self, text: str, citations: tuple[str | Quote, ...] = (), not_found: bool = False, dismiss: str = ""
    ) -> Observation:
        """End with the answer. citations: ids (e1, c3, m5) or {chunk, quote}. dismiss: why open names do not matter."""
        cited: list[tuple[str, Citation]] = []
        recalled: list[Recalled] = []
        problems: list[str] = []
        aside: list[str] = []  # passages cited as a whole that have nothing of the answer: one that has is enough
        for source in self._sources.named_in(text, citations):
            found = self._sources.check(source, text)
            if isinstance(found, str):
                (aside if found == mistakes.says_nothing_of(str(source)) else problems).append(found)
            elif isinstance(found, Recalled):
                recalled.append(found)
            else:
                cited.append((source if isinstance(source, str) else source[0], found))
        problems += [] if cited else aside
        if not text.strip():
            problems.append(mistakes.EMPTY_ANSWER)
        if not cited and not recalled and not problems:
            problems.extend(self._ungrounded(text, not_found))
        given = Answer(
            text.strip(), tuple(cited), not_found, tuple(recalled), len(dismiss.split()) > 1, tuple(problems)
        )
        if problems:
            return replace(mistake(mistakes.answer_refused(problems)), answer=given)
        return Observation("", "answered", answer=given)

    def _ungrounded(self, text: str, not_found: bool) -> list[str]:
        """What is wrong with an answer that names no source."""
        if not_found:
            return [] if self.searched else [mistakes.NOT_LOOKED]
        said = [*self._memory.said(), *(message.text for message in self._conversation.shown.values())]
        if said_in(text, self._memory.question, said):
            return []
        return [mistakes.NO_CITATION if self.looked_up else mistakes.SEARCH_FIRST]

    def _long_text(self, name: str) -> str:
        """The user's question, or a message that was shown, where that is what ``read_document`` is to read."""
        if _QUESTION.fullmatch(name.strip()):
            return self._memory.question
        message = self._conversation.shown.get(name.strip().lower())
        return message.text if message else ""

    def _read_text(self, name: str, text: str, number: int) -> Observation:
        pages = longtext.pages(text)
        if number > len(pages):
            return mistake(mistakes.no_such_page("page", number, len(pages)))
        shown = passages.message_page(name, number, len(pages), pages[number - 1])
        where = f"page {number} of {len(pages)} of the {name}"
        return Observation(cut(shown, self._room, self._count, CUT), where, new=True)

    def _shown(
        self, found: ResultPage, unit: str, render: Callable[[passages.Place, Sequence[passages.Passage]], str]
    ) -> Observation:
        """A page with its passages whole, or all of them shortened alike where there is no room for that."""
        visible, before = self._memory.visible()[0], len(self.handles.shown())
        place = passages.Place(found.number, found.of, found.first, found.total, found.gone)
        shown = [self._passage(chunk, chunk.id in visible) for chunk in found.chunks]
        text = full = render(place, shown)
        each = self._room // max(1, len(shown))
        while self._count(text) > self._room and each > 8:
            text = render(place, [replace(p, text=cut(p.text, each, self._count, CUT)) for p in shown])
            each = each * 4 // 5
        self._memory.leads.read((p.handle, p.text) for p in shown)
        self._memory.core.saw(p.text for p in shown)
        where = f"{unit} {found.number} of {found.of}, {len(shown)} of {found.total} passages"
        return Observation(
            text,
            where if found.total else "nothing found",
            whole=text == full,
            new=len(self.handles.shown()) > before,
            chunks=frozenset(chunk.id for chunk in found.chunks if chunk.id not in visible),
            above=frozenset(chunk.id for chunk in found.chunks if chunk.id in visible),
        )

    def _passage(self, chunk: Chunk, above: bool) -> passages.Passage:
        place = (self.handles.of(chunk), chunk.title, chunk.page, chunk.headings, chunk.columns, chunk.text)
        return passages.Passage(*place, above)
