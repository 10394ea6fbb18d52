"""What an archive holds, and how it differs from what it should hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ingest.archive import Vectors
from ingest.library import Library

Told = tuple[str, str, int, int, str]
FARTHEST = 1e-2  # of two vectors of one text that were embedded in other company
SHOWN = 5


@dataclass(frozen=True)
class Contents:
    """Of each chunk, by id: document, text, page, ordinal, title; its vector; and how many rows there are."""

    chunks: dict[str, Told]
    vectors: dict[str, Vectors]
    rows: int


def contents_of(library: Library) -> Contents:
    """All that the archive of a library holds."""
    ids = sorted(library.archive.ids())
    found = library.archive.fetch(ids)
    chunks = {each.id: (each.document, each.text, each.page, each.ordinal, each.title) for each in found}
    return Contents(chunks, library.archive.vectors(ids), library.archive.count())


def differences(expected: Contents, found: Contents) -> Iterator[str]:
    """What of an archive is not as it should be, a sentence each."""
    lost, strange = expected.chunks.keys() - found.chunks.keys(), found.chunks.keys() - expected.chunks.keys()
    if lost:
        yield f"{len(lost)} chunks are lost: {_some(lost, expected)}"
    if strange:
        yield f"{len(strange)} chunks are too many: {_some(strange, found)}"
    if found.rows != len(found.chunks):
        yield f"the archive has {found.rows} rows for {len(found.chunks)} chunks"
    both = expected.chunks.keys() & found.chunks.keys()
    if other := {id for id in both if expected.chunks[id] != found.chunks[id]}:
        yield f"{len(other)} chunks are others: {_some(other, found)}"
    if far := {id for id in both if _distance(expected.vectors[id], found.vectors[id]) > FARTHEST}:
        yield f"{len(far)} chunks have another vector: {_some(far, found)}"


def _some(ids: set[str], contents: Contents) -> str:
    return "; ".join(f"page {contents.chunks[id][2]} of {contents.chunks[id][4]}" for id in sorted(ids)[:SHOWN])


def _distance(one: Vectors, other: Vectors) -> float:
    return float(1 - np.dot(one, other) / (np.linalg.norm(one) * np.linalg.norm(other)))
