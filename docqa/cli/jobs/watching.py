"""``docqa jobs watch``: jobs and workers, for as long as something goes on."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from docqa.cli.jobs import words
from docqa.cli.jobs.listing import FAILURES_SHOWN, show_failures
from docqa.cli.jobs.plain import Lines, Records
from docqa.cli.jobs.seen import Eye, Look, find
from docqa.cli.options import Json, load_settings, no_library_yet, open_library
from docqa.cli.output import Screen
from ingest.errors import CatalogError

if TYPE_CHECKING:
    from ingest.catalog.job_rows import Job
    from ingest.library import Library

LOOK_SECONDS = 1.0
PATIENCE = 60  # looks at a catalog that does not answer, one after another
INTERRUPTED = 130
OneId = Annotated[
    str, typer.Argument(help="Id of a job, or its beginning; all that are open if not given.", show_default=False)
]
Once = Annotated[bool, typer.Option("--once", help="Look once and end.")]


class Face(Protocol):
    """Shows what there is to see."""

    def show(self, look: Look) -> None:
        """Show a look."""
        ...

    def trouble(self, sentence: str) -> None:
        """Say that nothing can be seen for the moment, and why."""
        ...

    def close(self) -> None:
        """End the view."""
        ...


def watch(job: OneId = "", once: Once = False, json: Json = False) -> None:
    """Follow a job, or all that are open: how far, how fast, how long still, what has failed, what each worker does.

    On a terminal the view is live; elsewhere a line is printed whenever something has changed. It ends with the jobs:
    with 0, or with 2 if some documents failed, or with 1 if a job was cancelled or has failed. Ctrl-C ends the view
    (130) and not the jobs.
    """
    code = 0
    try:
        with open_library(load_settings()) as library:
            if job or not no_library_yet(library.settings):
                id = find(library, job).id if job else ""
                code = _follow(library, id, once, json)
            elif not json:
                Screen().line("No job is open.")
    except KeyboardInterrupt:
        which = f"job {job} goes on, and 'docqa jobs cancel {job}' ends it" if job else "the jobs go on"
        Screen(sys.stderr).line(f"The view has ended: {which}.", "bold yellow")
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(code)


def _follow(library: Library, id: str, once: bool, json: bool) -> int:
    screen = Screen()
    with closing(Eye(library, id)) as eye, closing(_face(screen, once, json)) as face:
        look = _shown(eye, face)
        while not once and any(each.job.open for each in look.jobs):
            time.sleep(LOOK_SECONDS)
            look = _shown(eye, face)
    jobs = [each.job for each in look.jobs]
    if not json and not once:
        for job in jobs:
            _tell_end(library, screen, job)
    codes = {words.verdict(job) for job in jobs}
    return 1 if 1 in codes else max(codes, default=0)


def _face(screen: Screen, once: bool, json: bool) -> Face:
    if json:
        return Records()
    if not screen.live:
        return Lines(screen, whole=once)
    from docqa.cli.jobs.board import Board

    return Board(screen.console, once)


def _shown(eye: Eye, face: Face) -> Look:
    """The next look, shown. A catalog that is away for a minute (a restart, a full disk) does not end the view."""
    for tries in range(PATIENCE):
        try:
            look = eye.look()
            break
        except CatalogError as error:
            if tries == PATIENCE - 1:
                raise
            face.trouble(str(error))
            time.sleep(LOOK_SECONDS)
    face.show(look)
    return look


def _tell_end(library: Library, screen: Screen, job: Job) -> None:
    """Say what has come of a job, with its failures."""
    failures, count = library.catalog.job_reports.failures(job.id, FAILURES_SHOWN)
    show_failures(screen, failures, count, f"; 'docqa jobs log {words.short(job.id)}' tells all that happened")
    screen.line(words.sums(job), "bold")
