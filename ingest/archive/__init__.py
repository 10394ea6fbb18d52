"""The archive: archival storage of chunks and their vectors, behind one small protocol.

``open_archive`` chooses the backend by ``DOCQA_ARCHIVE``. An archive belongs to one tenant; collections are a field of
its chunks. What every backend promises is written down as tests in ``tests/contracts/archive/``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.errors import SettingsError
from ingest.settings import Settings
from ingest.types import Chunk, Filter, Health, Hit, SearchMode

Vectors = NDArray[np.float32]
EVERYTHING = Filter()


class Archive(Protocol):
    """Chunks with their vectors: written idempotently, searched in a stable order (score, then id).

    ``read_ahead`` tells how many chunks are best fetched together when the first of them are needed now and the others
    perhaps later; 0 where each costs as much as the first. ``shared`` tells whether it may hold other catalogs' chunks.
    """

    read_ahead: int
    shared: bool

    def put(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Store chunks with their vectors, shape (n, d), replacing chunks of the same id.

        When it returns, all of them are stored and can be searched; else it raises.

        Raises:
            ArchiveError: with every refused id and the reason; a wrong dimension or NaN is found before anything is
                written.
            StorageFullError: no space is left.
        """
        ...

    def search(
        self,
        text: str,
        vector: Vectors | None,
        limit: int,
        where: Filter = EVERYTHING,
        mode: SearchMode = "hybrid",
    ) -> list[Hit]:
        """The best ``limit`` chunks for a query text and its vector of shape (d,), best first.

        ``hybrid`` joins the keyword ranking (BM25 over prefix and text) and the vector ranking (cosine) by reciprocal
        rank fusion (Cormack et al., 2009). ``keyword`` needs no vector. Any text is a valid query; one without a
        searchable word finds nothing by keyword.
        """
        ...

    def fetch(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks of these ids, in the order asked for; unknown ids are left out."""
        ...

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors, shape (d,), of these ids; unknown ids are left out."""
        ...

    def neighbours(self, chunk: Chunk, before: int = 1, after: int = 1) -> list[Chunk]:
        """The chunks that stand next to one in its document and generation, in order, without itself."""
        ...

    def ids(self, where: Filter = EVERYTHING) -> Iterator[str]:
        """The ids of all chunks that pass the filter, each once, in no promised order."""
        ...

    def count(self, where: Filter = EVERYTHING) -> int:
        """How many chunks pass the filter."""
        ...

    def delete(self, where: Filter) -> int:
        """Remove the chunks that pass the filter and return how many they were."""
        ...

    def optimise(self) -> None:
        """Bring the indexes up to date and drop old versions; safe at any time."""
        ...

    def health(self) -> Health:
        """Whether the archive can be read and written."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...


def open_archive(settings: Settings, embedder: str, dimension: int) -> Archive:
    """Open the archive of ``settings.tenant`` for vectors of an embedder, creating it where there is none.

    Args:
        settings: names the backend and where it keeps its data.
        embedder: name of the embedder that fills it, remembered with the data.
        dimension: length of its vectors.

    Raises:
        EmbedderMismatch: the archive was made with another embedder.
        ArchiveError: it cannot be reached or used; the message says why.
        SettingsError: there is no such backend.
    """
    if settings.archive == "lancedb":
        os.environ.setdefault("LANCEDB_LOG", "error")  # read at import; its warnings are about its own inner workings
        from ingest.archive.lancedb import LanceArchive

        return LanceArchive(settings.root / "archive" / settings.tenant, embedder, dimension)
    if settings.archive == "weaviate":
        from ingest.archive.weaviate import open_weaviate

        return open_weaviate(settings, embedder, dimension)
    raise SettingsError(f"DOCQA_ARCHIVE is '{settings.archive}'; known archives: lancedb, weaviate")
