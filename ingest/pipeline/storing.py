"""The last steps: chunks of several parts are embedded together, stored together and marked as stored together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.archive import Vectors
from ingest.catalog.rows import Settled
from ingest.library import Library
from ingest.pipeline.clean import clean, remove_chunks
from ingest.pipeline.progress import Progress, ProgressKind
from ingest.pipeline.reading import Ready, stored


@dataclass(frozen=True, slots=True)
class Embedded:
    """A part and the vectors of its chunks, shape (n, d)."""

    ready: Ready
    vectors: Vectors | None


def embed(library: Library, batch: Sequence[Ready]) -> list[Embedded]:
    """The parts with their vectors, made together. A part without chunks does not need the embedder.

    Raises:
        EmbedderError: the embedder did not answer.
    """
    texts = [chunk.indexed_text for ready in batch for chunk in ready.chunks]
    vectors = library.embedder.embed(texts) if texts else None
    embedded, at = [], 0
    for ready in batch:
        end = at + len(ready.chunks)
        embedded.append(Embedded(ready, None if vectors is None else vectors[at:end]))
        at = end
    return embedded


def put(library: Library, batch: Sequence[Embedded]) -> bool:
    """Store the chunks of parts; returns whether there were any.

    Raises:
        ArchiveError: the archive refused chunks.
        StorageFullError: no space is left.
    """
    chunks = [chunk for each in batch for chunk in each.ready.chunks]
    if chunks:
        library.archive.put(chunks, np.concatenate([each.vectors for each in batch if each.vectors is not None]))
    return bool(chunks)


class Writer:
    """Stores parts and keeps the books of them; ``wrote`` tells whether anything came into the archive."""

    def __init__(self, library: Library, tell: Callable[[Progress], None]) -> None:
        self._library = library
        self._tell = tell
        self._stored: dict[str, tuple[int, int]] = {}
        self.wrote = False

    def write(self, batch: Sequence[Embedded]) -> None:
        """Store a batch of parts, then mark them, then tell.

        Raises:
            ArchiveError: the archive refused chunks; nothing is marked then.
            StorageFullError: no space is left.
        """
        self.wrote = put(self._library, batch) or self.wrote
        readies = [each.ready for each in batch]
        settled = self._library.catalog.ledger.record(
            [ready.plan for ready in readies if ready.plan],
            [(ready.work.generation.id, ready.part) for ready in readies if ready.part],
            [(ready.work.generation.id, ready.reason) for ready in readies if not ready.part],
        )
        self._tell_of(readies, {each.generation: each for each in settled})
        if lost := [each.generation for each in settled if each.state == "deleting"]:
            remove_chunks(self._library, lost)
        if any(each.replaced for each in settled):
            clean(self._library)

    def _tell_of(self, batch: Sequence[Ready], settled: dict[str, Settled]) -> None:
        for ready in batch:
            generation = ready.work.generation
            pages, chunks = self._stored.get(generation.id) or stored(ready.work.parts)
            common = (ready.work.source, generation.document)
            if ready.part:
                pages += ready.part.last - ready.part.first + 1
                chunks += ready.part.stored
                self._stored[generation.id] = (pages, chunks)
                self._tell(Progress("part", *common, "", pages, ready.page_count, chunks))
        last = {ready.work.generation.id: ready for ready in batch}
        for id, ready in last.items():
            if end := settled.get(id):
                pages, chunks = self._stored.pop(id, (0, 0))
                kind: ProgressKind = "finished" if end.state == "live" else "failed"
                common = (ready.work.source, ready.work.generation.document)
                counts = (pages, ready.page_count, end.chunks)
                self._tell(Progress(kind, *common, end.error, *counts, end.missing_pages, end.scanned_pages))
