"""Files as OpenAI's API names them: those that were uploaded, and every document that came in by another way.

A document that was not uploaded is a file too, whose id is made of the document's. Attached to another store it
becomes an uploaded one of the same id.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from openai.types import FileObject

from docqa.api.answers.citing import filename_of
from docqa.api.errors import ApiError, not_found, unsupported
from docqa.api.service import Service
from docqa.api.storing.attaching import detach, remove_documents
from ingest.catalog.rows import DocumentRow
from ingest.catalog.uploads import Upload
from ingest.errors import JobError, NotFoundError
from ingest.pipeline import uploads

FILE = re.compile(r"file-([0-9a-f]{32})")
PURPOSES = ("assistants", "user_data")
OTHERS = ("batch", "fine-tune", "vision", "evals")
SHORTEST, LONGEST = 3600, 30 * 86_400
"""Seconds after which a file may expire, as OpenAI allows them."""


def file_info(upload: Upload) -> FileObject:
    """A file as the API shows it."""
    return FileObject(
        id=upload.id,
        bytes=upload.size,
        created_at=int(upload.created),
        filename=upload.name,
        object="file",
        purpose="user_data" if upload.purpose == "user_data" else "assistants",
        status="processed",
        expires_at=None if upload.expires is None else int(upload.expires),
        status_details=None,
    )


def file_of_id(service: Service, tenant: str, id: str, param: str | None = None) -> Upload:
    """The file of an id, whether it was uploaded or is a document's.

    Raises:
        ApiError: the tenant has none; ``param`` is the field at fault.
    """
    if found := files_of_ids(service, tenant, [id]):
        return found[id]
    error = not_found("file", id)
    raise ApiError(error.status, error.message, error.code, param)


def files_of_ids(service: Service, tenant: str, ids: list[str]) -> dict[str, Upload]:
    """Those of these files that there are, by id; the uploaded ones are ``ready``."""
    wanted = [id for id in ids if FILE.fullmatch(id)]
    found = service.library(tenant).catalog.uploads.several(wanted)
    for id in wanted:
        if id not in found and (row := document_of(service, tenant, id)):
            found[id] = Upload(id, row.sha256, row.size, filename_of(row), PURPOSES[0], created=row.added)
    return found


def document_of(service: Service, tenant: str, file: str) -> DocumentRow | None:
    """The document whose own file id this is; None where there is none."""
    known = FILE.fullmatch(file)
    try:
        return service.library(tenant).catalog.document(str(UUID(known[1]))) if known else None
    except NotFoundError:
        return None


def adopt(service: Service, tenant: str, upload: Upload) -> None:
    """Make a document's file one that keeps its bytes itself, so that it can be attached."""
    own = service.library(tenant).catalog.uploads
    with suppress(JobError):  # another request was quicker
        own.begin(replace(upload, name=uploads.clean_name(upload.name)))
    own.ready(upload.id)


def delete_file(service: Service, tenant: str, id: str) -> None:
    """Delete a file, and the documents that were made of it in any store.

    Raises:
        ApiError: the tenant has none, or it is a document's whose bytes are attached by another id.
    """
    file_of_id(service, tenant, id)
    row = document_of(service, tenant, id)
    forget_file(service, tenant, id)
    if row is None or document_of(service, tenant, id) is None:
        return
    if other := service.registry.attachments.of_documents(tenant, row.collection, [row.sha256]).get(row.sha256):
        raise ApiError(409, f"This document is attached as '{other}'; delete that file.", "conflict")
    remove_documents(service, tenant, [row.id])


def forget_file(service: Service, tenant: str, id: str) -> None:
    """Take a file out of every store, and delete it if it was uploaded, whether its time is over or not."""
    _take_out_everywhere(service, tenant, id)  # first: killed in between, it can be deleted once more
    with suppress(NotFoundError):  # a document's, or somebody was quicker
        uploads.remove(service.library(tenant), id)
    _take_out_everywhere(service, tenant, id)  # where it was put in meanwhile; from now on it cannot be


def _take_out_everywhere(service: Service, tenant: str, id: str) -> None:
    documents = list[str]()
    for attachment in service.registry.attachments.of_file(tenant, id):
        with suppress(NotFoundError):  # taken out meanwhile, by itself or with its store
            store = service.registry.stores.get(tenant, attachment.store)
            documents += detach(service, tenant, store, attachment)
    remove_documents(service, tenant, documents)


def check_purpose(purpose: str) -> str:
    """A purpose that docqa serves. Raises ApiError for another one."""
    if purpose in PURPOSES:
        return purpose
    instead = f"use '{PURPOSES[0]}' or '{PURPOSES[1]}'."
    if purpose in OTHERS:
        raise unsupported("purpose", f"files for '{purpose}' are not used here; {instead}")
    raise ApiError(400, f"There is no purpose '{purpose[:80]}'; {instead}", "invalid_value", "purpose")


def expiry(anchor: str | None, seconds: int | None) -> float | None:
    """When a file expires whose upload gave these fields of ``expires_after``; None: never.

    Raises:
        ApiError: one of them is missing or wrong.
    """
    if anchor is None and seconds is None:
        return None
    if anchor != "created_at":
        raise ApiError(400, "A file's anchor is 'created_at'.", "invalid_value", "expires_after[anchor]")
    if seconds is None or not SHORTEST <= seconds <= LONGEST:
        told = f"A file may expire after {SHORTEST:,} to {LONGEST:,} seconds."
        raise ApiError(400, told, "invalid_value", "expires_after[seconds]")
    return time.time() + seconds
