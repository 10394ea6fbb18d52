"""Documents, pages and chunks as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docqa.api.answers import links
from docqa.api.answers.citing import file_and_name
from docqa.api.errors import not_found
from docqa.api.schemas.documents import ChunkInfo, DocumentInfo, SearchHit
from docqa.api.service import Service
from docqa.registry.filters import Value
from ingest.catalog.rows import DocumentRow
from ingest.errors import NotFoundError
from ingest.types import Chunk, Condition, Filter, Hit


def document_of(service: Service, tenant: str, id: str) -> DocumentRow:
    """The document of an id.

    Raises:
        ApiError: the tenant has none.
    """
    try:
        return service.library(tenant).catalog.document(id)
    except NotFoundError:
        raise not_found("document", id) from None


def document_info(service: Service, tenant: str, row: DocumentRow) -> DocumentInfo:
    """A document as lists show it."""
    file, name = file_and_name(service, tenant, row)
    return DocumentInfo(
        id=row.id,
        file_id=file,
        filename=name,
        collection=row.collection,
        title=row.title,
        organisation=row.names.organisation,
        period=row.names.period,
        state=row.state,
        error=row.error,
        pages=row.pages,
        missing_pages=list(row.missing_pages),
        scanned_pages=list(row.scanned_pages),
        chunks=row.chunks,
        bytes=row.size,
        sha256=row.sha256,
        created_at=int(row.added),
    )


def chunk_info(chunk: Chunk) -> ChunkInfo:
    """A chunk as the API shows it."""
    return ChunkInfo(
        id=chunk.id,
        document=chunk.document,
        title=chunk.title,
        page=chunk.page,
        start=chunk.start,
        end=chunk.end,
        headings=list(chunk.headings),
        text=chunk.text,
    )


def chunks_of(service: Service, tenant: str, row: DocumentRow, page: int | None = None) -> list[Chunk]:
    """The chunks of a document's live version, or of one of its pages, in order."""
    if row.state != "live":
        return []
    archive = service.library(tenant).archive
    conditions = [Condition("generation", "eq", row.generation)]
    if page is not None:
        conditions.append(Condition("page", "eq", page))
    return sorted(archive.fetch(list(archive.ids(Filter(tuple(conditions))))), key=lambda chunk: chunk.ordinal)


def hits_of(service: Service, tenant: str, hits: Sequence[Hit], base: str) -> list[SearchHit]:
    """Hits with their passages, in order; what was deleted since is left out."""
    library = service.library(tenant)
    scores = {hit.id: hit.score for hit in hits}
    live = library.catalog.live({hit.generation for hit in hits})
    chunks = [chunk for chunk in library.archive.fetch([hit.id for hit in hits]) if chunk.generation in live]
    files: dict[str, tuple[str, str]] = {}
    for id in {chunk.document for chunk in chunks}:
        try:
            row = library.catalog.document(id)
        except NotFoundError:
            continue
        files[id] = file_and_name(service, tenant, row)
    return [
        SearchHit(
            score=scores[chunk.id],
            file_id=files[chunk.document][0],
            filename=files[chunk.document][1],
            collection=chunk.collection,
            chunk=chunk_info(chunk),
            page_url=base + page_path(service, tenant, chunk),
        )
        for chunk in chunks
        if chunk.document in files
    ]


def placed(attributes: Mapping[str, Value], chunk: ChunkInfo, page_url: str) -> dict[str, Value]:
    """The attributes of a passage's file, and where the passage stands: its document, page and id, and the picture."""
    return {**attributes, "document": chunk.document, "page": chunk.page, "chunk": chunk.id, "page_url": page_url}


def page_path(service: Service, tenant: str, chunk: Chunk) -> str:
    """The signed path of the picture of a chunk's page, with the chunk marked."""
    rects = [(span.x0, span.y0, span.x1, span.y1) for span in chunk.spans]
    place = (chunk.document, chunk.page, rects, (chunk.start, chunk.end))
    return links.page_path(service.registry.secret(), tenant, *place)
