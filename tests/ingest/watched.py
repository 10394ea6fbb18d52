"""What tests of a watch look at: what its rounds say, and what the library holds then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingest.library import Library
from ingest.pipeline import Watched


def heard(rounds: Iterator[Watched], number: int = 1) -> list[tuple[str, str]]:
    """What some rounds say: the kinds, with the names of the files, or the reasons of trouble."""
    said = []
    for event in rounds:
        number -= event.kind == "done"
        if event.kind != "done":
            said.append((event.kind, event.reason if event.kind == "trouble" else Path(event.source).name))
        if not number:
            break
    return said


def held(library: Library) -> set[str]:
    """The names of the files whose documents are in the library."""
    return {Path(row.source).name for row in library.catalog.documents() if row.state == "live"}
