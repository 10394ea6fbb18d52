"""Chunks and vectors made up in any number: words as rare as in a language, vectors in clusters."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np

from ingest.archive import Vectors
from ingest.types import Chunk

DIMENSION = 384
WORDS_A_CHUNK = 60
_VOCABULARY = 30_000
_CLUSTERS = 500
_CHUNKS_A_DOCUMENT = 50


class Maker:
    """Makes chunks of one kind; the same seed gives the same ones."""

    def __init__(self, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        self._centres = self._random.standard_normal((_CLUSTERS, DIMENSION)).astype(np.float32)
        self._seed = seed
        self._made = 0

    def batches(self, total: int, size: int = 1_000) -> Iterator[tuple[list[Chunk], Vectors]]:
        """The next chunks with their vectors, in batches."""
        for start in range(0, total, size):
            count = min(size, total - start)
            yield [self._chunk() for _ in range(count)], self.vectors(count)

    def vectors(self, count: int) -> Vectors:
        """Unit vectors, shape (count, 384)."""
        centres = self._centres[self._random.integers(0, _CLUSTERS, count)]
        vectors = centres + 0.7 * self._random.standard_normal((count, DIMENSION)).astype(np.float32)
        unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def words(self, count: int) -> str:
        """Words whose frequencies follow Zipf's law."""
        ranks = np.minimum(self._random.zipf(1.1, count), _VOCABULARY)
        return " ".join(f"word{rank}" for rank in ranks)

    def _chunk(self) -> Chunk:
        number, text = self._made, self.words(WORDS_A_CHUNK)
        self._made += 1
        document = f"document {self._seed} {number // _CHUNKS_A_DOCUMENT}"
        return Chunk(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._seed} {number}")),
            document=document,
            generation=f"generation of {document}",
            collection="default",
            title=document,
            page=1 + number % _CHUNKS_A_DOCUMENT,
            ordinal=10_000 * (1 + number % _CHUNKS_A_DOCUMENT),
            start=0,
            end=len(text),
            text=text,
            prefix=document,
            names=(f"name {number % 997}",),
            tokens=100,
        )
