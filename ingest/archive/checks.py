"""What an archive refuses before it writes or asks anything, the same for every backend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ingest.archive import Vectors
from ingest.errors import ArchiveError
from ingest.types import Chunk, Condition

LIST_FIELDS = ("names", "title_keys")
NUMBER_FIELDS = ("page", "ordinal")


def check_write(place: str, dimension: int, chunks: Sequence[Chunk], vectors: Vectors) -> None:
    """Refuse chunks and vectors that do not belong together or cannot be stored.

    Args:
        place: what the archive is called in messages.
        dimension: length of its vectors.
        chunks: to be written, n of them.
        vectors: theirs, wanted in the shape (n, d).

    Raises:
        ArchiveError: with the ids, where single chunks are at fault.
    """
    if vectors.shape != (len(chunks), dimension) and (chunks or vectors.size):  # no chunks: any empty array
        raise ArchiveError(
            f"{place} takes {len(chunks)} vectors of {dimension} numbers for {len(chunks)} chunks; the embedder gave "
            f"an array of shape {vectors.shape}."
        )
    twice = [id for id, times in Counter(chunk.id for chunk in chunks).items() if times > 1]
    if twice:
        raise ArchiveError(f"Chunks were given twice in one write: {', '.join(twice)}.")
    broken = [chunk.id for chunk, vector in zip(chunks, vectors, strict=True) if not np.isfinite(vector).all()]
    if broken:
        raise ArchiveError(f"The embedder gave vectors that are not numbers for the chunks {', '.join(broken)}.")


def check_query(place: str, dimension: int, vector: Vectors | None) -> Vectors:
    """The vector of a query, of shape (d,).

    Raises:
        ArchiveError: it is missing, of another shape, or has numbers that are not finite.
    """
    if vector is None or vector.shape != (dimension,) or not np.isfinite(vector).all():
        raise ArchiveError(f"{place} is searched with {dimension} finite numbers.")
    return vector


def check_condition(condition: Condition) -> None:
    """Refuse an operation that does not fit its field or value.

    Raises:
        ArchiveError: it does not.
    """
    field, op, value = condition.field, condition.op, condition.value
    is_list = field in LIST_FIELDS
    if is_list != (op == "contains_any") or isinstance(value, tuple) != (op in ("any_of", "none_of", "contains_any")):
        raise ArchiveError(f"A filter cannot apply '{op}' with {type(value).__name__} to the field '{field}'.")
    for one in value if isinstance(value, tuple) else (value,):
        if (field in NUMBER_FIELDS) != isinstance(one, int):
            raise ArchiveError(f"A filter compares the field '{field}' with {one!r}, which is of another type.")
