"""What comes in with files and with uploads in parts. What goes out are OpenAI's own types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from docqa.api.schemas import Given

MOST_FILES = 10_000
FileLimit = Annotated[int, Query(ge=1, le=MOST_FILES, description="How many at most.")]
Purpose = Annotated[str | None, Query(max_length=80, description="Only files for this purpose.")]


class FileExpiry(Given):
    """When a file expires."""

    anchor: Literal["created_at"]
    seconds: int = Field(ge=3600, le=2_592_000)


class UploadRequest(Given):
    """A file that is about to come in parts."""

    bytes: int = Field(ge=1, le=2**40, description="The size of the whole file.", examples=[1048576])
    filename: str = Field(min_length=1, max_length=1000, examples=["annual-report.pdf"])
    mime_type: str = Field(max_length=200, description="Told by the content, in the end.", examples=["application/pdf"])
    purpose: str = Field(max_length=80, description="`assistants` or `user_data`.", examples=["assistants"])
    expires_after: FileExpiry | None = Field(None, description="Counted from when it is complete.")


class CompleteRequest(Given):
    """The parts of a file in their order."""

    part_ids: list[str] = Field(min_length=1, max_length=10_000, examples=[["part_0123456789abcdef0123456789abcdef"]])
    md5: str | None = Field(None, max_length=64, description="MD5 of the whole file, in hexadecimal.")


def form(
    files: dict[str, str], fields: dict[str, Any] | None = None, others: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The description of a multipart form.

    Args:
        files: its files by name, with what they are.
        fields: the schemas of the fields that it needs.
        others: the schemas of those that it may have.
    """
    binary = {name: {"type": "string", "format": "binary", "description": text} for name, text in files.items()}
    needed = binary | (fields or {})
    schema = {"type": "object", "properties": needed | (others or {}), "required": list(needed)}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
