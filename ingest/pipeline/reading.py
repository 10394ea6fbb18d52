"""The second step: documents are surveyed, split into parts, read and cut into chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ingest.catalog.rows import Part, Plan, Work
from ingest.chunk import Chunker
from ingest.errors import DocumentError, NotFoundError
from ingest.library import Library
from ingest.names import document_names
from ingest.parse import ParserPool
from ingest.pipeline.progress import Progress
from ingest.types import Chunk, Names, Page, Survey

HOPELESS_AFTER = 2  # parts in a row that could not be opened, after which the rest is not tried


@dataclass(frozen=True, slots=True)
class Ready:
    """A part whose chunks can be embedded, or the failure of a whole document (then ``part`` is None).

    ``plan`` is what is still to be written down about the document; ``page_count`` is the document's.
    """

    work: Work
    part: Part | None = None
    plan: Plan | None = None
    chunks: tuple[Chunk, ...] = ()
    reason: str = ""
    page_count: int = 0


class Reader:
    """Reads documents part by part.

    Args:
        library: holds the bytes, and the embedder whose tokens chunks are measured in.
        pool: the parser processes.
        tell: takes what there is to say.
        hand_on: takes each part that was read.
    """

    def __init__(
        self, library: Library, pool: ParserPool, tell: Callable[[Progress], None], hand_on: Callable[[Ready], None]
    ) -> None:
        self._library = library
        self._pool = pool
        self._tell = tell
        self._hand_on = hand_on
        self._chunker: Chunker | None = None

    def read(self, work: Work) -> None:
        """Hand on the parts of a document that are not stored yet, or its failure."""
        try:
            with self._library.files.local(work.generation.sha256) as path:
                name = PurePosixPath(work.source).name
                survey = work.survey or self._pool.survey(path, name)
                names = work.names or document_names(survey, name)
                parts = work.parts or split(survey.page_count, self._library.settings.part_pages)
                plan = None if work.parts else Plan(work.generation, survey, names, parts)
                self._start(work, parts, survey)
                if plan and len(parts) > 1:  # a document of one part has nothing to go on with: its plan waits for it
                    self._library.catalog.ledger.record(plans=[plan])
                    plan = None
                for part, pages in self._pages(path, survey, parts):
                    chunks = tuple(self._cut(pages, work, names))
                    done = replace(part, expected=len(chunks), stored=len(chunks))
                    self._hand_on(Ready(work, done, plan, chunks, page_count=survey.page_count))
        except (DocumentError, NotFoundError) as error:
            self._hand_on(Ready(work, reason=str(error)))

    def _start(self, work: Work, parts: Sequence[Part], survey: Survey) -> None:
        pages, chunks = stored(parts)
        counts = (pages, survey.page_count, chunks)
        self._tell(Progress("started", work.source, work.generation.document, "", *counts))

    def _pages(self, path: Path, survey: Survey, parts: Sequence[Part]) -> Iterator[tuple[Part, list[Page]]]:
        """The waiting parts as they end, each with the pages of it that could be read."""
        failures, reason = 0, ""
        for part in parts:
            if part.state != "waiting":
                continue
            pages: list[Page] = []
            if failures < HOPELESS_AFTER:
                try:
                    pages = self._pool.pages(path, survey, part.first, part.last)
                    failures = 0
                except DocumentError as error:
                    failures, reason = failures + 1, str(error)
            yield ended(part, pages, reason), [page for page in pages if not page.error]

    def _cut(self, pages: Sequence[Page], work: Work, names: Names) -> list[Chunk]:
        """The chunks of pages; the embedder, whose tokens they are measured in, is opened at the first text."""
        if not any(page.text for page in pages):
            return []
        if self._chunker is None:
            self._chunker = Chunker(self._library.embedder, self._library.settings)
        return self._chunker.chunks(pages, work.generation, names)


def split(page_count: int, part_pages: int) -> tuple[Part, ...]:
    """The parts of a document: ``part_pages`` pages each, the last may have fewer."""
    firsts = range(1, page_count + 1, part_pages)
    return tuple(Part(number, first, min(first + part_pages - 1, page_count)) for number, first in enumerate(firsts))


def stored(parts: Sequence[Part]) -> tuple[int, int]:
    """How many pages and chunks of these parts are done."""
    done = [part for part in parts if part.state != "waiting"]
    return sum(part.last - part.first + 1 for part in done), sum(part.stored for part in done)


def ended(part: Part, pages: Sequence[Page], reason: str) -> Part:
    """A part as its pages came out: failed where none of them could be read."""
    read = {page.number: page for page in pages if not page.error}
    missing = tuple(number for number in range(part.first, part.last + 1) if number not in read)
    error = next((page.error for page in pages if page.error), reason if missing else "")
    scanned = tuple(number for number, page in read.items() if page.scanned)
    return replace(
        part, state="stored" if read else "failed", missing_pages=missing, scanned_pages=scanned, error=error
    )
