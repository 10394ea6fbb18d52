"""A handful of chunks as archival storage: found by the words that they share with the query, read and fetched in
order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from docqa.memory.archival import Listed, Snapshot
from ingest.errors import NotFoundError
from ingest.types import Chunk, Hit


def chunk(text: str, number: int = 1, page: int = 1, title: str = "Harbour report", start: int = 0) -> Chunk:
    """A chunk that begins at ``start`` of its page."""
    return Chunk(
        id=f"{title}-{page}-{number}",
        document=f"doc-{title}",
        generation="g1",
        collection="default",
        title=title,
        page=page,
        ordinal=page * 10_000 + number,
        start=start,
        end=start + len(text),
        text=text,
        tokens=len(text) // 4 + 1,
    )


def chunks(*texts: str, title: str = "Harbour report") -> list[Chunk]:
    """Chunks of one document, one on each page."""
    return [chunk(text, 1, page, title) for page, text in enumerate(texts, 1)]


class Shelf:
    """Archival storage in a list. ``searches`` counts the searches that were really run, ``fetches`` the look-ups."""

    read_ahead = 0

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.fetches = 0
        self.chunks = {c.id: c for c in chunks}
        self.searches = 0

    def search(self, query: str) -> Snapshot:
        """The chunks that share a word with the query, those with the most first."""
        self.searches += 1
        wanted = set(re.findall(r"\w+", query.lower()))
        scored = [(len(wanted & set(re.findall(r"\w+", c.text.lower()))), c) for c in self.chunks.values()]
        best = sorted(scored, key=lambda found: (-found[0], found[1].id))
        return Snapshot(f"s{self.searches}", query, tuple(_hit(c, float(s)) for s, c in best if s))

    def document(self, name: str) -> str:
        """The document of a title."""
        for c in self.chunks.values():
            if name in (c.title, c.document):
                return c.document
        raise NotFoundError(f"There is no document '{name}'.")

    def read(self, document: str, first: int, last: int) -> Snapshot:
        """The chunks on some pages."""
        found = [c for c in self.chunks.values() if c.document == document and first <= c.page <= last]
        return Snapshot("read", "", tuple(_hit(c, 0.0) for c in sorted(found, key=lambda c: c.ordinal)))

    def fetch(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks of these ids."""
        self.fetches += 1
        return [self.chunks[i] for i in ids if i in self.chunks]

    def documents(self, text: str, first: int, most: int) -> tuple[list[Listed], int]:
        """The titles that hold a text."""
        titles = sorted({c.title for c in self.chunks.values() if text.lower() in c.title.lower()})
        pages = {t: len({c.page for c in self.chunks.values() if c.title == t}) for t in titles}
        return [Listed(t, pages[t], "default") for t in titles[first : first + most]], len(titles)

    def describe(self) -> str:
        """What the shelf holds."""
        return f"{len({c.document for c in self.chunks.values()})} documents"


def _hit(c: Chunk, score: float) -> Hit:
    return Hit(c.id, score, c.document, c.generation, c.page, c.ordinal, c.tokens, c.fingerprint)
