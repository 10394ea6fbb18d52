"""Archival storage as an agent reads it: one search gives a snapshot, pages are cut from the snapshot."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from docqa.memory.naming import keys_of, named_documents, questions
from docqa.memory.ranking import by_page, first, fuse, nearest, prefer_named, without_near_duplicates
from ingest.errors import ArchiveError, NotFoundError
from ingest.types import Chunk, Condition, Filter, Hit

if TYPE_CHECKING:
    from docqa.settings import Settings
    from ingest.catalog.rows import DocumentRow, NamedDocument
    from ingest.embed import Vectors
    from ingest.library import Library

ATTEMPTS = 5  # searches repeated because the library changed meanwhile
TITLES_SHOWN = 12
ONE_BY_ONE = 100  # documents up to which each is looked up for itself
VECTOR_WEIGHT = 2.0  # within a document words tell less apart: all of it is about the same things
_IDENTIFIER = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z-])[\w./-]{4,}")
OTHER_WORDS = 2  # beside an identifier, with which a query is still one for the identifier
Search = Callable[[Filter], list[Hit]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one search found, in an order that stays: pages are cut from it and no query is sent again."""

    id: str
    query: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A document in a list: its title, pages and collection."""

    title: str
    pages: int
    collection: str


class Archival(Protocol):
    """What an agent needs of the archive."""

    @property
    def read_ahead(self) -> int:
        """How many chunks are best fetched together when a page of a snapshot is shown; 0: those of the page."""
        ...

    def search(self, query: str) -> Snapshot:
        """A few hundred chunks for a query, best first, near-duplicates left out; taken once."""
        ...

    def document(self, name: str) -> str:
        """The id of the document of this name: a title, an alias, a file name or an id.

        Raises:
            NotFoundError: there is none, with names that are close to it.
        """
        ...

    def read(self, document: str, first: int, last: int) -> Snapshot:
        """The chunks of some pages of a document, in order. Pages count from 1 and ``last`` is included."""
        ...

    def fetch(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks of these ids, in this order; those that are gone are left out."""
        ...

    def documents(self, text: str, first: int, most: int) -> tuple[list[Listed], int]:
        """Documents whose titles or file names hold all words of a text, by title: ``most`` of them from number
        ``first`` on (0 is the first one), and how many there are in all.
        """
        ...

    def describe(self) -> str:
        """What the library holds, in a few lines."""
        ...


def open_archival(
    library: Library, settings: Settings, collections: Sequence[str] = (), within: Sequence[str] | None = None
) -> Archival:
    """Archival storage over a library, limited to some collections (none: all).

    ``within`` are the ids of the documents that alone are there; None: all, none: no document.
    """
    ids = None if within is None else frozenset(within)
    return ArchivalMemory(library, settings.search_hits, tuple(collections), ids)


