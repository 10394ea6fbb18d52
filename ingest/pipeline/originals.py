"""Original files that have gone missing and are still where they came from."""

from __future__ import annotations

import hashlib

from ingest.library import Library
from ingest.pipeline.discover import path_of


def bring_back(library: Library, sha256: str, source: str) -> bool:
    """Copy an original file in again, if it is still what it was at its place; returns whether it is.

    Args:
        library: what lacks it.
        sha256: the SHA-256 of its bytes.
        source: the place that it came from, as shown.
    """
    try:
        path = path_of(source)
        with open(path, "rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
    if same:
        library.files.delete(sha256)
        library.files.add(path)
    return same
