"""What one process does alone for a job, by its kind. Each step can be killed and begun again at any moment."""

from __future__ import annotations

from collections.abc import Callable

from ingest.catalog.job_metrics import MENDED
from ingest.catalog.job_rows import Job
from ingest.errors import NotFoundError, SettingsError
from ingest.library import Library
from ingest.pipeline import clean
from ingest.pipeline.discover import path_of
from ingest.pipeline.export import export
from ingest.pipeline.originals import bring_back
from ingest.pipeline.scan import scan
from ingest.pipeline.uploads import take_uploads
from ingest.verify import verify
from ingest.worker.desk import Shelf
from ingest.worker.logs import log

SCAN_SECONDS = 20.0
Step = Callable[[Library, str, Job], None]


def do_step(shelf: Shelf, job: str) -> bool:
    """Do the own step of a job, if it waits for somebody; returns False: there is no more than one."""
    jobs = shelf.library.catalog.jobs
    if not jobs.begin_step(shelf.run, job):
        return False
    found = jobs.get(job)
    log("begins a step", job=job, kind=found.kind)
    step = STEPS.get(found.kind)
    if step is None:
        jobs.fail(shelf.run, job, f"this version of docqa cannot do a job of kind '{found.kind}'")
    else:
        run = shelf.run
        try:
            step(shelf.library, run, found)
        finally:
            shelf.library.catalog.leases.release(run)  # a job that was paused meanwhile goes on with whoever comes
    return False


def _ingest(library: Library, run: str, job: Job) -> None:
    """Find the files in ``paths``, or look the ``uploads`` of these ids up, and claim them for the workers."""
    if "uploads" in job.arguments:
        take_uploads(library, run, job)
        return
    scan(library, run, job, seconds=SCAN_SECONDS)


def _delete(library: Library, run: str, job: Job) -> None:
    """Delete the ``documents`` of these ids; those that a job brought in where ``of_job`` names one."""
    of_job = job.arguments.get("of_job")
    ids = library.catalog.documents_of(of_job) if of_job else job.arguments.get("documents", ())
    deleted = 0
    for id in ids:
        try:
            library.catalog.ledger.mark_deleted(id)
            deleted += 1
        except NotFoundError:  # somebody was quicker, or an earlier try of this step
            continue
        if not library.catalog.jobs.keep_step(run, job.id, finished=deleted):
            return  # it was paused or cancelled
    clean(library)
    library.catalog.jobs.keep_step(run, job.id, skipped=len(ids) - deleted, finished=deleted, over=True)


def _verify(library: Library, run: str, job: Job) -> None:
    """Compare catalog, archive and files, mend if ``repair``; each difference goes into the job's log."""
    found = verify(library, bool(job.arguments.get("repair")), bool(job.arguments.get("deep")))
    told = [(each.source, f"{MENDED if each.repaired else ''}{each.detail}") for each in found]
    left = sum(not each.repaired for each in found)
    jobs = library.catalog.jobs
    jobs.keep_step(run, job.id, differences=told, finished=len(found) - left, failed=left, over=True)


def _reembed(library: Library, run: str, job: Job) -> None:
    """Let all parts of a collection's documents be done again; one whose original is gone stays as it is."""
    after: tuple[str, str, str] | None = None
    unreadable = []
    while rows := library.catalog.page([job.collection] if job.collection else (), after):
        there = []
        for row in rows:
            if library.files.has(row.sha256) or bring_back(library, row.sha256, row.source):
                there.append(row.generation)
            else:
                unreadable.append((row.source, "its original file is gone, so that it stays as it is"))
        if library.catalog.leases.redo(job.id, there) < 0:
            return  # it was paused or cancelled
        after = (rows[-1].collection, rows[-1].source, rows[-1].id)
    library.catalog.jobs.keep_step(run, job.id, unreadable, over=True)


def _export(library: Library, run: str, job: Job) -> None:
    """Write a collection's documents and chunks into the folder ``to``."""
    try:
        documents, chunks = export(library, [job.collection] if job.collection else (), path_of(job.arguments["to"]))
    except SettingsError as error:  # the folder cannot be written, today or tomorrow
        library.catalog.jobs.fail(run, job.id, str(error))
        return
    library.catalog.jobs.keep_step(run, job.id, finished=documents, found=documents, chunks=chunks, over=True)


STEPS: dict[str, Step] = {
    "ingest": _ingest,
    "delete": _delete,
    "verify": _verify,
    "re-embed": _reembed,
    "export": _export,
}
