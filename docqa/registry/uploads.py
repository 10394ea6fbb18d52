"""Files that come in parts (OpenAI's Uploads): what is announced, which parts are there, what became of it.

The bytes of each part are the catalog's (``catalog.uploads`` with the purpose ``part`` and the part's id).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, delete, insert, select, update

from docqa.database import Database
from docqa.registry.ids import new_id
from docqa.registry.rows import one, storable
from docqa.registry.tables import upload_parts, uploads
from ingest.errors import JobError

KIND = "upload"
LIFETIME = 3600.0  # seconds
UploadStatus = Literal["pending", "completed", "cancelled", "expired"]


@dataclass(frozen=True, slots=True)
class MultipartUpload:
    """A file that comes in parts. ``bytes`` is how many are announced, ``file`` the id of the file that it became.

    Times are seconds since 1970. ``expires_after`` is how many seconds the file lasts; None: for ever.
    """

    id: str
    tenant: str
    filename: str
    purpose: str
    bytes: int
    mime_type: str
    created: float
    expires: float
    status: UploadStatus
    file: str
    expires_after: int | None = None


@dataclass(frozen=True, slots=True)
class UploadPart:
    """A part of it, of ``size`` bytes."""

    id: str
    upload: str
    sha256: str
    size: int
    created: float


class MultipartUploads:
    """The uploads in parts of all tenants, each method those of one; ``expired`` looks at those of all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        tenant: str,
        filename: str,
        purpose: str,
        bytes: int,
        mime_type: str,
        lifetime: float = LIFETIME,
        expires_after: int | None = None,
    ) -> MultipartUpload:
        """A new upload that waits for its parts for ``lifetime`` seconds."""
        now = time.time()
        made = MultipartUpload(new_id("upload_"), tenant, storable(filename), storable(purpose), bytes,
                               storable(mime_type), now, now + lifetime, "pending", "", expires_after)  # fmt: skip
        with self._database.writing() as connection:
            connection.execute(insert(uploads).values({n: getattr(made, n) for n in MultipartUpload.__slots__}))
        return made

    def get(self, tenant: str, id: str) -> MultipartUpload:
        """The upload with an id; one that waited too long has the status ``expired``.

        Raises:
            NotFoundError: the tenant has none.
        """
        with self._database.reading() as connection:
            return _upload(one(connection, uploads, tenant, KIND, id))

    def add_part(self, tenant: str, id: str, sha256: str, size: int, part: str = "") -> UploadPart:
        """Note a part whose bytes are kept already.

        Args:
            tenant: whose.
            id: of the upload.
            sha256: of the part's bytes.
            size: how many they are.
            part: the part's id; empty: a new one.

        Raises:
            NotFoundError: the tenant has no such upload.
            JobError: it does not wait for parts any more.
        """
        made = UploadPart(part or new_id("part_"), id, sha256, size, time.time())
        with self._database.writing() as connection:
            _pending(_upload(one(connection, uploads, tenant, KIND, id, lock="write")))
            values = {name: getattr(made, name) for name in UploadPart.__slots__}
            connection.execute(insert(upload_parts).values(**values, tenant=tenant))
        return made

    def parts(self, tenant: str, id: str) -> list[UploadPart]:
        """The parts of an upload in the order in which they came.

        Raises:
            NotFoundError: the tenant has no such upload.
        """
        with self._database.reading() as connection:
            row = one(connection, uploads, tenant, KIND, id)
            chosen = select(upload_parts).where(upload_parts.c.upload == row.id)
            ordered = chosen.order_by(upload_parts.c.created, upload_parts.c.id)
            return [_part(each) for each in connection.execute(ordered)]

    def finish(self, tenant: str, id: str, status: UploadStatus, file: str = "") -> MultipartUpload:
        """Close an upload that waits for parts; of several that try at once one succeeds.

        Raises:
            NotFoundError: the tenant has no such upload.
            JobError: it does not wait any more.
        """
        with self._database.writing() as connection:
            upload = _upload(one(connection, uploads, tenant, KIND, id, lock="write"))
            if status != "expired" or upload.status != "expired":
                _pending(upload)
            closed = update(uploads).where(uploads.c.id == upload.id).values(status=status, file=file)
            connection.execute(closed)
            return _upload(one(connection, uploads, tenant, KIND, id))

    def reopen(self, tenant: str, id: str) -> None:
        """Let an upload that could not be put together after all wait for parts again."""
        with self._database.writing() as connection:
            row = one(connection, uploads, tenant, KIND, id)
            connection.execute(update(uploads).where(uploads.c.id == row.id).values(status="pending", file=""))

    def forget_parts(self, tenant: str, id: str) -> None:
        """Forget the parts of an upload, after their bytes."""
        with self._database.writing() as connection:
            row = one(connection, uploads, tenant, KIND, id)
            connection.execute(delete(upload_parts).where(upload_parts.c.upload == row.id))

    def expired(self, most: int = 100) -> list[MultipartUpload]:
        """Uploads of all tenants that have waited too long and were not closed as ``expired`` yet, the oldest first."""
        waiting = (uploads.c.status == "pending", uploads.c.expires <= time.time())
        with self._database.reading() as connection:
            chosen = select(uploads).where(*waiting).order_by(uploads.c.expires).limit(most)
            return [_upload(row) for row in connection.execute(chosen)]

    def lingering(self, most: int = 100) -> list[MultipartUpload]:
        """Uploads of all tenants that are closed and still have parts: whoever closed them was killed."""
        parts = select(upload_parts.c.upload).join(uploads, uploads.c.id == upload_parts.c.upload)
        left = parts.where(uploads.c.status != "pending").distinct().limit(most)
        with self._database.reading() as connection:
            ids = list(connection.scalars(left))
            return [_upload(row) for row in connection.execute(select(uploads).where(uploads.c.id.in_(ids)))]


def _pending(upload: MultipartUpload) -> None:
    if upload.status != "pending":
        raise JobError(f"The upload '{upload.id}' is {upload.status} and takes nothing more; begin a new one.")


def _upload(row: Row[Any]) -> MultipartUpload:
    values = {name: getattr(row, name) for name in MultipartUpload.__slots__}
    if row.status == "pending" and row.expires <= time.time():
        values["status"] = "expired"
    return MultipartUpload(**values)


def _part(row: Row[Any]) -> UploadPart:
    return UploadPart(**{name: getattr(row, name) for name in UploadPart.__slots__})
