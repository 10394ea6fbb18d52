"""The tasks: each takes what is next of a job, for a few seconds, and leaves the rest to its successor."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from celery.signals import worker_process_init, worker_process_shutdown

from ingest.catalog.job_rows import Job
from ingest.errors import ArchiveError, BrokerError, DocqaError, EmbedderError, NotFoundError
from ingest.pipeline import clean as remove
from ingest.settings import Settings
from ingest.worker.app import LONG, TASK_SECONDS, app, send
from ingest.worker.desk import Desk, Shelf
from ingest.worker.logs import log
from ingest.worker.messages import fault
from ingest.worker.steps import do_step

SURVEYS = 16  # documents opened for one transaction
PAUSE_SECONDS = 3.0  # before a process tries again what was not to be had
_desk: Desk | None = None
Act = Callable[[Shelf, str], bool]


@app.task(name="docqa.parse")  # type: ignore[untyped-decorator]
def parse(**message: Any) -> None:
    """Open documents of a job, count and split their pages."""
    _drain("parse", message, _survey)


@app.task(name="docqa.embed")  # type: ignore[untyped-decorator]
def embed(**message: Any) -> None:
    """Do parts of a job: read, cut, embed, store, mark."""
    _drain("embed", message, _take)


@app.task(name="docqa.maintenance", time_limit=LONG)  # type: ignore[untyped-decorator]
def maintenance(**message: Any) -> None:
    """Do a job's own step: find its files, delete, verify and the like."""
    _drain("maintenance", message, do_step)


@app.task(name="docqa.clean", time_limit=LONG)  # type: ignore[untyped-decorator]
def clean(**message: Any) -> None:
    """Remove the chunks and bytes of what was deleted or replaced."""
    if wrong := fault("docqa.clean", message):
        log("left a message aside", logging.WARNING, queue="maintenance", reason=wrong)
        return
    try:
        tenant = message["tenant"]
        if _at_desk().catalog(tenant).ledger.leftovers() and (removed := remove(_at_desk().shelf(tenant).library)):
            log("removed what was deleted or replaced", generations=removed)
    except DocqaError as error:
        log("has to wait", logging.WARNING, reason=str(error))


def _survey(shelf: Shelf, job: str) -> bool:
    works = shelf.library.catalog.leases.surveys(shelf.run, job, SURVEYS)
    for each in shelf.taker.survey(shelf.run, job, works) if works else ():
        log("a document failed", logging.WARNING, job=job, generation=each.generation, reason=each.error)
    if works:
        log("opened documents", job=job, documents=len(works))
    return bool(works)


def _take(shelf: Shelf, job: str) -> bool:
    leases = shelf.library.catalog.leases.parts(shelf.run, job, shelf.library.settings.part_pages)
    if not leases:
        return False
    shelf.since = time.monotonic()
    try:
        stages = shelf.taker.take(shelf.run, job, leases)
    finally:
        shelf.since = None
    spent: dict[str, object] = {
        f"{name}_seconds": round(getattr(stages, name), 3) for name in ("read", "embed", "store")
    }
    for each in leases:
        told = {"job": job, "document": each.generation.document, "part": each.part.number, "tries": each.deaths + 1}
        log("did a part", **{**told, "pages": f"{each.part.first}-{each.part.last}", **spent})
        spent = {}  # of all of them together: told once
    return True


def _drain(queue: str, message: dict[str, Any], act: Act) -> None:
    """Check a message and act for its job until nothing is left or the time is over; then a successor goes on."""
    if wrong := fault(f"docqa.{queue}", message):
        log("left a message aside", logging.WARNING, queue=queue, reason=wrong)
        return
    tenant, job = message["tenant"], message["job"]
    try:
        found = _at_desk().catalog(tenant).jobs.get(job)  # before anything is opened for a tenant
        acted, more = _go_on(_at_desk().shelf(tenant), found, act)
        if more:
            send(queue, tenant, job, found.priority)
        if acted and queue == "parse":
            send("embed", tenant, job, found.priority)  # at once, since somebody may wait for it
    except NotFoundError as error:
        log("left a message aside", logging.WARNING, queue=queue, reason=str(error))
    except BrokerError as error:
        log("no successor was sent; the keeper sends one", logging.WARNING, job=job, reason=str(error))
    except DocqaError as error:
        if isinstance(error, (EmbedderError, ArchiveError)) and _works(tenant):
            log("was refused", logging.WARNING, job=job, reason=str(error))
            _blame(tenant, job, str(error))
            return
        log("has to wait", logging.WARNING, job=job, reason=str(error))
        _give_back(tenant, job, error)
    except Exception as error:
        log("something unforeseen happened", logging.ERROR, job=job, reason=f"{type(error).__name__}: {error}")
        _blame(tenant, job, f"{type(error).__name__}: {error}")
        raise


def _go_on(shelf: Shelf, job: Job, act: Act) -> tuple[bool, bool]:
    """Act for a job until nothing is left or the time is over: whether anything was done, and whether more may be."""
    ends, catalog = time.monotonic() + TASK_SECONDS, shelf.library.catalog
    waited, acted, more = bool(job.note) and job.step == "done", False, True
    while more and time.monotonic() <= ends:
        more = act(shelf, job.id)
        if more and waited:
            catalog.jobs.note(job.id, "")  # what it waited for is there again
            waited = False
        acted = acted or more
    if acted:  # also where a successor goes on, which may be another process
        catalog.leases.doing(shelf.run, "", "")
    if not more:
        shelf.tidy(job.id)
    return acted, more


def _give_back(tenant: str, job: str, error: DocqaError) -> None:
    """It is not the parts' fault: others try them again, and the job says what it waits for."""
    try:
        _at_desk().catalog(tenant).jobs.note(job, str(error))
        shelf = _at_desk().shelf(tenant)
        shelf.library.catalog.leases.release(shelf.run)
    except DocqaError as again:  # a lease that cannot be given back is found by its run, which ends
        log("cannot give back", logging.WARNING, job=job, reason=str(again))
        _leave()
    time.sleep(PAUSE_SECONDS)


def _works(tenant: str) -> bool:
    """Whether embedder and archive do their work, so that what they refused is at fault and not they."""
    try:
        return _at_desk().shelf(tenant).works()
    except DocqaError:
        return False


def _blame(tenant: str, job: str, why: str) -> None:
    """It may be the parts' fault: after some tries they are set aside."""
    try:
        _at_desk().shelf(tenant).give_up(why[:500])
    except DocqaError as again:
        log("cannot give back", logging.WARNING, job=job, reason=str(again))
        _leave()


def _at_desk() -> Desk:
    global _desk
    if _desk is None:
        _desk = Desk(Settings())
    return _desk


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _begin(**_: Any) -> None:
    """A forked process has nothing at hand: what its parent has open is not its own."""
    global _desk
    _desk = None


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def _leave(**_: Any) -> None:
    global _desk
    if _desk is not None:
        _desk.close()
        _desk = None
