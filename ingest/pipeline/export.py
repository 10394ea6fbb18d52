"""Documents and chunks written out as JSON Lines, for other programs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest.errors import SettingsError, StorageFullError
from ingest.library import Library
from ingest.types import Condition, Filter

PAGE = 100  # documents read at once


def export(library: Library, collections: Sequence[str], to: Path) -> tuple[int, int]:
    """Write ``documents.jsonl`` and ``chunks.jsonl``; each takes the place of an older one when it is whole.

    Args:
        library: what is written.
        collections: their names; none stands for all.
        to: a folder, made if it is not there.

    Returns how many live documents and chunks were written.

    Raises:
        SettingsError: the folder cannot be written.
        StorageFullError: no space is left there.
    """
    try:
        to.mkdir(parents=True, exist_ok=True)
        names = [to / name for name in ("documents.jsonl", "chunks.jsonl")]
        drafts = [name.with_suffix(".part") for name in names]
        with drafts[0].open("w") as documents, drafts[1].open("w") as chunks:
            counts = _write(library, collections, documents, chunks)
        for draft, name in zip(drafts, names, strict=True):
            os.replace(draft, name)
        return counts
    except OSError as error:
        if error.errno == 28:
            raise StorageFullError(f"No space is left in {to}: make room there.") from error
        raise SettingsError(f"{to} cannot be written: {error.strerror}.") from error


def _write(library: Library, collections: Sequence[str], documents: Any, chunks: Any) -> tuple[int, int]:
    after: tuple[str, str, str] | None = None
    written = of_chunks = 0
    while rows := library.catalog.page(collections, after, PAGE):
        for row in rows:
            if row.state == "live":
                found = _chunks(library, row.generation)
                written, of_chunks = written + 1, of_chunks + len(found)
                _lines(documents, [row])
                _lines(chunks, found)
        after = (rows[-1].collection, rows[-1].source, rows[-1].id)
    return written, of_chunks


def _chunks(library: Library, generation: str) -> list[Any]:
    of_it = Filter((Condition("generation", "eq", generation),))
    found = library.archive.fetch(list(library.archive.ids(of_it)))
    return sorted(found, key=lambda chunk: (chunk.ordinal, chunk.id))


def _lines(file: Any, records: Iterable[Any]) -> None:
    for record in records:
        file.write(json.dumps(asdict(record)) + "\n")
