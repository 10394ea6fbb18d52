"""What passes through the pipeline: plain frozen records, no behaviour and no third-party types.

Units: page numbers start at 1; character positions are half-open ranges ``[start, end)`` of ``Page.text``; rectangles
are ``(x0, y0, x1, y1)`` in PDF points from the top left corner of the page, as PDF viewers show them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Rect = tuple[float, float, float, float]
PARSER_VERSION = "1"  # raised when the same bytes would give other text; it is part of every chunk's id
BlockKind = Literal["text", "heading", "table", "list", "footnote", "code"]


class Span(NamedTuple):
    """Characters ``[start, end)`` of a page's text and the rectangle that they stand in."""

    start: int
    end: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item or table of a page.

    ``level`` is 1 for the highest heading and 0 for what is no heading. ``columns`` holds a table's column labels: they
    are for display beside a row and are not repeated in the text.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page as read: its text in reading order, and where each character stands.

    ``text`` leaves out running headers and footers, which are kept in ``furniture``. ``headings`` is the path of
    headings that holds where the page begins. ``scanned`` marks a page that shows something and has no text. ``error``
    is set where the page could not be read; its text is then empty. ``spans`` follow the text and do not
    overlap; formats without geometry have none.
    """

    number: int
    text: str
    width: float = 0.0
    height: float = 0.0
    blocks: tuple[Block, ...] = ()
    spans: tuple[Span, ...] = ()
    headings: tuple[str, ...] = ()
    furniture: tuple[str, ...] = ()
    scanned: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """An entry of a document's outline (bookmarks): its level from 1, its title, the page it points to."""

    level: int
    title: str
    page: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What has to be known of a whole document before a part of it can be read on its own.

    The same bytes give the same survey, so that parts may be read by different processes in any order.
    ``title`` and ``author`` are the file's own metadata, unchecked. ``large_text`` is the largest text of the first
    pages, ``first_text`` the text of the first pages (at most 8,000 characters), from which names are told.
    ``furniture`` holds the normalised texts of running headers and footers; ``body_size`` is the commonest font size in
    points.
    """

    media_type: str
    page_count: int
    title: str = ""
    author: str = ""
    large_text: str = ""
    first_text: str = ""
    outline: tuple[OutlineEntry, ...] = ()
    furniture: tuple[str, ...] = ()
    body_size: float = 0.0


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a document: what it calls itself and what people call it.

    ``aliases`` are normalised (see ``ingest.names.normalise``). ``period`` reads like ``FY2023``, ``Q2 2023`` or
    ``2023-08-30``; ``form`` like ``10-K``. Empty where it cannot be told.
    """

    title: str
    aliases: tuple[str, ...] = ()
    organisation: str = ""
    period: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Generation:
    """One version of a document: what its chunks belong to.

    ``document`` stays the same when the file at its place changes; ``id`` and ``sha256`` are of these very bytes.
    """

    id: str
    document: str
    tenant: str
    collection: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of one page: what is searched, shown and cited.

    ``ordinal`` orders the chunks of a document (page × 10,000 + place on the page). ``text`` is shown and is exactly
    ``page.text[start:end]``; ``prefix`` (title, organisation, period, headings) stands before it in what is embedded
    and indexed. ``spans`` give each piece of a line of the text, in positions of the page, its rectangle. ``names`` and
    ``title_keys`` are normalised. ``fingerprint`` (64 bits) tells near-duplicates: see ``near_duplicates``. ``tokens``
    counts the text in the embedder's word pieces.
    """

    id: str
    document: str
    generation: str
    collection: str
    title: str
    page: int
    ordinal: int
    start: int
    end: int
    text: str
    prefix: str = ""
    headings: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    names: tuple[str, ...] = ()
    title_keys: tuple[str, ...] = ()
    fingerprint: int = 0
    tokens: int = 0

    @property
    def indexed_text(self) -> str:
        """The text as the embedder and the full-text index see it."""
        return f"{self.prefix}\n{self.text}" if self.prefix else self.text


def near_duplicates(one: int, other: int) -> bool:
    """Whether two fingerprints are of nearly the same text: 3 of the upper 48 bits may differ, none of the lower 16."""
    difference = one ^ other
    return exact_part(difference) == 0 and difference.bit_count() <= 3


def exact_part(fingerprint: int) -> int:
    """The lower 16 bits of a fingerprint, in which near-duplicates are the same."""
    return fingerprint & 0xFFFF


FilterOp = Literal["eq", "any_of", "none_of", "ge", "le", "contains_any"]
FilterValue = str | int | tuple[str, ...] | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a field of a chunk: equality, a range, membership, or overlap of a list field."""

    field: Literal["id", "document", "generation", "collection", "page", "ordinal", "names", "title_keys"]
    op: FilterOp
    value: FilterValue


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that must all hold; an empty filter lets everything through."""

    conditions: tuple[Condition, ...] = ()

    def where(self, condition: Condition) -> Filter:
        """This filter with one more condition."""
        return Filter((*self.conditions, condition))


SearchMode = Literal["hybrid", "keyword", "vector"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that a search found, without its text: enough to order, share out and page.

    ``score`` grows with relevance and is comparable within one search only. ``reasons`` says in words what raised it.
    """

    id: str
    score: float
    document: str
    generation: str
    page: int
    ordinal: int
    tokens: int
    fingerprint: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a component works; ``message`` says what is wrong and what to do about it."""

    ok: bool
    message: str
    details: dict[str, str] = field(default_factory=dict)
