"""Files that came over the API: kept, attached to collections for the workers to take in, and removed.

A file that was received is one *upload*, whose bytes stay until it is deleted. Attaching it to a collection makes a
document of it there, through a job of kind ``ingest`` whose own step needs no file to be found.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.catalog.job_rows import URGENT, Job
from ingest.catalog.rows import Offer
from ingest.catalog.uploads import Upload
from ingest.errors import DocqaError
from ingest.library import Library
from ingest.pipeline.discover import document_id
from ingest.types import PARSER_VERSION

if TYPE_CHECKING:
    from ingest.files import Receiving

GROUP = 64  # files claimed in one transaction
LONGEST_NAME = 200  # characters
LONGEST_SUFFIX = 20


def clean_name(name: str) -> str:
    """A file's name as it is kept and shown: without folders and control characters, of at most 200 characters."""
    plain = "".join(each if each.isprintable() else " " * each.isspace() for each in name)
    last = re.split(r"[/\\]", plain)[-1].strip()
    if last.strip(".") == "":
        return "file"
    stem, dot, suffix = last.rpartition(".")
    end = dot + suffix if stem and len(suffix) <= LONGEST_SUFFIX else ""
    return last[: LONGEST_NAME - len(end)].removesuffix(end) + end if len(last) > LONGEST_NAME else last


def keep(
    library: Library,
    received: Receiving,
    name: str,
    purpose: str,
    media_type: str = "",
    expires: float | None = None,
    id: str = "",
) -> Upload:
    """Keep what was received as a file. Killed on the way it is removed by the next ``sweep``.

    Args:
        library: whose.
        received: all of its bytes.
        name: what it is called.
        purpose: what it is for, as OpenAI's API names it.
        media_type: what it was found to be.
        expires: when it is to be deleted, in seconds since 1970.
        id: what it is known by; a new ``file-…`` where it is empty.

    Raises:
        EmptyError: it has no bytes.
        CatalogError, FilesError, StorageFullError, SettingsError: it cannot be kept.
    """
    id = id or f"file-{uuid.uuid4().hex}"
    uploads = library.catalog.uploads
    upload = Upload(id, received.sha256, received.size, clean_name(name), purpose, media_type, expires=expires)
    uploads.begin(upload)
    try:
        received.keep()
        uploads.ready(id)
    except BaseException:
        with suppress(DocqaError):  # the next sweep removes it
            uploads.delete(id, library.files.delete)
        raise
    return replace(upload, state="ready")


def remove(library: Library, id: str) -> None:
    """Delete a file. Documents that were made of it stay, and keep the bytes.

    Raises:
        NotFoundError: there is no such file.
    """
    library.catalog.uploads.delete(id, library.files.delete)


def sweep(library: Library) -> int:
    """Remove, of all tenants, what writers that are gone had begun and not ended; returns how many files it was."""
    library.files.sweep()
    swept = 0
    for tenant in library.catalog.uploads.tenants_to_sweep():
        other = library.for_tenant(tenant)
        try:
            swept += other.catalog.uploads.sweep(other.files.delete)
        finally:
            other.close()
    return swept


def attach(library: Library, collection: str, uploads: Sequence[Upload], owner: str = "") -> Job:
    """Have files taken into a collection by the workers; returns the job, whose own step is done if all went well.

    Nobody is woken up; a keeper finds the job, and a worker does the step where it could not be done here.

    Args:
        library: whose.
        collection: its name.
        uploads: the files.
        owner: who asked for it.

    Raises:
        CatalogError: nothing was begun.
    """
    catalog = library.catalog
    ids = [upload.id for upload in uploads]
    job = catalog.jobs.create("ingest", collection, {"uploads": ids}, owner, URGENT)
    with suppress(DocqaError):  # the job is written down
        run = catalog.leases.begin("ingest")
        try:
            if catalog.jobs.begin_step(run, job.id):  # else a worker was quicker
                take_uploads(library, run, job)
        finally:
            catalog.leases.end(run)
        return catalog.jobs.get(job.id)
    return job


def take_uploads(library: Library, run: str, job: Job) -> bool:
    """The own step of a job that attaches files: each is claimed for the workers. It can be killed and begun again.

    Returns whether it came to its end; False where the job was paused, cancelled or taken over.
    """
    ids: list[str] = list(dict.fromkeys(job.arguments["uploads"]))
    skipped = 0
    for start in range(0, len(ids), GROUP):
        some = ids[start : start + GROUP]
        known = library.catalog.uploads.several(some)
        gone = [(id, "the file was deleted before it was taken in") for id in some if id not in known]
        offers = [_offer(library, job.collection, known[id]) for id in some if id in known]
        outcomes = library.catalog.ledger.claim(run, PARSER_VERSION, offers, _there, job.id) if offers else []
        skipped += sum(outcome.work is None and not outcome.own for outcome in outcomes)
        if not library.catalog.jobs.keep_step(run, job.id, gone, skipped=skipped):
            return False
    return library.catalog.jobs.keep_step(run, job.id, over=True, skipped=skipped)


def _offer(library: Library, collection: str, upload: Upload) -> Offer:
    document = document_id(library.settings.tenant, collection, upload.place)
    return Offer(document, collection, upload.place, "", upload.sha256, upload.size)


def _there(source: str) -> bool:
    """Paths of documents with the same bytes may be another machine's, so that they are believed to be there."""
    return True
