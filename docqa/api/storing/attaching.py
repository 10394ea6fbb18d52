"""Files go into vector stores and come out of them: a store is a collection, a file in it one of its documents.

Files with the same bytes are one document. It goes with the last of them, and one that came into the collection by
another way than an upload stays until it is itself deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress

from docqa.api.answers.citing import virtual_file
from docqa.api.service import Service
from docqa.api.waking import wake
from docqa.registry.attachments import Attachment
from docqa.registry.stores import VectorStore
from ingest.catalog.uploads import PLACE, Upload
from ingest.errors import ArchiveError, EmbedderError, FilesError, JobError, NotFoundError
from ingest.pipeline import clean, uploads

log = logging.getLogger("docqa.api")
AT_ONCE = 50
"""Documents whose chunks and bytes are removed within a request; those of more are left to a job."""


def attach(
    service: Service,
    store: VectorStore,
    attached: Sequence[tuple[Upload, dict[str, str | float | bool]]],
    owner: str,
    batch: str = "",
) -> str:
    """Put files with their attributes into a store and have workers take them in; returns the id of the job.

    Raises:
        NotFoundError: the store was deleted meanwhile.
    """
    tenant, library = store.tenant, service.library(store.tenant)
    job = uploads.attach(library, store.collection, [upload for upload, _ in attached], owner)
    added = [
        Attachment(store.id, each.id, each.sha256, each.name, attributes=attributes, batch=batch, job=job.id)
        for each, attributes in attached
    ]
    try:
        service.registry.attachments.add(tenant, added)
    except NotFoundError:
        with suppress(JobError):
            library.catalog.jobs.cancel(job.id)
        remove_documents(service, tenant, library.catalog.documents_of(job.id))
        raise
    there = library.catalog.uploads.several([each.file for each in added])
    for each in added:
        if each.file not in there:  # deleted since it was looked up
            with suppress(NotFoundError):
                remove_documents(service, tenant, detach(service, tenant, store, each))
    wake(service, job)
    return job.id


def detach(service: Service, tenant: str, store: VectorStore, attachment: Attachment) -> list[str]:
    """Take a file out of a store; returns the ids of the documents that are to be removed with it.

    Raises:
        NotFoundError: it is not in the store.
    """
    service.registry.attachments.delete(tenant, store.id, attachment.file)
    sha256 = attachment.sha256
    if service.registry.attachments.of_documents(tenant, store.collection, [sha256]):
        return []
    row = service.library(tenant).catalog.holding(store.collection, [sha256]).get(sha256)
    goes = row is not None and (PLACE.match(row.source) or virtual_file(row.id) == attachment.file)
    return [row.id] if row and goes else []


def remove_documents(service: Service, tenant: str, ids: Sequence[str], collection: str = "") -> None:
    """Take documents out of sight and remove what there is of them: of many by a job of their ``collection``."""
    library = service.library(tenant)
    library.catalog.ledger.mark_all_deleted(ids)
    if len(ids) > AT_ONCE:
        wake(service, library.catalog.jobs.create("delete", collection, {"documents": []}))
    elif ids:
        try:
            clean(library)
        except (ArchiveError, EmbedderError, FilesError) as error:  # they are out of sight; the next one cleans up
            log.warning("what was deleted is still to be removed: %s", type(error).__name__)
