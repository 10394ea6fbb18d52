"""The functions that the model may call, and how a call of the model becomes an observation for it.

A tool is a typed method of ``Tools`` whose docstring is what the model reads; its JSON schema is derived from its
signature. A mistake of the model (a missing argument, an unknown chunk, a quote that stands nowhere) becomes an
observation; what fails in the archive raises.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from docqa import citations, prompts
from docqa.events import Citation, Evidence
from docqa.llm import ToolCall, ToolSpec
from docqa.memory.archival import Archival
from docqa.memory.budget import Count, cut
from docqa.memory.evidence import Ledger
from docqa.memory.paging import Handles, Pager, ResultPage
from ingest.errors import NotFoundError
from ingest.types import Chunk

_LONGEST_CLAIM = 500  # characters
NAMES = ("search_archive", "read_document", "note_evidence", "answer")


class Quote(BaseModel):
    """A citation given by its words: the handle of a chunk and a quote from it."""

    chunk: str
    quote: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What ``answer`` was called with, checked: its text with its citations under the names that the model used for
    them.
    """

    text: str
    cited: tuple[tuple[str, Citation], ...]
    not_found: bool
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What a call gave: ``text`` for the model, ``summary`` for people.

    ``whole`` is false where passages were shortened.
    """

    text: str
    summary: str
    ok: bool = True
    whole: bool = True
    evidence: Evidence | None = None
    answer: Answer | None = None


class Tools:
    """The functions over one run's pager, handles and ledger."""

    def __init__(self, archival: Archival, ledger: Ledger, count: Count, page_tokens: int) -> None:
        self._archival, self._ledger, self._count = archival, ledger, count
        self.handles = Handles()
        self.searched = False
        self._pager = Pager(archival, page_tokens)
        self._room = 0

    @property
    def looked_at(self) -> tuple[int, int]:
        """How many passages were shown, and how many the searches and reads of this run found, each counted once."""
        return len(self.handles.shown()), self._pager.found

    def call(self, call: ToolCall, allowed: Sequence[str], room: int) -> Observation:
        """Run a call of the model, its text to fit ``room`` tokens as far as passages can be shortened.

        Raises:
            DocqaError: the archive failed.
        """
        if call.name not in allowed:
            return _mistake(prompts.unknown_function(call.name, allowed))
        try:
            arguments = _model(call.name).model_validate(_lenient(call.name, call.arguments))
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors()[:4]]
            return _mistake(prompts.wrong_arguments(call.name, problems))
        self._room = room
        method: Callable[..., Observation] = getattr(self, call.name)
        return method(**{name: getattr(arguments, name) for name in type(arguments).model_fields})

    def search_archive(self, query: str, page: int = 1) -> Observation:
        """Search the library. Page 2, 3, … of the same query show further passages."""
        query = " ".join(query.split())[:1000]
        if not query:
            return _mistake(prompts.EMPTY_QUERY)
        found = self._pager.search(query, page)
        self.searched = True
        if found.total and not found.first:
            return _mistake(prompts.no_such_page("page", page, found.of))
        place = (found.number, found.of, found.first, found.total)
        return self._shown(found, "page", lambda p: prompts.result_page(query, *place, p, found.gone))

    def read_document(self, document: str, pages: str, portion: int = 1) -> Observation:
        """Read pages ("3" or "3-5") of a document, given by its title or the id of a passage of it."""
        span = re.fullmatch(r"\s*(?:pages?|pp?\.)?\s*(\d{1,7})(?:\s*(?:-|–|to)\s*(\d{1,7}))?\s*", pages)
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (0, 0)
        if not 1 <= first <= last:
            return _mistake(prompts.wrong_pages(pages))
        shown = self.handles.chunk(document)
        try:
            identifier = shown.document if shown else self._archival.document(document)
        except NotFoundError as error:
            return _mistake(str(error))
        found = self._pager.read(identifier, first, last, portion)
        self.searched = True
        if found.total and not found.first:
            return _mistake(prompts.no_such_page("portion", portion, found.of))
        title = found.chunks[0].title if found.chunks else document
        place = (found.number, found.of, found.first, found.total)
        return self._shown(found, "portion", lambda p: prompts.read_page(title, pages.strip(), *place, p, found.gone))

    def note_evidence(self, claim: str, chunk: str, quote: str) -> Observation:
        """Keep a fact: the claim, the passage's id, and the exact words there that prove it."""
        claim = (" ".join(claim.split()) or " ".join(quote.split()))[:_LONGEST_CLAIM]
        citation = self._cited(chunk, quote)
        shown = self.handles.chunk(chunk)
        if isinstance(citation, str) or shown is None:
            return _mistake(str(citation))
        known = self._ledger.name_of(claim, citation.chunk, citation.start, citation.end)
        if known:
            return Observation(prompts.noted(known, again=True), f"already noted as {known}")
        evidence = Evidence(claim, replace(citation, marker=len(self._ledger) + 1))
        name = self._ledger.add(evidence, self.handles.of(shown))
        return Observation(prompts.noted(name), f"noted {name}: {claim[:80]}", evidence=evidence)

    def answer(self, text: str, citations: tuple[str | Quote, ...] = (), not_found: bool = False) -> Observation:
        """End with the answer. citations: evidence ids such as "e1", or {chunk, quote}."""
        cited: list[tuple[str, Citation]] = []
        problems: list[str] = []
        marked = re.findall(r"\be\d{1,3}\b", " ".join(re.findall(r"\[([^\]]*)\]", text)))
        for item in dict.fromkeys([*(_name(c) for c in citations), *marked]):
            found = self._evidence(item) if isinstance(item, str) else self._cited(*item)
            if isinstance(found, str):
                problems.append(found)
            else:
                cited.append((item if isinstance(item, str) else item[0], found))
        if not text.strip():
            problems.append(prompts.EMPTY_ANSWER)
        if not cited and not problems and not not_found:
            problems.append(prompts.NO_CITATION)
        if not_found and not self.searched:
            problems.append(prompts.SEARCH_FIRST)
        given = Answer(text.strip(), tuple(cited), not_found, tuple(problems))
        if problems:
            return replace(_mistake(prompts.answer_refused(problems)), answer=given)
        return Observation("", "answered", answer=given)

    def _evidence(self, name: str) -> Citation | str:
        entry = self._ledger.find(name)
        return entry.citation if entry else prompts.unknown_evidence(name)

    def _cited(self, handle: str, quote: str) -> Citation | str:
        """The citation of a quote in a chunk that was shown, or the sentence that tells the model what is wrong."""
        chunk = self.handles.chunk(handle)
        if chunk is None:
            return prompts.unknown_chunk(handle)
        if citations.says_nothing(quote):
            return prompts.quote_empty()
        found = citations.cite(chunk, quote)
        if found:
            return found
        others = (h for h, c in self.handles.shown().items() if c is not chunk and citations.find(c.text, quote))
        return prompts.quote_refused(handle, citations.nearest(chunk.text, quote), next(others, ""))

    def _shown(self, found: ResultPage, unit: str, render: Callable[[Sequence[prompts.Passage]], str]) -> Observation:
        """A page with its passages whole, or all of them shortened alike where there is no room for that."""
        passages = [self._passage(chunk) for chunk in found.chunks]
        text = render(passages)
        each = self._room // max(1, len(passages))
        while self._count(text) > self._room and each > 8:
            text = render([replace(p, text=cut(p.text, each, self._count, prompts.CUT)) for p in passages])
            each = each * 4 // 5
        whole = text == render(passages)
        where = f"{unit} {found.number} of {found.of}, {len(passages)} of {found.total} passages"
        return Observation(text, where if found.total else "nothing found", whole=whole)

    def _passage(self, chunk: Chunk) -> prompts.Passage:
        return prompts.Passage(
            self.handles.of(chunk), chunk.title, chunk.page, chunk.headings, chunk.columns, chunk.text
        )


