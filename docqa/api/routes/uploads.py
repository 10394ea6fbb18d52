"""Uploads in parts, for files that are too large for one request or a connection that is not good enough for them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from openai.types import Upload
from openai.types.uploads import UploadPart
from starlette.concurrency import run_in_threadpool

from docqa.api.access import TheService, Writing
from docqa.api.routes.files import CONFLICT, REFUSED
from docqa.api.schemas.files import CompleteRequest, UploadRequest, form
from docqa.api.storing.filing import check_purpose
from docqa.api.storing.receiving import received
from docqa.api.storing.uploading import MOST_PART_BYTES, add_part, cancel, complete, upload_info, upload_of_id
from ingest.errors import TooLargeError
from ingest.pipeline.uploads import clean_name

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])
FORM = form({"data": "The bytes of the part, 64 MiB at most."})


@router.post("", responses=REFUSED)
def create_upload(service: TheService, caller: Writing, asked: UploadRequest) -> Upload:
    """Begin an upload. It waits for its parts for an hour."""
    if asked.bytes > (most := service.settings.max_file_mb) << 20:
        raise TooLargeError(f"larger than {most:,} MiB, the limit that DOCQA_MAX_FILE_MB sets")
    uploads, purpose = service.registry.uploads, check_purpose(asked.purpose)
    lasting = asked.expires_after.seconds if asked.expires_after else None
    about = (clean_name(asked.filename), purpose, asked.bytes, asked.mime_type)
    made = uploads.create(caller.tenant, *about, expires_after=lasting)
    return upload_info(service, made)


@router.post("/{upload_id}/parts", openapi_extra=FORM, responses=REFUSED | CONFLICT)
async def create_part(request: Request, service: TheService, caller: Writing, upload_id: str) -> UploadPart:
    """Add a part; parts may come in any order, and several at once."""
    upload = await run_in_threadpool(upload_of_id, service, caller.tenant, upload_id)
    library = await run_in_threadpool(service.library, caller.tenant)
    most = min(MOST_PART_BYTES, service.settings.max_file_mb << 20)
    async with received(request, library.files, "data", most, service.settings.body_seconds) as form:
        part = await run_in_threadpool(add_part, service, upload, form.receiving)
    return UploadPart(id=part.id, created_at=int(part.created), object="upload.part", upload_id=upload.id)


@router.post("/{upload_id}/complete", responses=REFUSED | CONFLICT)
def complete_upload(service: TheService, caller: Writing, upload_id: str, asked: CompleteRequest) -> Upload:
    """Put the parts together to a file, in the order of `part_ids`."""
    upload = upload_of_id(service, caller.tenant, upload_id)
    return upload_info(service, complete(service, upload, asked.part_ids, asked.md5 or ""))


@router.post("/{upload_id}/cancel", responses=CONFLICT)
def cancel_upload(service: TheService, caller: Writing, upload_id: str) -> Upload:
    """Let an upload be. No part may be added any more."""
    return upload_info(service, cancel(service, upload_of_id(service, caller.tenant, upload_id)))
