"""The live bar of an ingest: files done, pages and chunks per second, and the file that is being read."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from docqa.cli.ingest_report import rates
from docqa.cli.output import shorten
from ingest.pipeline.progress import Progress as IngestProgress


class Bar:
    """A bar at the bottom of the terminal, drawn until ``close``."""

    def __init__(self, console: Console) -> None:
        """``console``: the terminal."""
        self._began = time.monotonic()
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} files"),
            TextColumn("[cyan]{task.fields[rates]}"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[name]}", markup=True),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=0, rates="", name="")
        self._progress.start()

    def show(self, event: IngestProgress) -> None:
        """Bring the bar up to date."""
        totals = event.totals
        ended = totals.finished + totals.failed + totals.skipped
        self._progress.update(
            self._task,
            total=max(totals.found + totals.skipped, ended),
            completed=ended,
            rates=rates(totals, time.monotonic() - self._began),
        )
        if event.kind in ("started", "part"):
            self._progress.update(self._task, name=shorten(event.source.rpartition("/")[2], 40).replace("[", r"\["))

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()
