"""Chunks and vectors to try an archive with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingest.archive import EVERYTHING, Archive, Vectors
from ingest.types import Chunk, Condition, Filter, FilterOp, FilterValue

EMBEDDER, DIMENSION = "letters", 8


def id_of(number: int) -> str:
    """The id of a chunk: a UUID that ends with its number."""
    return f"00000000-0000-5000-8000-{number:012}"


def chunk(number: int, text: str = "plain words", **changes: object) -> Chunk:
    """A chunk of document d0, d1, … (three chunks each) whose id tells its number."""
    fields: dict[str, object] = {
        "document": f"d{number // 3}", "generation": f"g{number // 3}", "collection": "default", "title": "Title",
        "page": 1 + number % 3, "ordinal": (1 + number % 3) * 10_000, "start": 0, "end": len(text), "text": text,
    }  # fmt: skip
    return Chunk(id=id_of(number), **{**fields, **changes})  # type: ignore[arg-type]


def vectors(chunks: Sequence[Chunk]) -> Vectors:
    """A vector for each chunk, told by the numbers of its letters, so that equal texts have equal vectors."""
    counts = [[1 + sum(c.text.count(letter) for letter in "aeiou tn"[i]) for i in range(DIMENSION)] for c in chunks]
    return np.asarray(counts, np.float32).reshape(len(chunks), DIMENSION)


def fill(archive: Archive, chunks: Sequence[Chunk]) -> None:
    archive.put(chunks, vectors(chunks))


def only(field: str, op: FilterOp, value: FilterValue) -> Filter:
    return Filter((Condition(field, op, value),))  # type: ignore[arg-type]


def found(archive: Archive, text: str, where: Filter = EVERYTHING, limit: int = 50) -> list[str]:
    return [hit.id for hit in archive.search(text, None, limit, where, mode="keyword")]
