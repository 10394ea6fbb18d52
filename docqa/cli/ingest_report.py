"""What became of the files of an ingest, told at its end."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from docqa.cli.output import Screen, clean, plural
from docqa.prompts import page_ranges

if TYPE_CHECKING:
    from ingest.pipeline.progress import Progress, Totals


KINDS_TOLD = 5  # kinds of ignored files that are named, the commonest first


class Report:
    """Keeps what has to be told at the end: the failures, and pages that could not be read."""

    def __init__(self, began: float) -> None:
        """``began``: when the ingest began, on the monotonic clock."""
        self._began = began
        self._failed: list[Progress] = []
        self._gaps: list[Progress] = []
        self._ignored: Counter[str] = Counter()
        self._last: Progress | None = None

    @property
    def totals(self) -> Totals:
        """The sums so far."""
        from ingest.pipeline.progress import Totals

        return self._last.totals if self._last else Totals()

    def add(self, event: Progress) -> None:
        """Take note of an event."""
        self._last = event
        if event.kind == "failed":
            self._failed.append(event)
        elif event.kind == "ignored":
            self._ignored[PurePath(event.source).suffix or event.reason] += 1
        elif event.kind == "finished" and (event.missing_pages or event.scanned_pages):
            self._gaps.append(event)

    def line(self, event: Progress) -> str:
        """The line for an event where there is no bar; empty where there is nothing to say before the end."""
        if event.kind == "finished":
            return f"stored   {clean(event.source)} ({plural(event.pages, 'page')}, {plural(event.chunks, 'chunk')})"
        return ""

    def show(self, screen: Screen) -> None:
        """Tell the end: gaps, failures, and the sums."""
        for event in self._gaps:
            screen.line(f"{clean(event.source)}: {gaps(event)}", "yellow")
        if self._failed:
            screen.line(f"{plural(len(self._failed), 'file')} could not be taken in:", "bold red")
        for event in self._failed:
            screen.line(f"{clean(event.source)}: {clean(event.reason)}", "red", 2)
        screen.line(self._sums(), "bold")

    def _sums(self) -> str:
        totals, seconds = self.totals, time.monotonic() - self._began
        parts = [f"{plural(totals.finished, 'file')} taken in"]
        parts += [f"{totals.skipped:,} in the library already"] if totals.skipped else []
        parts += [f"{totals.failed:,} failed"] if totals.failed else []
        kinds = ", ".join(clean(kind) for kind, _ in self._ignored.most_common(KINDS_TOLD))
        parts += [f"{totals.ignored:,} ignored ({kinds})"] if totals.ignored else []
        if not totals.pages:
            return f"{', '.join(parts)} in {seconds:.1f} s."
        stored = f"{plural(totals.pages, 'page')}, {plural(totals.chunks, 'chunk')}"
        return f"{', '.join(parts)}; {stored} in {seconds:.1f} s ({rates(totals, seconds)})."


def rates(totals: Totals, seconds: float) -> str:
    """``66 pages/s, 431 chunks/s``."""
    per = max(seconds, 0.001)
    return f"{totals.pages / per:,.0f} pages/s, {totals.chunks / per:,.0f} chunks/s"


def gaps(event: Progress) -> str:
    """Which pages of a document are not in the archive, and why."""
    missing = f"{_pages(event.missing_pages)} could not be read" if event.missing_pages else ""
    are = "are scans" if len(event.scanned_pages) > 1 else "is a scan"
    scanned = f"{_pages(event.scanned_pages)} {are} without text" if event.scanned_pages else ""
    return " and ".join(part for part in (missing, scanned) if part)


def _pages(numbers: tuple[int, ...]) -> str:
    return f"{'pages' if len(numbers) > 1 else 'page'} {page_ranges(numbers)}"
