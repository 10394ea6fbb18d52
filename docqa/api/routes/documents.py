"""Documents: what is known of them, their pages and chunks, and pictures of pages with a quote marked."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from docqa.api import links
from docqa.api.access import Bearer, Reading, TheService, Writing, caller_of
from docqa.api.citing import base_url, filename_of
from docqa.api.contents import stream_file
from docqa.api.errors import ApiError, not_found
from docqa.api.reading import chunk_info, chunks_of, document_info, document_of
from docqa.api.routes.files import BYTES
from docqa.api.schemas import After, Deleted, Limit, Listed, listed
from docqa.api.schemas.documents import ChunkInfo, DocumentDetail, DocumentInfo, OutlineItem, PageInfo
from ingest.pipeline import delete
from ingest.types import Rect

router = APIRouter(prefix="/v1/documents", tags=["documents"])
PageNumber = Annotated[int, Query(ge=1, le=10**6)]
MOST_RECTS = 200
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
    return stream_file(service.library(caller.tenant), row.sha256, filename_of(row))


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
        str, Query(max_length=12_000, description="Rectangles x0,y0,x1,y1 in PDF points, with ';' between them.")
    ] = "",
    scale: Annotated[float, Query(ge=0.25, le=4, description="Pixels for each PDF point.")] = 1.5,
    tenant: Annotated[str, Query(max_length=64)] = "",
    expires: Annotated[int, Query(ge=0, le=2**53)] = 0,
    signature: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """A picture of a page, with rectangles marked. A citation's link carries a signature in place of a key."""
    secret = service.registry.secret()
    if not (signature and links.is_valid(secret, tenant, document, page, expires, signature)):
        tenant = _reader(request, service, bearer)
    rects = _rects(highlight)
    row = document_of(service, tenant, document)
    if not 1 <= page <= row.pages:
        raise not_found("page", str(page))
    with service.library(tenant).files.local(row.sha256) as path:
        picture = service.pool.render(path, filename_of(row), page, scale, rects)
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
    path = links.page_path(service.registry.secret(), caller.tenant, row.id, page, ())
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


def _rects(text: str) -> list[Rect]:
    try:
        found = [tuple(float(number) for number in each.split(",")) for each in text.split(";") if each]
    except ValueError:
        found = [()]
    if len(found) > MOST_RECTS or any(len(each) != 4 or not all(map(math.isfinite, each)) for each in found):
        raise ApiError(
            400, f"At most {MOST_RECTS} rectangles x0,y0,x1,y1 with ';' between them.", "invalid_value", "highlight"
        )
    return [(each[0], each[1], each[2], each[3]) for each in found]
