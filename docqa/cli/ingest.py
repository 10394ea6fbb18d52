"""``docqa ingest``: files and folders into the archive."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.ingest_report import Report
from docqa.cli.options import Json, OneCollection, check_collection, examples, load_settings, open_library
from docqa.cli.output import Screen, event_json

if TYPE_CHECKING:
    from docqa.cli.ingest_bar import Bar
    from ingest.library import Library
    from ingest.pipeline import Progress

EXAMPLES = examples(
    "docqa ingest ~/papers",
    "docqa ingest report.pdf notes.md --collection work",
    "docqa ingest 'archive/**/*.pdf'",
    "docqa ingest ~/papers --detach",
    "docqa ingest ~/papers --json > progress.jsonl",
)
SOME_FAILED = 2
INTERRUPTED = 130
PATHS_HELP = "Files, folders or patterns in quotes."
Paths = Annotated[
    list[Path], typer.Argument(help=PATHS_HELP, show_default=False, readable=False)
]  # one that cannot be read fails alone

Detach = Annotated[bool, typer.Option("--detach", help="Leave the reading to the workers.")]


def ingest(paths: Paths, collection: OneCollection = "default", detach: Detach = False, json: Json = False) -> None:
    """Take documents in: PDF, Markdown, plain text, HTML.

    Files that are in the library already are skipped, a changed file replaces its older version, and an ingest that was
    stopped goes on where it stopped. Ends with 0 if all files are in, 2 if some failed (they are listed with their
    reasons), and 130 if it was interrupted.

    With --detach the files are found and copied in here, and read by the workers ('docqa worker'): it ends as soon as
    they are copied, and 'docqa jobs watch' follows the rest.
    """
    check_collection(collection)
    if detach:
        _detach(paths, collection, json)
    report = Report(time.monotonic())
    screen = Screen()
    bar = open_bar(screen, json)
    try:
        with open_library(load_settings()) as library, closing(_run(library, paths, collection)) as events:
            for event in events:
                report.add(event)
                if json:
                    print(event_json(event), flush=True)
                elif bar:
                    bar.show(event)
                elif line := report.line(event):
                    screen.line(line)
    except KeyboardInterrupt:
        note = "Interrupted: what is stored is kept, and the same command continues where it stopped."
        Screen(sys.stderr).line(note, "bold yellow")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if bar:
            bar.close()
    if not json:
        report.show(screen)
    raise typer.Exit(SOME_FAILED if report.totals.failed else 0)


def _detach(paths: list[Path], collection: str, json: bool) -> None:
    from docqa.cli.detached import report, submit

    settings = load_settings()
    try:
        with open_library(settings) as library:
            job = submit(library, paths, collection, settings.user, json)
            report(library, job, json)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(SOME_FAILED if job.counters.unreadable else 0)


def _run(library: Library, paths: list[Path], collection: str) -> Generator[Progress, None, None]:
    """The ingest, in a form that can be closed: it stops its threads before the library is closed below them."""
    from ingest.pipeline import ingest as take_in

    yield from take_in(library, paths, collection)


def open_bar(screen: Screen, json: bool) -> Bar | None:
    """A live bar where there is a terminal that shows it."""
    if json or not screen.live:
        return None
    from docqa.cli.ingest_bar import Bar

    return Bar(screen.console)
