"""Removal: of documents that are deleted, and of versions that have been replaced."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.library import Library
from ingest.types import Condition, Filter

AT_ONCE = 200


def delete(library: Library, document: str) -> None:
    """Remove a document with its chunks and its file. Killed on the way, the rest is removed by the next ingest.

    Args:
        library: where it is.
        document: its id.

    Raises:
        NotFoundError: there is no such document.
    """
    library.catalog.ledger.mark_deleted(document)
    clean(library)


def clean(library: Library) -> int:
    """Remove the chunks of every generation out of sight, and bytes that nothing else needs; returns their number."""
    leftovers = library.catalog.ledger.leftovers()
    for start in range(0, len(leftovers), AT_ONCE):
        some = leftovers[start : start + AT_ONCE]
        remove_chunks(library, [each.generation for each in some])
        library.catalog.ledger.forget(some, library.files.delete)
    return len(leftovers)


def remove_chunks(library: Library, generations: Sequence[str]) -> int:
    """Remove all chunks of some generations from the archive and return how many they were."""
    return library.archive.delete(Filter((Condition("generation", "any_of", tuple(generations)),)))
