"""What the catalog hands out: frozen records, and how surveys and names are written as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ingest.types import Generation, Names, OutlineEntry, Survey

GenerationState = Literal["queued", "ingesting", "live", "failed", "replaced", "deleting", "dropped"]
PartState = Literal["waiting", "stored", "failed"]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as lists show it: its live generation, else the newest one.

    ``state`` is that generation's; ``error`` says why it failed, or why a newer version than the live one did.
    ``added`` is the time, in seconds since 1970, when this version came in; ``size`` is in bytes.
    """

    id: str
    collection: str
    source: str
    title: str
    state: GenerationState
    pages: int
    missing_pages: tuple[int, ...]
    scanned_pages: tuple[int, ...]
    chunks: int
    error: str
    size: int
    sha256: str
    generation: str
    names: Names
    added: float


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """A live document that has one of the names asked for; ``matched`` are those names, normalised."""

    document: str
    generation: str
    collection: str
    names: Names
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Visibility:
    """What a search must leave out, and a number that tells whether that changed meanwhile.

    ``hidden`` are generations that may have chunks in the archive and are not live.
    """

    epoch: int
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """A collection with the numbers of its documents (live, failed), pages and chunks (of the live ones)."""

    name: str
    documents: int
    failed: int
    pages: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a generation: its pages ``first`` to ``last`` (from 1, inclusive) and what became of them."""

    number: int
    first: int
    last: int
    state: PartState = "waiting"
    expected: int = 0
    stored: int = 0
    missing_pages: tuple[int, ...] = ()
    scanned_pages: tuple[int, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """A generation that this process has claimed: what is known of it and the parts it has, if it was begun before.

    ``source`` is where the document came from, as shown; ``survey`` is None where nobody has surveyed it yet. Parts of
    one that is ``live`` are done again while it can be searched.
    """

    generation: Generation
    source: str
    survey: Survey | None = None
    names: Names | None = None
    parts: tuple[Part, ...] = field(default=())
    live: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that could be taken in: the id of its place, the place as shown, and its bytes.

    ``document`` is the id of the place, and of a document that first comes from there. ``stamp`` is what tells without
    reading whether the file has changed; empty where that cannot be relied on.
    """

    document: str
    collection: str
    place: str
    stamp: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an offer: work for this run, or the reason why there is none.

    ``own`` says that the job for which it was claimed has this very file from this very place already.
    """

    offer: Offer
    work: Work | None = None
    reason: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written down about a claimed generation once it has been surveyed."""

    generation: Generation
    survey: Survey
    names: Names
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """How a generation ended: live or failed, with its chunks and the pages that are missing or scanned."""

    generation: str
    state: GenerationState
    chunks: int
    missing_pages: tuple[int, ...]
    scanned_pages: tuple[int, ...]
    error: str
    replaced: bool


def survey_json(survey: Survey) -> str:
    """A survey as JSON in ASCII, whatever characters its texts hold."""
    return json.dumps(asdict(survey), separators=(",", ":"))


def survey_of(text: str) -> Survey | None:
    """The survey that ``survey_json`` wrote; None for empty text."""
    if not text:
        return None
    values: dict[str, Any] = json.loads(text)
    outline = tuple(OutlineEntry(**entry) for entry in values.pop("outline"))
    furniture = tuple(values.pop("furniture"))
    return Survey(**values, outline=outline, furniture=furniture)


def names_json(names: Names) -> str:
    """Names as JSON in ASCII."""
    return json.dumps(asdict(names), separators=(",", ":"))


def names_of(text: str) -> Names:
    """The names that ``names_json`` wrote; empty ones for empty text."""
    if not text:
        return Names("")
    values: dict[str, Any] = json.loads(text)
    return Names(**{**values, "aliases": tuple(values["aliases"])})


def pages_json(pages: Sequence[int]) -> str:
    """Page numbers as JSON."""
    return json.dumps(list(pages), separators=(",", ":"))


def pages_of(text: str) -> tuple[int, ...]:
    """The page numbers that ``pages_json`` wrote."""
    return tuple(json.loads(text)) if text else ()


def printable(text: str) -> str:
    """Text that every database takes: without NUL and lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
