"""Files that come in parts: the parts are kept as files of their own until they are put together.

The file has the upload's own digits for its id, so that an upload which is completed once more, after a kill or an
answer that got lost, becomes the same file.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress

from openai.types import Upload as UploadInfo

from docqa.api.errors import ApiError, not_found
from docqa.api.service import Service
from docqa.api.storing.filing import file_info, files_of_ids
from docqa.registry.ids import new_id
from docqa.registry.uploads import MultipartUpload, UploadPart
from ingest.errors import DocqaError, JobError, NotFoundError
from ingest.files import Receiving
from ingest.parse import sniff
from ingest.pipeline.uploads import keep, remove

PART = "part"
"""The purpose of a part."""
MOST_PART_BYTES = 64 << 20
BLOCK = 1 << 20
SPARE_SECONDS = 3600
"""A part lives longer than its upload, which may be at the point of being completed when its time is over."""


def upload_of_id(service: Service, tenant: str, id: str) -> MultipartUpload:
    """The upload of an id; the parts of one that has waited too long are removed by this.

    Raises:
        ApiError: the tenant has none.
    """
    try:
        upload = service.registry.uploads.get(tenant, id)
    except NotFoundError:
        raise not_found("upload", id) from None
    if upload.status == "expired":
        expire(service, upload)
    return upload


def upload_info(service: Service, upload: MultipartUpload) -> UploadInfo:
    """An upload as the API shows it."""
    file = files_of_ids(service, upload.tenant, [upload.file]).get(upload.file) if upload.file else None
    return UploadInfo(
        id=upload.id,
        bytes=upload.bytes,
        created_at=int(upload.created),
        expires_at=int(upload.expires),
        filename=upload.filename,
        object="upload",
        purpose=upload.purpose,
        status=upload.status,
        file=file_info(file) if file else None,
    )


def add_part(service: Service, upload: MultipartUpload, receiving: Receiving) -> UploadPart:
    """Keep what was received as a part.

    Raises:
        ApiError: the parts are larger together than was announced.
        JobError: the upload does not wait for parts any more.
    """
    tenant, uploads, library = upload.tenant, service.registry.uploads, service.library(upload.tenant)
    if receiving.size + sum(part.size for part in uploads.parts(tenant, upload.id)) > upload.bytes:
        raise ApiError(
            400, f"The parts have more than the {upload.bytes:,} bytes of the upload.", "too_many_bytes", "data"
        )
    expires = upload.expires + SPARE_SECONDS
    kept = keep(library, receiving, PART, PART, expires=expires, id=new_id("part_"))
    try:
        return uploads.add_part(tenant, upload.id, kept.sha256, kept.size, kept.id)
    except BaseException:
        remove(library, kept.id)
        raise


def complete(service: Service, upload: MultipartUpload, part_ids: Sequence[str], md5: str) -> MultipartUpload:
    """Put the parts together to a file; one that is complete already stays as it is, and of several at once one is.

    Raises:
        ApiError: parts are missing or unknown, or the bytes are not those that were announced.
        DocumentError: the file is of no format that is read here, or is too large.
        JobError: the upload was cancelled or has expired, or another request is putting it together.
    """
    if upload.status == "completed":
        return upload
    library, file = service.library(upload.tenant), file_of(upload)
    try:
        parts = _in_order(service, upload, part_ids)
        if not library.catalog.uploads.several([file]):
            library.catalog.uploads.sweep(library.files.delete)  # what a process that was killed had begun
            _put_together(service, upload, parts, file, md5)
        done = service.registry.uploads.finish(upload.tenant, upload.id, "completed", file)
    except (ApiError, DocqaError):  # another request may have begun the file, or have closed the upload meanwhile
        done = service.registry.uploads.get(upload.tenant, upload.id)
        if done.status == "pending":
            raise
        if done.status != "completed":
            discard(service, upload)
            raise
    drop_parts(service, upload)
    return done


def cancel(service: Service, upload: MultipartUpload) -> MultipartUpload:
    """Let an upload be, and remove its parts. Raises JobError where it is complete."""
    if upload.status != "cancelled":
        upload = service.registry.uploads.finish(upload.tenant, upload.id, "cancelled")
        discard(service, upload)
    return upload


def expire(service: Service, upload: MultipartUpload) -> None:
    """Close an upload that has waited too long, and remove what is left of one that is closed."""
    uploads = service.registry.uploads
    with suppress(JobError):  # closed already
        uploads.finish(upload.tenant, upload.id, "expired")
    if uploads.get(upload.tenant, upload.id).status == "completed":
        drop_parts(service, upload)
    else:
        discard(service, upload)


def file_of(upload: MultipartUpload) -> str:
    """The id of the file that an upload becomes."""
    return f"file-{upload.id.removeprefix('upload_')}"


def discard(service: Service, upload: MultipartUpload) -> None:
    """Remove what there is of an upload that is closed and has become no file."""
    with suppress(NotFoundError):  # else whoever put it together could not say so any more
        remove(service.library(upload.tenant), file_of(upload))
    drop_parts(service, upload)


def drop_parts(service: Service, upload: MultipartUpload) -> None:
    """Remove the parts of an upload that is closed."""
    for part in service.registry.uploads.parts(upload.tenant, upload.id):
        with suppress(NotFoundError):
            remove(service.library(upload.tenant), part.id)
    service.registry.uploads.forget_parts(upload.tenant, upload.id)


def _in_order(service: Service, upload: MultipartUpload, part_ids: Sequence[str]) -> list[UploadPart]:
    known = {part.id: part for part in service.registry.uploads.parts(upload.tenant, upload.id)}
    for number, id in enumerate(part_ids):
        if id not in known:
            raise ApiError(400, f"The upload has no part '{id[:80]}'.", "invalid_value", f"part_ids.{number}")
    parts = [known[id] for id in part_ids]
    if (size := sum(part.size for part in parts)) != upload.bytes:
        told = f"These parts have {size:,} bytes, and {upload.bytes:,} were announced."
        raise ApiError(400, told, "wrong_size", "part_ids")
    return parts


def _put_together(service: Service, upload: MultipartUpload, parts: Sequence[UploadPart], file: str, md5: str) -> None:
    library, digest = service.library(upload.tenant), hashlib.md5(usedforsecurity=False)
    with library.files.receive() as receiving:
        for part in parts:
            with library.files.local(part.sha256) as path, path.open("rb") as reader:
                while block := reader.read(BLOCK):
                    receiving.write(block)
                    digest.update(block)
        if md5 and md5.lower() != digest.hexdigest():
            raise ApiError(400, f"The MD5 of these parts is {digest.hexdigest()}.", "wrong_checksum", "md5")
        media_type, lasting = sniff(receiving.head, upload.filename), upload.expires_after
        expires = time.time() + lasting if lasting else None
        keep(library, receiving, upload.filename, upload.purpose, media_type, expires, file)
