"""How a job, its pace and its failures are put into words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from docqa.cli.output import clean, date, plural, shorten
from docqa.prompts import page_ranges

if TYPE_CHECKING:
    from docqa.cli.jobs.seen import Seen
    from ingest.catalog.estimate import Pace
    from ingest.catalog.job_metrics import Failure
    from ingest.catalog.job_rows import Job

ID_LENGTH = 8
SOME_FAILED = 2
NOT_KNOWN = "not known yet"
MINUTE, HOUR, DAY = 60, 3600, 86_400
DONE = {"verify": ("difference", "mended"), "delete": ("document", "deleted")}
"""What a kind of job counts, and what has become of them; documents that are done if nothing else."""


def short(id: str) -> str:
    """As much of an id as commands need."""
    return id[:ID_LENGTH]


def failed(job: Job) -> int:
    """How many of a job's files could not be taken in, at all or to the end."""
    return job.counters.failed + job.counters.unreadable


def verdict(job: Job) -> int:
    """The exit code that a job stands for: 0 done or still at it, 1 cancelled or failed, 2 some documents failed."""
    if job.state in ("cancelled", "failed"):
        return 1
    return SOME_FAILED if job.state == "finished" and failed(job) else 0


def spell(seconds: float) -> str:
    """A time in its two largest units: ``45 s``, ``12 min``, ``3 h 20 min``, ``2 d 4 h``."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / MINUTE)
    if minutes < 90 and minutes != 60:
        return f"{minutes} min"
    if minutes * MINUTE < 2 * DAY:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(round(seconds / HOUR), 24)
    return f"{days} d {rest} h" if rest else f"{days} d"


def percent(pace: Pace) -> str:
    """The share that is done, rounded down: 100 % is said of what has finished alone."""
    return "" if pace.share is None else f"{int(pace.share * 100)}%"


def rate(pace: Pace) -> str:
    """``12 pages/s``; empty where nothing is done now."""
    pages = pace.pages_per_second
    return f"{pages:,.0f} pages/s" if pages >= 10 else f"{pages:.2g} pages/s" if pages else ""


def left(pace: Pace) -> str:
    """The time left, or why it is not known; to be shown for a job that is open."""
    if pace.seconds_left is None:
        return f"time left {NOT_KNOWN}: {pace.why_unknown}"
    return f"about {spell(pace.seconds_left)} left"


def time_left(pace: Pace) -> str:
    """The same, to follow a label."""
    return f"{NOT_KNOWN}: {pace.why_unknown}" if pace.seconds_left is None else f"about {spell(pace.seconds_left)}"


def documents(job: Job) -> str:
    """Documents done of those found; of a kind of job that finds none, those done."""
    counters = job.counters
    return f"{counters.finished:,}/{counters.found:,}" if counters.found else f"{counters.finished:,}"


def counted(job: Job) -> list[str]:
    """What a job has done, and what has failed."""
    noun, done = DONE.get(job.kind, ("document", "done"))
    found = job.counters.found
    told = [f"{documents(job)} documents" if found else f"{plural(job.counters.finished, noun)} {done}"]
    return told + ([f"{failed(job):,} {'left' if job.kind == 'verify' else 'failed'}"] if failed(job) else [])


def subject(job: Job, limit: int = 60) -> str:
    """What a job is about, in a few words: its paths, or what it does."""
    paths = job.arguments.get("paths") or ()
    if paths:
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        return shorten(paths[0], limit - len(more)) + more
    if of_job := job.arguments.get("of_job"):
        return f"documents of job {short(clean(of_job))}"
    ids = job.arguments.get("documents") or ()
    return plural(len(ids), "document") if ids else ", ".join(name for name, on in job.arguments.items() if on is True)


def progress(seen: Seen) -> str:
    """How far a job is, in a line that says nothing that changes by itself."""
    job, counters, done = seen.job, seen.job.counters, seen.job.counters.parts_done + seen.job.counters.parts_failed
    first, *failures = counted(job)
    told = [first]
    told += [f"{done:,}/{counters.parts:,} parts{_in_brackets(percent(seen.pace))}"] if counters.parts else []
    told += failures
    told += [f"{plural(counters.parts_failed, 'part')} given up"] if counters.parts_failed else []
    return f"{short(job.id)} {job.kind} {job.state}: {', '.join(told)}"


def line(seen: Seen) -> str:
    """How far a job is, how fast it goes, how long it will take, and what it waits for."""
    told = [progress(seen)]
    if seen.job.open:
        told += [each for each in (rate(seen.pace), left(seen.pace)) if each]
    return ", ".join(told) + (f"; {note(seen.job)}" if seen.job.note else "")


def note(job: Job) -> str:
    """What a job waits for, or why it failed."""
    return f"{'waits: ' if job.open else ''}{clean(job.note)}"


def sums(job: Job) -> str:
    """What has come of a job that has ended, in a sentence."""
    counters = job.counters
    told = [*counted(job), *([f"{counters.skipped:,} skipped"] if counters.skipped else [])]
    stored = f"; {plural(counters.pages, 'page')}, {plural(counters.chunks, 'chunk')}" if counters.pages else ""
    took = f" in {spell(job.ended - job.created)}" if job.ended and job.ended > job.created else ""
    why = f": {clean(job.note)}" if job.note else ""
    state = f"is {job.state}" if job.state == "cancelled" else job.state
    return f"Job {short(job.id)} {state}{why}: {', '.join(told)}{stored}{took}."


def failure(each: Failure) -> str:
    """A failure in a line."""
    reason = clean(each.reason) or "no reason is known"
    if each.pages:
        reason = f"{'pages' if len(each.pages) > 1 else 'page'} {page_ranges(each.pages)} missing: {reason}"
    return f"{clean(each.source)}: {reason}" if each.source else reason


def moment(when: float) -> str:
    """A moment in local time, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))


def began(job: Job) -> str:
    """When a job began, to the minute."""
    return date(job.created)


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""