@cache
def specs(names: tuple[str, ...] = NAMES) -> tuple[ToolSpec, ...]:
    """The functions of these names as the model sees them."""
    return tuple(ToolSpec(n, " ".join((getattr(Tools, n).__doc__ or "").split()), _schema(n)) for n in names)


@cache
def _model(name: str) -> type[BaseModel]:
    """A function's parameters as a pydantic model, from its signature."""
    parameters = list(inspect.signature(getattr(Tools, name), eval_str=True).parameters.values())[1:]
    fields: dict[str, Any] = {
        p.name: (p.annotation, ... if p.default is inspect.Parameter.empty else p.default) for p in parameters
    }
    return create_model(name, **fields)


def _schema(name: str) -> dict[str, Any]:
    """The JSON schema of a function's parameters, without what only costs tokens: titles, defaults, references."""
    whole = _model(name).model_json_schema()
    definitions = whole.pop("$defs", {})

    def plain(node: Any) -> Any:
        if isinstance(node, list):
            return [plain(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return plain(definitions[node["$ref"].rsplit("/", 1)[-1]])
        properties = node.get("properties")
        kept = {k: plain(v) for k, v in node.items() if k not in ("title", "default", "description", "properties")}
        return {**kept, "properties": {k: plain(v) for k, v in properties.items()}} if properties else kept

    result: dict[str, Any] = plain(whole)
    return result


def _lenient(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments with what models often get wrong set right: numbers for texts, a single citation or JSON text for a
    list.
    """
    fields = _model(name).model_fields
    result: dict[str, Any] = {}
    for key, value in arguments.items():
        if value is None:
            continue
        expected = fields[key].annotation if key in fields else None
        if expected is str and isinstance(value, int | float):
            value = str(value)
        elif key == "citations" and isinstance(value, str):
            value = _listed(value)
        elif key == "citations" and isinstance(value, dict):
            value = [value]
        result[key] = value
    return result


def _listed(text: str) -> list[Any]:
    """A list that came as a text: JSON, or names with commas between them."""
    try:
        value = json.loads(text)
    except ValueError:
        return [part for part in re.split(r"[,;\s]+", text.strip("[] ")) if part]
    return value if isinstance(value, list) else [value]


def _name(citation: str | Quote) -> str | tuple[str, str]:
    """A citation as a key: evidence by its name, a quote by chunk and words."""
    if isinstance(citation, str):
        name = citation.strip().strip("[]").lower()
        return f"e{name}" if name.isdigit() else name
    return (citation.chunk, citation.quote)


def _mistake(text: str) -> Observation:
    return Observation(text, text.split("\n", 1)[0][:160], ok=False)
