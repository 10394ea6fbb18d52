"""Removal: of documents that are deleted, and of versions that have been replaced."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ingest.library import Library
from ingest.pipeline.discover import path_of
from ingest.types import Condition, Filter

AT_ONCE = 200


def delete(library: Library, document: str) -> list[str]:
    """Remove a document with its chunks and its file. Killed on the way, the rest is removed by the next ingest.

    Returns the paths, as shown, of copies of the file that are still there: an ingest of those takes them in again.

    Args:
        library: where it is.
        document: its id.

    Raises:
        NotFoundError: there is no such document.
    """
    copies = library.catalog.ledger.mark_deleted(document)
    clean(library)
    return [source for source in copies if os.path.isfile(path_of(source))]


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