class ArchivalMemory:
    """Archival storage over the archive and the catalog of a library."""

    def __init__(
        self,
        library: Library,
        search_hits: int,
        collections: tuple[str, ...] = (),
        within: frozenset[str] | None = None,
    ) -> None:
        self._library = library
        self._hits = search_hits
        self._collections = collections
        self._documents = within

    @property
    def read_ahead(self) -> int:
        """See ``Archival.read_ahead``."""
        return self._library.archive.read_ahead

    def search(self, query: str) -> Snapshot:
        """See ``Archival.search``. Documents that the query names are preferred softly, and the hits say so."""
        if self._documents == frozenset():
            return self._snapshot(query, [])
        namings = named_documents(query, self._named(query))
        words = query.split()
        named = sum(_IDENTIFIER.fullmatch(word.strip("\"'?.,:")) is not None for word in words)
        exact = named > 0 and len(words) - named <= OTHER_WORDS
        vectors = self._library.embedder.embed([query, *(asked := questions(query, namings))])

        def ranked(where: Filter) -> list[Hit]:
            hits = self._library.archive.search(query, vectors[0], self._hits, where)
            if exact:  # nothing is near an identifier in meaning: those that hold it come first
                hits = first(self._library.archive.search(query, None, self._hits, where, mode="keyword"), hits)
            if not namings:
                return hits
            named = Condition("document", "any_of", tuple(naming.document for naming in namings))
            return prefer_named(hits, self._within(asked[0], vectors[1:], where.where(named)), namings)

        hits = without_near_duplicates(self._consistent(ranked))
        hits = hits if exact else by_page(hits)
        if not hits and self._documents is None:
            self._check_archive()
        return self._snapshot(query, hits[: self._hits])

    def _within(self, asked: str, vectors: Vectors, where: Filter) -> list[Hit]:
        """The ranking within named documents: by the words that are asked, and by what is nearest to any sentence."""
        search = self._library.archive.search
        by_words = search(asked, None, self._hits, where, mode="keyword")
        by_meaning = nearest(search(asked, vector, self._hits, where, mode="vector") for vector in vectors)
        return fuse([(by_words, 1.0), (by_meaning, VECTOR_WEIGHT)])

    def document(self, name: str) -> str:
        """See ``Archival.document``."""
        rows = [row for row in self._library.catalog.find(name, self._collections) if self._is_there(row.id)]
        if rows:
            return rows[0].id
        near = self._named(name)[:5]
        hint = f"; there is: {', '.join(row.names.title for row in near)}" if near else ""
        raise NotFoundError(f"no document is called '{name}'{hint}")

    def read(self, document: str, first: int, last: int) -> Snapshot:
        """See ``Archival.read``."""
        pages = (Condition("document", "eq", document), Condition("page", "ge", first), Condition("page", "le", last))

        def in_order(where: Filter) -> list[Hit]:
            chunks = self._library.archive.fetch(list(self._library.archive.ids(Filter((*where.conditions, *pages)))))
            return sorted((_hit(chunk) for chunk in chunks), key=lambda hit: (hit.ordinal, hit.id))

        return self._snapshot("", self._consistent(in_order))

    def fetch(self, ids: Sequence[str]) -> list[Chunk]:
        """See ``Archival.fetch``."""
        return self._library.archive.fetch(ids)

    def documents(self, text: str, first: int, most: int) -> tuple[list[Listed], int]:
        """See ``Archival.documents``."""
        if self._documents is not None:
            words = text.lower().split()
            rows = [row for row in self._rows if all(w in f"{row.names.title} {row.source}".lower() for w in words)]
            return [Listed(row.names.title, row.pages, row.collection) for row in rows[first : first + most]], len(rows)
        listed, total = self._library.catalog.listed(text.split(), self._collections, first, most)
        return [Listed(title, pages, collection) for title, pages, collection in listed], total

    def describe(self) -> str:
        """See ``Archival.describe``: numbers of documents and pages, and the first titles."""
        if self._documents is None:
            every = self._library.catalog.collections()
            rows = [c for c in every if not self._collections or c.name in self._collections]
            documents, pages = sum(row.documents for row in rows), sum(row.pages for row in rows)
            titles = self._library.catalog.titles(self._collections, TITLES_SHOWN)
        else:
            documents, pages = len(self._rows), sum(row.pages for row in self._rows)
            titles = [row.names.title for row in self._rows[:TITLES_SHOWN]]
        listed = "; ".join(titles) + ("; …" if documents > len(titles) else "")
        return f"{documents} documents with {pages} pages: {listed}" if documents else "no documents yet"

    @cached_property
    def _rows(self) -> list[DocumentRow]:
        """The live ones of the documents that alone are there, by title."""
        catalog, wanted = self._library.catalog, self._documents or frozenset()
        if len(wanted) <= ONE_BY_ONE:
            rows = [row for id in wanted for row in catalog.find(id, self._collections)]
        else:
            rows = [row for page in catalog.pages(self._collections) for row in page]
        live = [row for row in rows if row.id in wanted and row.state == "live"]
        return sorted(live, key=lambda row: (row.names.title, row.id))

    def _named(self, text: str) -> list[NamedDocument]:
        found = self._library.catalog.named(keys_of(text), self._collections)
        return [row for row in found if self._is_there(row.document)]

    def _is_there(self, document: str) -> bool:
        return self._documents is None or document in self._documents

    def _consistent(self, search: Search) -> list[Hit]:
        """Run a search over one state of the library: repeat it where a document was replaced meanwhile."""
        catalog = self._library.catalog
        for _ in range(ATTEMPTS):
            before = catalog.visibility(self._collections)
            hits = search(self._visible(before.hidden))
            if catalog.visibility(self._collections).epoch == before.epoch:
                break
        live = catalog.live({hit.generation for hit in hits})
        return [hit for hit in hits if hit.generation in live]

    def _check_archive(self) -> None:
        """Tell an archive that lost chunks, or is another one, from one that has no answer.

        Raises:
            ArchiveError: it holds fewer chunks than the catalog says.
        """
        if lost := self._library.lost_chunks():
            raise ArchiveError(lost)

    def _visible(self, hidden: tuple[str, ...]) -> Filter:
        conditions = []
        if hidden:
            conditions.append(Condition("generation", "none_of", hidden))
        if self._collections:
            conditions.append(Condition("collection", "any_of", self._collections))
        if self._documents is not None:
            conditions.append(Condition("document", "any_of", tuple(sorted(self._documents))))
        return Filter(tuple(conditions))

    def _snapshot(self, query: str, hits: Sequence[Hit]) -> Snapshot:
        key = "\n".join([query, *(hit.id for hit in hits)])
        return Snapshot(hashlib.blake2b(key.encode(), digest_size=6).hexdigest(), query, tuple(hits))


def _hit(chunk: Chunk) -> Hit:
    return Hit(
        chunk.id, 1.0, chunk.document, chunk.generation, chunk.page, chunk.ordinal, chunk.tokens, chunk.fingerprint
    )
