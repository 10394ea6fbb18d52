"""Jobs: what takes long, followed and steered."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Query

from docqa.api import opaque
from docqa.api.access import Administering, Reading, TheService, Writing
from docqa.api.errors import not_found
from docqa.api.routes.files import CONFLICT
from docqa.api.schemas import After, Limit, Listed, listed
from docqa.api.schemas.jobs import JobEntry, JobInfo, JobRequest
from docqa.api.waking import wake
from ingest.catalog import Catalog
from ingest.catalog.estimate import WINDOW_SECONDS, estimate
from ingest.catalog.job_rows import Job, JobState
from ingest.errors import NotFoundError

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
ENTRY = "entry"
State = Annotated[list[Literal["running", "paused", "cancelled", "finished", "failed"]], Query()]
assert set(get_args(JobState)) == {"running", "paused", "cancelled", "finished", "failed"}


@router.get("")
def list_jobs(service: TheService, caller: Reading, state: State = [], limit: Limit = 20) -> Listed[JobInfo]:  # noqa: B006
    """The newest jobs, the newest first."""
    catalog = service.library(caller.tenant).catalog
    found = catalog.jobs.newest(state, limit + 1)
    shown = [info(catalog, job) for job in found[:limit]]
    return listed(shown, [each.id for each in shown], len(found) > limit)


@router.post("")
def begin_job(service: TheService, caller: Administering, asked: JobRequest) -> JobInfo:
    """Begin a job over what is there; documents come in through files and vector stores."""
    catalog = service.library(caller.tenant).catalog
    arguments = {"repair": asked.repair, "deep": asked.deep} if asked.kind == "verify" else {}
    job = catalog.jobs.create(asked.kind, asked.collection, arguments, owner=caller.user)
    wake(service, job)
    return info(catalog, job)


@router.get("/{job}")
def get_job(service: TheService, caller: Reading, job: str) -> JobInfo:
    """A job as it is now."""
    catalog = service.library(caller.tenant).catalog
    return info(catalog, known(catalog, job))


@router.get("/{job}/log")
def get_log(
    service: TheService, caller: Reading, job: str, after: After = None, limit: Limit = 100
) -> Listed[JobEntry]:
    """What happened in a job, in order: failures with their reasons, states, lost leases."""
    catalog, secret = service.library(caller.tenant).catalog, service.registry.secret()
    of = known(catalog, job).id
    last = opaque.number_of(secret, ENTRY, of, after) if after else 0
    if last is None:
        raise not_found("entry in the log of this job", after or "")
    entries = catalog.jobs.log(of, after=last, most=limit + 1)
    shown = [JobEntry(**asdict(each) | {"id": opaque.shown(secret, ENTRY, of, each.id)}) for each in entries[:limit]]
    return listed(shown, [each.id for each in shown], len(entries) > limit)


@router.post("/{job}/cancel", responses=CONFLICT)
def cancel(service: TheService, caller: Writing, job: str) -> JobInfo:
    """Begin no further part. Documents that are complete stay, unfinished ones are taken back."""
    catalog = service.library(caller.tenant).catalog
    return info(catalog, catalog.jobs.cancel(known(catalog, job).id))


@router.post("/{job}/pause", responses=CONFLICT)
def pause(service: TheService, caller: Writing, job: str) -> JobInfo:
    """Let a job rest until it is resumed."""
    catalog = service.library(caller.tenant).catalog
    return info(catalog, catalog.jobs.pause(known(catalog, job).id))


@router.post("/{job}/resume", responses=CONFLICT)
def resume(service: TheService, caller: Writing, job: str) -> JobInfo:
    """Let a paused job go on."""
    return _woken(service, service.library(caller.tenant).catalog, job, "resume")


@router.post("/{job}/retry", responses=CONFLICT)
def retry(service: TheService, caller: Writing, job: str) -> JobInfo:
    """Try once more what has failed in a job."""
    return _woken(service, service.library(caller.tenant).catalog, job, "retry")


def known(catalog: Catalog, id: str) -> Job:
    """The job of this id.

    Raises:
        ApiError: the caller has none.
    """
    try:
        return catalog.jobs.get(id)
    except NotFoundError:
        raise not_found("job", id) from None


def info(catalog: Catalog, job: Job) -> JobInfo:
    """A job with its pace, as the API shows it."""
    now = time.time()
    work = catalog.jobs.work(job.id, now - WINDOW_SECONDS) if job.open else ()
    pace = estimate(job, work, job.unopened if job.open else 0, now)
    return JobInfo(
        id=job.id,
        kind=job.kind,
        state=job.state,
        collection=job.collection,
        owner=job.owner,
        note=job.note,
        created_at=int(job.created),
        ended_at=int(job.ended) if job.ended else None,
        counters=asdict(job.counters),
        share=pace.share,
        seconds_left=pace.seconds_left,
        pages_per_second=pace.pages_per_second,
    )


def _woken(service: TheService, catalog: Catalog, id: str, action: Literal["resume", "retry"]) -> JobInfo:
    job = known(catalog, id)
    changed = catalog.jobs.resume(job.id) if action == "resume" else catalog.jobs.retry(job.id)
    wake(service, changed)
    return info(catalog, changed)
