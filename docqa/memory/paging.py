"""Paged reads: a snapshot of hits cut into pages of a fixed size, and the short handles by which chunks are shown.

A page is cut from the snapshot's order and never from a new query, so no chunk comes twice, none is left out, and
totals and page numbers stay true for the whole run.
"""

from __future__ import annotations

from dataclasses import dataclass

from docqa.memory.archival import Archival, Snapshot
from ingest.types import Chunk, Hit

_HEADER = 48  # tokens of a passage beside its text: id, title, page, headings, columns


class Handles:
    """Short names ``c1``, ``c2``, … for chunk ids: one registry for a run, so a chunk keeps its handle."""

    def __init__(self) -> None:
        self._handles: dict[str, str] = {}
        self._chunks: dict[str, Chunk] = {}

    def of(self, chunk: Chunk) -> str:
        """The handle of a chunk, given to it when it is first shown."""
        handle = self._handles.setdefault(chunk.id, f"c{len(self._handles) + 1}")
        self._chunks[handle] = chunk
        return handle

    def chunk(self, handle: str) -> Chunk | None:
        """The chunk that was shown under a handle, or None."""
        name = handle.strip().strip("[]").lower()
        return self._chunks.get(f"c{name}" if name.isdigit() else name)

    def shown(self) -> dict[str, Chunk]:
        """All chunks that were shown, by handle, in the order of their first showing."""
        return dict(self._chunks)


@dataclass(frozen=True, slots=True)
class ResultPage:
    """A page of a snapshot: page ``number`` of ``of``, which begins with hit ``first`` (from 1) of ``total``.

    ``gone`` of its chunks have been deleted since the snapshot was taken. ``chunks`` is empty where there is no such
    page.
    """

    number: int
    of: int
    first: int
    total: int
    chunks: tuple[Chunk, ...]
    gone: int = 0


class Pager:
    """Cuts the snapshots of one run into pages of about ``page_tokens`` tokens."""

    def __init__(self, archival: Archival, page_tokens: int) -> None:
        self._archival = archival
        self._page_tokens = page_tokens
        self._snapshots: dict[tuple[str, ...], tuple[Snapshot, list[tuple[Hit, ...]]]] = {}
        self._ahead: dict[str, Chunk] = {}  # read and not shown yet, of the snapshot that was paged last

    def search(self, query: str, number: int = 1) -> ResultPage:
        """A page of the hits of a query. The same query, but for case and spaces, is searched once in a run."""
        key = ("search", " ".join(query.casefold().split()))
        if key not in self._snapshots:
            self._snapshots[key] = self._cut(self._archival.search(query))
        return self._page(key, number)

    def read(self, document: str, first: int, last: int, number: int = 1) -> ResultPage:
        """A portion of the chunks of some pages of a document, in their order there."""
        key = ("read", document, str(first), str(last))
        if key not in self._snapshots:
            self._snapshots[key] = self._cut(self._archival.read(document, first, last))
        return self._page(key, number)

    @property
    def found(self) -> int:
        """How many chunks the snapshots hold, each counted once."""
        return len({hit.id for snapshot, _ in self._snapshots.values() for hit in snapshot.hits})

    def _cut(self, snapshot: Snapshot) -> tuple[Snapshot, list[tuple[Hit, ...]]]:
        pages: list[tuple[Hit, ...]] = []
        page: list[Hit] = []
        used = 0
        for hit in snapshot.hits:
            size = hit.tokens + _HEADER
            if page and used + size > self._page_tokens:
                pages.append(tuple(page))
                page, used = [], 0
            page.append(hit)
            used += size
        return snapshot, [*pages, tuple(page)] if page else pages

    def _page(self, key: tuple[str, ...], number: int) -> ResultPage:
        snapshot, pages = self._snapshots[key]
        total = len(snapshot.hits)
        if not 1 <= number <= len(pages):
            return ResultPage(number, len(pages), 0, total, ())
        hits = pages[number - 1]
        first = sum(len(page) for page in pages[: number - 1]) + 1
        chunks = self._chunks([hit.id for hit in snapshot.hits[first - 1 :]], len(hits))
        return ResultPage(number, len(pages), first, total, chunks, len(hits) - len(chunks))

    def _chunks(self, ids: list[str], count: int) -> tuple[Chunk, ...]:
        """The first ``count`` of these chunks; with them some of the next ones are read, where that costs little."""
        if not all(id in self._ahead for id in ids[:count]):
            together = max(count, self._archival.read_ahead)
            self._ahead = {chunk.id: chunk for chunk in self._archival.fetch(ids[:together])}
        return tuple(self._ahead.pop(id) for id in ids[:count] if id in self._ahead)
