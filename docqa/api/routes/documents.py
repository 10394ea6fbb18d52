"""Documents: what is known of them, their pages and chunks, and pictures of pages with a quote marked."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from docqa.api.access import Bearer, Reading, TheService, Writing, caller_of
from docqa.api.answers import links
from docqa.api.answers.citing import base_url, file_and_name, filename_of
from docqa.api.errors import ApiError, not_found
from docqa.api.routes.files import BYTES
from docqa.api.schemas import After, Deleted, Limit, Listed, listed
from docqa.api.schemas.documents import ChunkInfo, DocumentDetail, DocumentInfo, OutlineItem, PageInfo
from docqa.api.storing.contents import stream_file
from docqa.api.storing.reading import chunk_info, chunks_of, document_info, document_of
from ingest.pipeline import delete
from ingest.types import Rect

router = APIRouter(prefix="/v1/documents", tags=["documents"])
PageNumber = Annotated[int, Query(ge=1, le=10**6)]
MOST_MARKS = 200
NUMBER = r"(-?\d{1,7}(?:\.\d{1,9})?)"
RECT = re.compile(",".join([NUMBER] * 4))
RANGE = re.compile(r"(\d{1,9})-(\d{1,9})")
PICTURE: dict[int | str, dict[str, object]] = {200: {"content": {"image/png": {}}, "description": "The picture."}}


@router.get("")
def list_documents(
    service: TheService,
    caller: Reading,
    collection: Annotated[str | None, Query(max_length=64)] = None,
    after: After = None,
    limit: Limit = 20,
) -> Listed[DocumentInfo]:
    """The documents, by collection and place."""
    catalog = service.library(caller.tenant).catalog
    last = document_of(service, caller.tenant, after) if after else None
    key = (last.collection, last.source, last.id) if last else None
    rows = catalog.page([collection] if collection else (), key, limit + 1)
    shown = [document_info(service, caller.tenant, row) for row in rows[:limit]]
    return listed(shown, [each.id for each in shown], len(rows) > limit)


@router.get("/{document}")
def get_document(service: TheService, caller: Reading, document: str) -> DocumentDetail:
    """A document with its outline."""
    row = document_of(service, caller.tenant, document)
    survey = service.library(caller.tenant).catalog.survey(row.id)
    outline = [OutlineItem(level=e.level, title=e.title, page=e.page) for e in (survey.outline if survey else ())]
    return DocumentDetail(**document_info(service, caller.tenant, row).model_dump(), outline=outline)


@router.delete("/{document}")
def delete_document(service: TheService, caller: Writing, document: str) -> Deleted:
    """Delete a document from its collection. A file that was uploaded stays until it is deleted itself."""
    row = document_of(service, caller.tenant, document)
    delete(service.library(caller.tenant), row.id)
    return Deleted(id=row.id, object="document.deleted")


@router.get("/{document}/content", response_class=StreamingResponse, responses=BYTES)
def get_content(service: TheService, caller: Reading, document: str) -> StreamingResponse:
    """The original file."""
    row = document_of(service, caller.tenant, document)
    return stream_file(service.library(caller.tenant), row.sha256, file_and_name(service, caller.tenant, row)[1])


@router.get("/{document}/chunks")
def list_chunks(
    service: TheService,
    caller: Reading,
    document: str,
    page: PageNumber | None = None,
    after: After = None,
    limit: Limit = 20,
) -> Listed[ChunkInfo]:
    """The chunks of a document, or of one of its pages, in order."""
    row = document_of(service, caller.tenant, document)
    chunks = chunks_of(service, caller.tenant, row, page)
    begin = 0
    if after:
        place = next((number for number, chunk in enumerate(chunks, 1) if chunk.id == after), 0)
        if not place:
            raise not_found("chunk", after)
        begin = place
    some = chunks[begin : begin + limit]
    return listed([chunk_info(chunk) for chunk in some], [chunk.id for chunk in some], begin + limit < len(chunks))


@router.get("/{document}/pages/{page}.png", response_class=Response, responses=PICTURE)
def get_picture(
    request: Request,
    service: TheService,
    bearer: Bearer,
    document: str,
    page: int,
    highlight: Annotated[
        str,
        Query(
            max_length=12_000,
            description="What to mark, ';' between: x0,y0,x1,y1 in PDF points, or start-end of the page's characters.",
        ),
    ] = "",
    scale: Annotated[float, Query(ge=0.25, le=4, description="Pixels for each PDF point.")] = 1.5,
    tenant: Annotated[str, Query(max_length=64)] = "",
    expires: Annotated[int, Query(ge=0, le=2**53)] = 0,
    signature: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """A picture of a page, with rectangles marked. A citation's link carries a signature in place of a key."""
    secret = service.registry.secret()
    if not (signature and links.is_valid(secret, tenant, document, page, highlight, expires, signature)):
        if signature and bearer is None:
            raise ApiError(401, "This link has expired or was changed: GET /v1/runs/… gives a new one.", "invalid_link")
        tenant = _reader(request, service, bearer)
    rects, ranges = _marks(highlight)
    row = document_of(service, tenant, document)
    if not 1 <= page <= row.pages:
        raise not_found("page", str(page))
    with service.library(tenant).files.local(row.sha256) as path:
        picture = service.pool.render(path, filename_of(row), page, scale, rects, ranges)
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


@router.get("/{document}/pages/{page}")
def get_page(request: Request, service: TheService, caller: Reading, document: str, page: int) -> PageInfo:
    """The text of a page."""
    row = document_of(service, caller.tenant, document)
    if not 1 <= page <= row.pages:
        raise not_found("page", str(page))
    chunks = chunks_of(service, caller.tenant, row, page)
    text, end = "", 0
    for chunk in chunks:  # they overlap
        gap = "\n" if chunk.start > end and text else ""
        text += gap + chunk.text[max(end - chunk.start, 0) :]
        end = max(end, chunk.end)
    path = links.page_path(service.registry.secret(), caller.tenant, row.id, page)
    return PageInfo(
        document=row.id,
        page=page,
        text=text,
        chunks=[chunk.id for chunk in chunks],
        page_url=base_url(service, request) + path,
    )


def _reader(request: Request, service: TheService, bearer: Bearer) -> str:
    """The tenant of a caller who may read."""
    caller = caller_of(request, service, bearer)
    if not caller.may("read"):
        raise ApiError(403, "This key lacks the scope 'read'.", "insufficient_permissions")
    return caller.tenant


def _marks(text: str) -> tuple[list[Rect], list[tuple[int, int]]]:
    """The rectangles, and the ranges of characters, that are to be marked."""
    rects: list[Rect] = []
    ranges: list[tuple[int, int]] = []
    for each in filter(None, text.split(";")[: MOST_MARKS + 1]):
        if match := RANGE.fullmatch(each):
            ranges.append((int(match[1]), int(match[2])))
        elif match := RECT.fullmatch(each):
            rects.append((float(match[1]), float(match[2]), float(match[3]), float(match[4])))
        else:
            raise ApiError(400, f"'{each[:40]}' is neither a rectangle nor a range.", "invalid_value", "highlight")
    if len(rects) + len(ranges) > MOST_MARKS:
        raise ApiError(400, f"At most {MOST_MARKS} marks.", "invalid_value", "highlight")
    return rects, ranges
