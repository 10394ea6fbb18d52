"""``docqa jobs list``, ``show`` and ``log``: what jobs there are, and what is known of one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.jobs import words
from docqa.cli.jobs.seen import Seen, find, see
from docqa.cli.options import Json, load_settings, no_library_yet, open_library
from docqa.cli.output import Screen, clean, plural, to_json

if TYPE_CHECKING:
    from ingest.catalog.job_metrics import Failure
    from ingest.catalog.job_rows import Job, LogEntry
    from ingest.library import Library

Id = Annotated[str, typer.Argument(help="Id of a job, or its beginning.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="All jobs, not only the newest of those that have ended.")]
ENDED_SHOWN = 20
FAILURES_SHOWN = 20
LOG_SHOWN = 10
LOG_PAGE = 1000
HEADINGS = ("id", "kind", "state", "documents", "failed", "share", "rate", "time left", "owner", "began")


def list_jobs(all: All = False, json: Json = False) -> None:
    """List the jobs: those that are open first, then the newest of the others.

    Documents are those done of those found so far.
    """
    with open_library(load_settings()) as library:
        found = [] if no_library_yet(library.settings) else [see(library, job) for job in _newest(library, all)]
    if json:
        for each in found:
            print(to_json(each.record()))
    elif found:
        Screen().table(HEADINGS, map(_row, found))
    else:
        Screen().line("There is no job. 'docqa ingest PATH --detach' begins one.")


def show(job: Id, json: Json = False) -> None:
    """Show what is known of a job: how far it is, what it waits for, what has failed and why, what happened last."""
    with open_library(load_settings()) as library:
        seen = see(library, find(library, job))
        reports = library.catalog.job_reports
        failures, count = reports.failures(seen.job.id, FAILURES_SHOWN)
        entries = reports.last(seen.job.id, LOG_SHOWN)
    if json:
        told = {"failures": [dataclasses.asdict(each) for each in failures], "failures_in_all": count}
        print(to_json({**seen.record(), **told, "log": [dataclasses.asdict(each) for each in entries]}))
        return
    screen = Screen()
    for label, value in _facts(seen):
        if value:
            screen.line(f"{label:<16}{clean(value)}")
    show_failures(screen, failures, count)
    screen.line("log:", "bold")
    for entry in entries:
        screen.line(entry_line(entry), indent=2)


def log(job: Id, json: Json = False) -> None:
    """Print what happened in a job, in order."""
    screen = Screen()
    with open_library(load_settings()) as library:
        for entry in _entries(library, find(library, job).id):
            if json:
                print(to_json(entry))
            else:
                screen.line(entry_line(entry), "red" if entry.kind in ("failed", "unreadable", "part") else "")


def show_failures(screen: Screen, failures: list[Failure], count: int, more: str = "") -> None:
    """Write down the first failures, and how many more there are; ``more`` says where those are told."""
    if not failures:
        return
    screen.line(f"{plural(count, 'failure')}:", "bold red")
    for each in failures:
        screen.line(words.failure(each), "red", 2)
    if count > len(failures):
        screen.line(f"… and {count - len(failures):,} more{more}", "red", 2)


def entry_line(entry: LogEntry) -> str:
    """An entry of a log in a line."""
    part = f", part {entry.part}" if entry.part is not None else ""
    about = f"{clean(entry.source)}{part}: " if entry.source else ""
    return f"{words.moment(entry.at)}  {entry.kind:<10}  {about}{clean(entry.message)}"


def _newest(library: Library, all: bool) -> list[Job]:
    jobs, many = library.catalog.jobs, 10**9
    open = jobs.newest(("running", "paused"), many)
    return [*open, *jobs.newest(("finished", "failed", "cancelled"), many if all else ENDED_SHOWN)]


def _row(seen: Seen) -> tuple[str, ...]:
    job, pace = seen
    left = "" if not job.open else words.NOT_KNOWN if pace.seconds_left is None else words.spell(pace.seconds_left)
    return (
        *(words.short(job.id), job.kind, job.state, words.documents(job), f"{words.failed(job):,}"),
        *(words.percent(pace), words.rate(pace), left, clean(job.owner), words.began(job)),
    )


def _entries(library: Library, job: str) -> Iterator[LogEntry]:
    after = 0
    while entries := library.catalog.jobs.log(job, after=after, most=LOG_PAGE):
        yield from entries
        after = entries[-1].id


def _facts(seen: Seen) -> Iterator[tuple[str, str]]:
    job = seen.job
    yield "id", job.id
    yield "kind", job.kind
    yield "state", job.state
    yield ("waits" if job.open else "reason"), job.note
    yield "owner", job.owner
    yield "collection", job.collection
    yield from (("path", path) for path in job.arguments.get("paths") or ())
    if not job.arguments.get("paths"):
        yield "about", words.subject(job)
    yield "machine", f"{job.host} (its paths are those of this one)" if job.host else ""
    yield "priority", {9: "urgent", 5: "usual", 1: "bulk"}.get(job.priority, str(job.priority))
    yield "began", words.moment(job.created)
    yield "ended", words.moment(job.ended) if job.ended else ""
    yield from _counts(job)
    yield "done", words.percent(seen.pace)
    if job.open:
        yield "rate", words.rate(seen.pace)
        yield "time left", words.time_left(seen.pace)


def _counts(job: Job) -> Iterator[tuple[str, str]]:
    """The counters that are not zero, in plain words."""
    of = job.counters
    if job.kind == "ingest" and job.open:
        at_it = "a worker is at it" if job.held else "they wait for a worker"
        yield "finding files", "done" if job.step == "done" else at_it
    waiting = of.parts - of.parts_done - of.parts_failed
    noun, done = words.DONE.get(job.kind, ("document", "done"))
    told = [
        (f"{noun}s", of.finished, done),
        ("", of.failed, "left" if job.kind == "verify" else "failed"),
        ("", of.found, "found in all") if of.found else ("", 0, ""),
        ("files", of.unreadable, "could not be read"),
        ("", of.skipped, "skipped: in the library, or on their way, already"),
        ("", of.ignored, "ignored: hidden, or of no known format"),
        ("parts", of.parts_done, "done"),
        ("", of.parts_failed, "given up"),
        ("", waiting if job.open else 0, "waiting, of the documents opened so far"),
        ("stored", of.pages, "pages"),
        ("", of.chunks, "chunks"),
        ("leases lost", of.leases_lost, "times a worker ended, or fell silent, over something of this job"),
    ]
    yield from ((label, f"{number:,} {what}") for label, number, what in told if number or label == f"{noun}s")
