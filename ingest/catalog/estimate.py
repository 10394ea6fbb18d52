"""How fast a job goes, and how long it will still take: from the last minutes, or not known, and then why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.catalog.job_books import BUCKET_SECONDS
from ingest.catalog.job_rows import Job, Work

WINDOW_SECONDS = 180.0
"""What was done in this time, up to now, tells how fast a job goes."""
STALLED_SECONDS = 60.0
FEWEST_PARTS = 10
FEWEST_SECONDS = 20.0
NEARLY = 0.999  # a share that is not 1


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a job goes now, and how far it is.

    ``share`` is between 0 and 1, and 1 only for a job that has finished; None while it is not known how much there is
    to do. ``seconds_left`` is None where nobody can know, and ``why_unknown`` then says why, to follow "not known: ".
    """

    pages_per_second: float = 0.0
    chunks_per_second: float = 0.0
    parts_per_minute: float = 0.0
    share: float | None = None
    seconds_left: float | None = None
    why_unknown: str = ""


def estimate(job: Job, work: Sequence[Work], unopened: int, now: float) -> Pace:
    """The pace of a job.

    Args:
        job: as it is now.
        work: what was done, by ten seconds, in at least the last ``WINDOW_SECONDS``. Older work, and work that a clock
            puts into the future, is left aside.
        unopened: how many of its documents are not surveyed yet; each counts with as many parts as the surveyed ones
            have on average.
        now: seconds since 1970.
    """
    if not job.open:
        finished = job.state == "finished"
        return Pace(
            share=_share(job, unopened), seconds_left=0.0 if finished else None, why_unknown="" if finished else "ended"
        )
    recent = [each for each in work if now - WINDOW_SECONDS - BUCKET_SECONDS < each.at < now + BUCKET_SECONDS]
    began = _began(job, recent, now)
    moving = any(each.at + BUCKET_SECONDS > now - STALLED_SECONDS for each in recent)
    span = max(now - began, BUCKET_SECONDS)
    pages, chunks, parts = _sums(recent) if moving and job.state == "running" else (0, 0, 0)
    why = _why_unknown(job, unopened, recent, now - began, moving, bool(work) and not recent)
    total = _parts(job, unopened)
    left = None if why or total is None else max(total - _done(job), 0.0) * span / parts
    return Pace(pages / span, chunks / span, parts * 60 / span, _share(job, unopened), left, why)


def _why_unknown(
    job: Job, unopened: int, recent: Sequence[Work], seconds: float, moving: bool, clock_jumped: bool
) -> str:
    """Why the time left cannot be known; empty where it can."""
    total = _parts(job, unopened)
    if job.state == "paused":
        return "it is paused"
    if job.step == "waiting":
        done_by = "" if job.held else ", and no worker is at it"
        return f"its files are still being found{done_by}" if job.kind == "ingest" else f"it is a single step{done_by}"
    if total is None:
        return "its documents are not opened yet"
    if total <= _done(job):
        return "the last of it is being done"
    if clock_jumped:
        return "the clock was set back"
    if not moving and (recent or seconds >= STALLED_SECONDS):
        return "nothing was done in the last minute"
    if sum(each.parts for each in recent) < FEWEST_PARTS:
        return "too few parts are done yet"
    return "it is at work for a few seconds only" if seconds < FEWEST_SECONDS else ""


def _began(job: Job, recent: Sequence[Work], now: float) -> float:
    """Since when the recent work was done: since the job began, at the latest, unless a clock was set back."""
    created = job.created if job.created <= now else 0.0
    return max(min((each.at for each in recent), default=0.0), created)


def _sums(work: Sequence[Work]) -> tuple[int, int, int]:
    return sum(each.pages for each in work), sum(each.chunks for each in work), sum(each.parts for each in work)


def _done(job: Job) -> int:
    return job.counters.parts_done + job.counters.parts_failed


def _parts(job: Job, unopened: int) -> float | None:
    """How many parts the job has in all; None where nothing tells."""
    opened = job.counters.found - unopened
    if not unopened:
        return float(job.counters.parts)
    if opened <= 0 or not job.counters.parts:
        return None
    return job.counters.parts * job.counters.found / opened


def _share(job: Job, unopened: int) -> float | None:
    """How much of the job is done: by parts while it goes on, by documents where it ended before its end."""
    counters = job.counters
    if job.state == "finished":
        return 1.0
    if not job.open:
        ended = counters.finished + counters.failed
        return min(ended / counters.found, NEARLY) if counters.found else None
    total = None if job.step == "waiting" else _parts(job, unopened)
    return min(_done(job) / total, NEARLY) if total else None
