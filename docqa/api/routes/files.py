"""Files: uploaded as a stream, listed, fetched, deleted."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from openai.types import FileDeleted, FileObject
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from docqa.api.access import Reading, TheService, Writing
from docqa.api.errors import ApiError, ErrorAnswer, not_found
from docqa.api.schemas import After, Listed, Order, listed
from docqa.api.schemas.files import MOST_FILES, FileLimit, Purpose, form
from docqa.api.service import Service
from docqa.api.storing.contents import stream_file
from docqa.api.storing.filing import check_purpose, delete_file, expiry, file_info, file_of_id
from docqa.api.storing.receiving import Form, received
from docqa.api.storing.sweeping import sweeping
from ingest.errors import NotFoundError
from ingest.parse import sniff
from ingest.pipeline.uploads import keep

router = APIRouter(prefix="/v1/files", tags=["files"], lifespan=sweeping)
ANCHOR, SECONDS = "expires_after[anchor]", "expires_after[seconds]"
FORM = form(
    {"file": "A PDF, HTML, Markdown or plain text; its name says what it is called."},
    {"purpose": {"type": "string", "enum": ["assistants", "user_data"]}},
    {
        ANCHOR: {"type": "string", "enum": ["created_at"]},
        SECONDS: {"type": "integer", "minimum": 3600, "maximum": 2_592_000},
    },
)
REFUSED: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": text}
    for status, text in {
        408: "The body comes too slowly.",
        413: "The file is too large.",
        415: "The file is of no format that is read here.",
        507: "No space is left.",
    }.items()
}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": ErrorAnswer, "description": "This cannot be done as things stand."}
}
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.post("", openapi_extra=FORM, responses=REFUSED)
async def create_file(request: Request, service: TheService, caller: Writing) -> FileObject:
    """Upload a file. Put it into a vector store to have it searched."""
    library = await run_in_threadpool(service.library, caller.tenant)
    most, patience = service.settings.max_file_mb << 20, service.settings.body_seconds
    async with received(request, library.files, "file", most, patience, sniff) as form:
        return await run_in_threadpool(_keep, service, caller.tenant, form)


@router.get("")
def list_files(
    service: TheService,
    caller: Reading,
    purpose: Purpose = None,
    after: After = None,
    limit: FileLimit = MOST_FILES,
    order: Order = "desc",
) -> Listed[FileObject]:
    """The files that were uploaded. Documents that came in otherwise are listed by their vector stores."""
    uploads = service.library(caller.tenant).catalog.uploads
    if purpose == "part":  # of a file that is still on its way
        return listed([], [], False)
    try:
        found = uploads.page(purpose or "", after or "", limit + 1, order == "desc")
    except NotFoundError:
        raise not_found("file", after or "") from None
    shown = [file_info(each) for each in found[:limit]]
    return listed(shown, [each.id for each in shown], len(found) > limit)


@router.get("/{file_id}")
def get_file(service: TheService, caller: Reading, file_id: str) -> FileObject:
    """What is known of a file."""
    return file_info(file_of_id(service, caller.tenant, file_id))


@router.get("/{file_id}/content", response_class=StreamingResponse, responses=BYTES)
def get_content(service: TheService, caller: Reading, file_id: str) -> StreamingResponse:
    """The bytes of a file."""
    file = file_of_id(service, caller.tenant, file_id)
    return stream_file(service.library(caller.tenant), file.sha256, file.name)


@router.delete("/{file_id}", responses=CONFLICT)
def remove_file(service: TheService, caller: Writing, file_id: str) -> FileDeleted:
    """Delete a file, and take it out of every vector store."""
    delete_file(service, caller.tenant, file_id)
    return FileDeleted(id=file_id, deleted=True, object="file")


def _keep(service: Service, tenant: str, form: Form) -> FileObject:
    purpose = check_purpose(form.field("purpose"))
    seconds = form.fields.get(SECONDS)
    if seconds is not None and not (seconds.isascii() and seconds.isdecimal() and len(seconds) < 12):
        raise ApiError(400, "Seconds are a whole number.", "invalid_value", SECONDS)
    expires = expiry(form.fields.get(ANCHOR), None if seconds is None else int(seconds))
    media_type = sniff(form.receiving.head, form.filename)
    return file_info(keep(service.library(tenant), form.receiving, form.filename, purpose, media_type, expires))
