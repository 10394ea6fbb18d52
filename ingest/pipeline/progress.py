"""What an ingest says while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

ProgressKind = Literal["found", "ignored", "skipped", "started", "part", "finished", "failed", "done"]


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over an ingest so far: files by what became of them, and pages and chunks stored by this run."""

    found: int = 0
    ignored: int = 0
    skipped: int = 0
    finished: int = 0
    failed: int = 0
    pages: int = 0
    chunks: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of an ingest.

    The kinds: a file was ``found`` and will be taken in; was ``ignored`` (hidden, or of no known format) or ``skipped``
    (in the library already, or being taken in elsewhere); was ``started`` (its pages are counted); a ``part`` of it is
    stored; it is ``finished``, whole or with ``missing_pages``; or it has ``failed``, alone. The last one is ``done``.

    ``source`` is where the file came from, made printable, and ``document`` its id. ``reason`` is a sentence for what
    was ignored, skipped, failed or finished with pages missing. ``pages`` and ``chunks`` are those of this document
    that are stored so far, of ``page_count`` pages.
    """

    kind: ProgressKind
    source: str = ""
    document: str = ""
    reason: str = ""
    pages: int = 0
    page_count: int = 0
    chunks: int = 0
    missing_pages: tuple[int, ...] = ()
    scanned_pages: tuple[int, ...] = ()
    totals: Totals = field(default_factory=Totals)


class Tally:
    """Adds up what passes and writes the sums into it."""

    def __init__(self) -> None:
        self._totals = Totals()
        self._stored: dict[str, tuple[int, int]] = {}

    def counted(self, progress: Progress) -> Progress:
        """The same progress with the totals up to and with it."""
        sums = self._totals
        if progress.kind in ("found", "ignored", "skipped", "finished", "failed"):
            sums = replace(sums, **{progress.kind: getattr(sums, progress.kind) + 1})
        if progress.kind == "started":
            self._stored[progress.document] = (progress.pages, progress.chunks)
        if progress.kind == "part":
            pages, chunks = self._stored.get(progress.document, (0, 0))
            self._stored[progress.document] = (progress.pages, progress.chunks)
            sums = replace(
                sums, pages=sums.pages + progress.pages - pages, chunks=sums.chunks + progress.chunks - chunks
            )
        if progress.kind in ("finished", "failed"):
            self._stored.pop(progress.document, None)
        self._totals = sums
        return replace(progress, totals=sums)
