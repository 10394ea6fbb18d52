"""``docqa ingest --detach``: the files are found and copied in here, and read by the workers."""

from __future__ import annotations

import glob
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from docqa.cli.jobs.seen import nobody_works
from docqa.cli.output import Screen, clean, plural, to_json
from ingest.errors import NotFoundError

if TYPE_CHECKING:
    from ingest.catalog.job_rows import Job
    from ingest.library import Library
    from ingest.pipeline import Progress

ID_LENGTH = 8
TOLD_SECONDS = 0.5
MOST_LINES = 20
ELSEWHERE = "being taken in"  # what the reason begins with where a job or a process has a file, or its place, already


def submit(library: Library, paths: list[Path], collection: str, owner: str, json: bool) -> Job:
    """Begin an ingest job, find its files and claim them for the workers; returns the job as it is then.

    Killed on the way, it is gone on with by a worker of this machine.
    """
    from ingest.pipeline.discover import shown
    from ingest.pipeline.scan import scan

    if all(not os.path.lexists(path.expanduser()) and not glob.has_magic(str(path)) for path in paths):
        names = ", ".join(clean(path) for path in paths)
        raise NotFoundError(f"There is no such file or folder: {names}. No job was begun.")
    places = [shown(Path(os.path.abspath(path.expanduser()))) for path in paths]
    catalog = library.catalog
    job = catalog.jobs.create("ingest", collection, {"paths": places}, owner, here=True)
    note = Note(json)
    run = catalog.leases.begin("ingest")
    try:
        if catalog.jobs.begin_step(run, job.id):  # else a worker was quicker
            scan(library, run, job, note.show)
    except KeyboardInterrupt:
        told = f"Interrupted: job {job.id[:ID_LENGTH]} stays, and a worker of this machine finds the rest of its files."
        Screen(sys.stderr).line(f"{told} 'docqa jobs cancel {job.id[:ID_LENGTH]}' ends it.", "bold yellow")
        raise
    finally:
        note.end()
        catalog.leases.end(run)
    note.tell()
    return catalog.jobs.get(job.id)


def report(library: Library, job: Job, json: bool) -> None:
    """Say what was handed to the workers, and how to follow it."""
    id, counts = job.id[:ID_LENGTH], job.counters
    if json:
        print(to_json({"event": "submitted", "job": job.id, "counters": counts}))
        return
    screen = Screen()
    left = [
        f"{counts.skipped:,} skipped (in the library or on their way already)" if counts.skipped else "",
        f"{counts.ignored:,} ignored (hidden, or of no known format)" if counts.ignored else "",
    ]
    told = ", ".join([f"Job {id}: {plural(counts.found, 'file')} for the workers", *filter(None, left)])
    screen.line(f"{told}.", "bold")
    for entry in library.catalog.jobs.log(job.id, ("unreadable",), most=20):
        screen.line(f"failed  {entry.source}: {entry.message}", "red")
    if counts.unreadable > 20:
        screen.line(f"… and {counts.unreadable - 20:,} more: docqa jobs show {id}", "red")
    if not counts.found:
        return
    screen.line(f"Follow it with: docqa jobs watch {id}")
    if nobody_works(library):
        screen.line("No worker is running: start one with 'docqa worker'.", "yellow")


class Note:
    """One line on a terminal that counts the files while they are found, and what is to be said of them in the end."""

    def __init__(self, json: bool) -> None:
        """``json``: nothing but JSON Lines is written then."""
        self._json = json
        self._live = not json and sys.stderr.isatty()
        self._shown = 0.0
        self._elsewhere: list[Progress] = []
        self._more = 0

    def show(self, progress: Progress) -> None:
        """Bring the line up to date, and remember a file that somebody is at: it may have changed since they began."""
        if progress.kind == "skipped" and progress.reason.startswith(ELSEWHERE):
            if len(self._elsewhere) < MOST_LINES:
                self._elsewhere.append(progress)
            else:
                self._more += 1
        if not self._live or time.monotonic() - self._shown < TOLD_SECONDS:
            return
        self._shown = time.monotonic()
        totals = progress.totals
        sys.stderr.write(f"\r\x1b[K{totals.found:,} files found, {totals.skipped:,} skipped")
        sys.stderr.flush()

    def tell(self) -> None:
        """Say which files somebody else is at."""
        screen = Screen()
        for each in self._elsewhere:
            if self._json:
                print(to_json({"event": "skipped", "source": each.source, "reason": each.reason}))
            else:
                screen.line(f"skipped  {clean(each.source)}: {clean(each.reason)}", "yellow")
        if self._elsewhere and not self._json:
            more = f"… and {self._more:,} more. " if self._more else ""
            told = "If they have changed since, take them in with the same command when that has ended."
            screen.line(f"{more}{told}", "yellow")

    def end(self) -> None:
        """Take the line away."""
        if self._live and self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
