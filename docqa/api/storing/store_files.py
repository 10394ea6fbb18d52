"""The files of a vector store: found, listed in pages, read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice

from openai.types.vector_stores.vector_store_file import VectorStoreFile

from docqa.api.errors import ApiError, not_found, unsupported
from docqa.api.service import Service
from docqa.api.storing.attaching import detach, remove_documents
from docqa.api.storing.filing import document_of
from docqa.api.storing.standing import FileState, Standing, unattached_rows
from docqa.registry.attachments import Attachment
from docqa.registry.stores import VectorStore
from ingest.catalog.rows import DocumentRow
from ingest.errors import NotFoundError
from ingest.types import Chunk, Condition, Filter

READ_AT_ONCE = 100
PAGES_AT_ONCE = 16


def attachment_of(service: Service, store: VectorStore, file: str) -> tuple[Attachment, DocumentRow | None]:
    """A file of a store, attached or not, and its document if there is one.

    Raises:
        ApiError: it is not in the store.
    """
    tenant = store.tenant
    try:
        attachment = service.registry.attachments.get(tenant, store.id, file)
    except NotFoundError:
        row = document_of(service, tenant, file)
        if row is None or row.collection != store.collection:
            raise not_found("file in this vector store", file) from None
        return Standing(service, store).attachment_of(row), row
    rows = service.library(tenant).catalog.holding(store.collection, [attachment.sha256])
    return attachment, rows.get(attachment.sha256)


def store_file_info(service: Service, store: VectorStore, file: str) -> VectorStoreFile:
    """A file of a store as the API shows it. Raises ApiError where it is not in the store."""
    attachment, _ = attachment_of(service, store, file)
    return Standing(service, store).attached([attachment])[0]


def page_of_files(
    service: Service,
    store: VectorStore,
    after: str,
    before: str,
    most: int,
    newest_first: bool,
    state: FileState | None,
    files: Sequence[str] | None = None,
) -> tuple[list[VectorStoreFile], bool]:
    """The next files of a store, or those of some ids, in a state if one is named; and whether there are more.

    Raises:
        ApiError: there is none to begin after, or before.
    """
    backwards = bool(before and not after)
    read = _backwards if backwards else _forwards
    try:
        every = read(service, store, after, before, newest_first, files)
        found = list(islice((each for each in every if state in (None, each.status)), most + 1))
    except NotFoundError:
        raise not_found("file in this vector store", after or before) from None
    page = found[:most]
    return page[::-1] if backwards else page, len(found) > most


def take_out(service: Service, store: VectorStore, file: str) -> None:
    """Take a file out of a store, and its document with it unless another file of the store has the same bytes.

    Raises:
        ApiError: it is not in the store, or is there by another id.
    """
    attachment, row = attachment_of(service, store, file)
    try:
        remove_documents(service, store.tenant, detach(service, store.tenant, store, attachment))
    except NotFoundError:  # a document that no upload brought
        holders = service.registry.attachments.of_documents(store.tenant, store.collection, [attachment.sha256])
        if other := holders.get(attachment.sha256):
            raise ApiError(409, f"This document is attached as '{other}'; take that file out.", "conflict") from None
        remove_documents(service, store.tenant, [row.id] if row else [])


def content_of(service: Service, store: VectorStore, file: str) -> Iterator[str]:
    """The text of a file, page by page, as pieces of one JSON object.

    Raises:
        ApiError: it is not in the store, or its text is not there yet.
    """
    row = attachment_of(service, store, file)[1]
    if row is None or row.state != "live":
        raise ApiError(409, "This file has not been taken in, so that there is no text of it.", "conflict")
    texts = _texts(service, store.tenant, row)
    first = next(texts, "")  # what is wrong with the archive is known before the answer has begun
    return _as_json(first, texts)


def _as_json(first: str, others: Iterator[str]) -> Iterator[str]:
    yield '{"object":"vector_store.file_content.page","data":['
    yield json.dumps({"type": "text", "text": first})
    for text in others:
        yield "," + json.dumps({"type": "text", "text": text})
    yield '],"has_more":false,"next_page":null}'


def _texts(service: Service, tenant: str, row: DocumentRow) -> Iterator[str]:
    """The texts of the pages that have one."""
    for begin in range(1, row.pages + 1, PAGES_AT_ONCE):
        archive = service.library(tenant).archive
        pages = (Condition("page", "ge", begin), Condition("page", "le", begin + PAGES_AT_ONCE - 1))
        ids = list(archive.ids(Filter((Condition("generation", "eq", row.generation), *pages))))
        chunks = sorted(archive.fetch(ids), key=lambda chunk: chunk.ordinal)
        for page in dict.fromkeys(chunk.page for chunk in chunks):
            yield page_text([chunk for chunk in chunks if chunk.page == page])


def page_text(chunks: Sequence[Chunk]) -> str:
    """The text of a page from its chunks, in their order; what two of them share stands there once."""
    text, end = "", 0
    for chunk in chunks:
        gap = "\n" if chunk.start > end and text else ""
        text += gap + chunk.text[max(end - chunk.start, 0) :]
        end = max(end, chunk.end)
    return text


def _forwards(
    service: Service, store: VectorStore, after: str, before: str, newest_first: bool, files: Sequence[str] | None
) -> Iterator[VectorStoreFile]:
    standing, read = Standing(service, store), service.registry.attachments.page
    own = _unattached_one(service, store, after) if after and files is None else None
    if own is None:
        while page := read(store.tenant, store.id, after, READ_AT_ONCE, newest_first, None, before, files):
            yield from standing.attached(page)
            after = page[-1].file
    if files is None and not before:
        yield from map(standing.unattached, unattached_rows(service, store, own))


def _backwards(
    service: Service, store: VectorStore, after: str, before: str, newest_first: bool, files: Sequence[str] | None
) -> Iterator[VectorStoreFile]:
    if files is None and _unattached_one(service, store, before):
        raise unsupported("before", "this file was not uploaded, and those are listed forwards only; use 'after'.")
    standing, read = Standing(service, store), service.registry.attachments.page
    while page := read(store.tenant, store.id, after, READ_AT_ONCE, newest_first, None, before, files):
        yield from reversed(standing.attached(page))
        before = page[0].file


def _unattached_one(service: Service, store: VectorStore, file: str) -> DocumentRow | None:
    try:
        service.registry.attachments.get(store.tenant, store.id, file)
        return None
    except NotFoundError:
        row = document_of(service, store.tenant, file)
        return row if row and row.collection == store.collection else None
