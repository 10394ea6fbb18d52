"""A worker's side of the pipeline: documents are surveyed and parts are taken in as they are leased, one after another.

One process has one lease at a time, so that a kill costs at most that much work. What runs side by side are processes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ingest.catalog.job_rows import Lease, Stages
from ingest.catalog.rows import Plan, Settled, Work
from ingest.chunk import Chunker
from ingest.errors import DocumentError, NotFoundError
from ingest.library import Library
from ingest.names import document_names
from ingest.parse import ParserPool
from ingest.pipeline.clean import remove_chunks
from ingest.pipeline.originals import bring_back
from ingest.pipeline.reading import Ready, ended, split
from ingest.pipeline.storing import Embedded, embed, put
from ingest.types import Chunk, Condition, Filter, Page

KNOWN = 16  # documents whose survey is kept at hand
OPENED = 2  # documents whose bytes are kept at hand: what is fetched from a server is fetched once for all its parts


class Taker:
    """Does what a run has leased; ``wrote`` tells whether anything came into the archive.

    Args:
        library: where it goes.
        pool: the parser processes.
    """

    def __init__(self, library: Library, pool: ParserPool) -> None:
        self._library = library
        self._pool = pool
        self._chunker: Chunker | None = None
        self._known: dict[str, Work] = {}
        self._opened: dict[str, tuple[Path, ExitStack]] = {}
        self.wrote = False

    def survey(self, run: str, job: str, works: Sequence[Work]) -> list[Settled]:
        """Open documents, count and split their pages, and write that down; returns those that have failed by it."""
        plans, failed = [], []
        for work in works:
            try:
                plans.append(self._plan(work))
            except (DocumentError, NotFoundError) as error:
                failed.append((work.generation.id, str(error)))
        return self._library.catalog.leases.planned(run, job, plans, failed)

    def take(self, run: str, job: str, leases: Sequence[Lease]) -> Stages:
        """Read, cut, embed, store and mark parts; returns the seconds of each stage.

        Raises:
            EmbedderError, ArchiveError, CatalogError, FilesError, StorageFullError: nothing is marked then, and the
                run still has the parts.
        """
        began = time.monotonic()
        readies = [ready for lease in leases if (ready := self._read(lease))]
        read = time.monotonic()
        embedded = self._held(run, embed(self._library, readies))
        made = time.monotonic()
        self.wrote = put(self._library, embedded) or self.wrote
        for each in embedded:
            if each.ready.work.live:
                self._forget_others(each.ready)
        stages = Stages(read - began, made - read, time.monotonic() - made)
        done = [(ready.work.generation.id, ready.part) for ready in readies if ready.part]
        gone = [(lease.generation.id, lease.part) for lease in leases if lease.generation.id not in dict(done)]
        settled = self._library.catalog.leases.mark(run, job, [*done, *gone], stages)
        if lost := [each.generation for each in settled if each.state == "deleting"]:
            remove_chunks(self._library, lost)
        return stages

    def _held(self, run: str, embedded: Sequence[Embedded]) -> list[Embedded]:
        """Those of some parts that the run still has: what it lost may be somebody else's by now, with the same ids."""
        held = self._library.catalog.leases.held(run)
        of = ((each, each.ready.work.generation.id, each.ready.part) for each in embedded)
        return [each for each, generation, part in of if part and (generation, part.number) in held]

    def _plan(self, work: Work) -> Plan:
        name = PurePosixPath(work.source).name
        survey = self._pool.survey(self._original(work), name)
        parts = split(survey.page_count, self._library.settings.part_pages)
        return Plan(work.generation, survey, document_names(survey, name), parts)

    def _forget_others(self, ready: Ready) -> None:
        """Remove what a part that was done again had before and has no more: its chunks may be cut otherwise now."""
        assert ready.part is not None
        pages = (Condition("page", "ge", ready.part.first), Condition("page", "le", ready.part.last))
        part = Filter((Condition("generation", "eq", ready.work.generation.id), *pages))
        archive, now = self._library.archive, {chunk.id for chunk in ready.chunks}
        if old := [id for id in archive.ids(part) if id not in now]:
            archive.delete(Filter((Condition("id", "any_of", tuple(old)),)))

    def _read(self, lease: Lease) -> Ready | None:
        """A part with its chunks; None where its document is gone."""
        work = self._work(lease.generation.id)
        if work is None or work.survey is None:
            return None
        pages: list[Page] = []
        reason = ""
        try:
            pages = self._pool.pages(self._original(work), work.survey, lease.part.first, lease.part.last)
        except (DocumentError, NotFoundError) as error:
            reason = str(error)
        part = ended(lease.part, pages, reason)
        chunks = tuple(self._cut([page for page in pages if not page.error], work))
        return Ready(
            work,
            replace(part, expected=len(chunks), stored=len(chunks)),
            None,
            chunks,
            page_count=work.survey.page_count,
        )

    def _cut(self, pages: Sequence[Page], work: Work) -> list[Chunk]:
        if work.names is None or not any(page.text for page in pages):
            return []
        if self._chunker is None:
            self._chunker = Chunker(self._library.embedder, self._library.settings)
        return self._chunker.chunks(pages, work.generation, work.names)

    def _work(self, generation: str) -> Work | None:
        if generation not in self._known:
            found = self._library.catalog.leases.work(generation)
            if found is None:
                return None
            while len(self._known) >= KNOWN:
                self._known.pop(next(iter(self._known)))
            self._known[generation] = found
        return self._known[generation]

    def close(self) -> None:
        """Let go of the original files that are at hand."""
        while self._opened:
            self._opened.pop(next(iter(self._opened)))[1].close()

    def _original(self, work: Work) -> Path:
        """The document's bytes; where they are gone, out of the file at its old place if that is still the same.

        Raises:
            NotFoundError: they are nowhere any more.
        """
        sha256 = work.generation.sha256
        path, stack = self._opened.pop(sha256, (None, ExitStack()))
        if path is None or not path.exists():
            stack.close()
            if not self._library.files.has(sha256):
                bring_back(self._library, sha256, work.source)
            stack = ExitStack()
            path = stack.enter_context(self._library.files.local(sha256))
        self._opened[sha256] = (path, stack)  # the last one used stands last
        while len(self._opened) > OPENED:
            self._opened.pop(next(iter(self._opened)))[1].close()
        return path
