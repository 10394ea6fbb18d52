"""The live view of jobs and workers on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from docqa.cli.jobs import words
from docqa.cli.jobs.plain import doing, queues_line, silence, workers_line
from docqa.cli.jobs.seen import NO_WORKER, Look, Seen
from docqa.cli.output import clean

JOBS_SHOWN = 8
WORKERS_SHOWN = 24
FAILURES_SHOWN = 3
BAR_WIDTH = 24


class Board:
    """A view that is drawn anew with each look, until ``close``.

    Args:
        console: the terminal.
        once: the view is written down once, and does not move.
    """

    def __init__(self, console: Console, once: bool = False) -> None:
        self._console = console
        self._live = None if once else Live(console=console, refresh_per_second=2)
        self._look: Look | None = None
        if self._live:
            self._live.start()

    def show(self, look: Look) -> None:
        """Bring the view up to date."""
        self._look = look
        self._draw(Group(*_rows(look)))

    def trouble(self, sentence: str) -> None:
        """Show the last look, and what is wrong."""
        rows = list(_rows(self._look)) if self._look else []
        self._draw(Group(*rows, Text(clean(sentence), style="bold red")))

    def close(self) -> None:
        """Leave the view as it is."""
        if self._live:
            self._live.stop()

    def _draw(self, view: RenderableType) -> None:
        if self._live:
            self._live.update(view, refresh=True)
        else:
            self._console.print(view)


def _rows(look: Look) -> Iterator[RenderableType]:
    """The view from top to bottom."""
    if not look.jobs:
        yield Text("No job is open.")
    for seen in look.jobs[:JOBS_SHOWN]:
        yield from _job(seen, look)
    if len(look.jobs) > JOBS_SHOWN:
        yield Text(f"… and {len(look.jobs) - JOBS_SHOWN:,} more jobs: docqa jobs list", style="dim")
    yield Text()
    told = workers_line(look)
    yield Text(told, style="bold yellow" if look.lost or told == NO_WORKER else "bold")
    if look.workers:
        yield _workers(look)
    if look.queues is not None:
        yield Text(queues_line(look.queues), style="dim")


def _job(seen: Seen, look: Look) -> Iterator[RenderableType]:
    job, counters, pace = seen.job, seen.job.counters, seen.pace
    head = Table.grid(padding=(0, 2))
    done = counters.parts_done + counters.parts_failed
    parts = Text(f"{done:,}/{counters.parts:,} parts {words.percent(pace)}".rstrip() if counters.parts else "")
    head.add_row(
        Text(words.short(job.id), style="bold"),
        Text(job.kind if job.state == "running" else f"{job.kind} {job.state}"),
        ProgressBar(total=1.0 if pace.share is not None or not job.open else None, completed=pace.share or 0.0,
                    width=BAR_WIDTH),
        parts,
        Text(words.counted(job)[0]),
        Text(words.rate(pace), style="cyan"),
    )  # fmt: skip
    yield head
    about = [words.left(pace)] if job.open else []
    about += [subject] if (subject := words.subject(job)) else []
    yield _line("; ".join(about), "dim")
    if job.note:
        yield _line(words.note(job), "yellow")
    if job.id in look.failures:
        gaps = [f"{counters.parts_failed:,} parts given up"] if counters.parts_failed else []
        yield _line(", ".join([*words.counted(job)[1:], *gaps]), "red")
        for each in look.failures[job.id][:FAILURES_SHOWN]:
            yield _line(words.failure(each), "red", "    ")


def _line(text: str, style: str, indent: str = "  ") -> Text:
    return Text(indent + text, style=style, no_wrap=True, overflow="ellipsis")


def _workers(look: Look) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("host", "process", "job", "does"):
        table.add_column(heading, no_wrap=True, overflow="ellipsis")
    for worker in look.workers[:WORKERS_SHOWN]:
        quiet = silence(worker, look.lease)
        table.add_row(
            *(Text(clean(cell)) for cell in (worker.host, worker.process, words.short(worker.job))),
            Text(doing(worker) + quiet, style="bold red" if quiet else "" if worker.doing else "dim"),
        )
    if len(look.workers) > WORKERS_SHOWN:
        table.add_row(Text("…"), Text(f"{len(look.workers) - WORKERS_SHOWN:,} more"))
    return table
