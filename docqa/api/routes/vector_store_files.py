"""Files in vector stores: put in, followed until they are taken in, read, taken out."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from openai.types.vector_stores import VectorStoreFile, VectorStoreFileDeleted
from starlette.responses import StreamingResponse

from docqa.api.access import Reading, TheService, Writing
from docqa.api.routes.files import CONFLICT
from docqa.api.schemas import After, Before, Limit, Listed, Order, listed
from docqa.api.schemas.vector_stores import AttributesChange, FileContent, FileStatus, StoreFileRequest
from docqa.api.storing.attaching import attach
from docqa.api.storing.chosen import chosen, only_auto
from docqa.api.storing.standing import Standing
from docqa.api.storing.store_files import attachment_of, content_of, page_of_files, store_file_info, take_out
from docqa.api.storing.stores import store_of_id
from ingest.errors import NotFoundError

router = APIRouter(prefix="/v1/vector_stores/{vector_store_id}/files", tags=["vector stores"])


@router.post("")
def create_store_file(
    service: TheService, caller: Writing, vector_store_id: str, asked: StoreFileRequest
) -> VectorStoreFile:
    """Put a file into a vector store; what failed or was cancelled is tried anew."""
    store = store_of_id(service, caller.tenant, vector_store_id)
    only_auto(service, asked.chunking_strategy)
    (file,) = chosen(service, caller.tenant, [asked.file_id], "file_id")
    attach(service, store, [(file, asked.attributes or {})], caller.user)
    service.registry.stores.touch(caller.tenant, store.id)
    return store_file_info(service, store, file.id)


@router.get("")
def list_store_files(
    service: TheService,
    caller: Reading,
    vector_store_id: str,
    status: FileStatus = None,
    after: After = None,
    before: Before = None,
    limit: Limit = 20,
    order: Order = "desc",
) -> Listed[VectorStoreFile]:
    """The files of a vector store: those that were put in by time, then documents that came in otherwise by name."""
    store = store_of_id(service, caller.tenant, vector_store_id)
    page, more = page_of_files(service, store, after or "", before or "", limit, order == "desc", status)
    return listed(page, [each.id for each in page], more)


@router.get("/{file_id}")
def get_store_file(service: TheService, caller: Reading, vector_store_id: str, file_id: str) -> VectorStoreFile:
    """How a file of a vector store stands."""
    store = store_of_id(service, caller.tenant, vector_store_id)
    return store_file_info(service, store, file_id)


@router.post("/{file_id}")
def change_store_file(
    service: TheService, caller: Writing, vector_store_id: str, file_id: str, asked: AttributesChange
) -> VectorStoreFile:
    """Replace the attributes of a file in a vector store."""
    store = store_of_id(service, caller.tenant, vector_store_id)
    attachments, attributes = service.registry.attachments, asked.attributes or {}
    try:
        attachments.update_attributes(caller.tenant, store.id, file_id, attributes)
    except NotFoundError:
        if row := attachment_of(service, store, file_id)[1]:  # a document's that no upload brought
            attachments.add(
                caller.tenant, [replace(Standing(service, store).attachment_of(row), attributes=attributes)]
            )
    return store_file_info(service, store, file_id)


@router.get(
    "/{file_id}/content",
    response_class=StreamingResponse,
    responses={200: {"model": FileContent, "content": {"application/json": {}}}, **CONFLICT},
)
def get_store_file_content(
    service: TheService, caller: Reading, vector_store_id: str, file_id: str
) -> StreamingResponse:
    """The text of a file as it was read, page by page."""
    store = store_of_id(service, caller.tenant, vector_store_id)
    return StreamingResponse(content_of(service, store, file_id), media_type="application/json")


@router.delete("/{file_id}", responses=CONFLICT)
def remove_store_file(
    service: TheService, caller: Writing, vector_store_id: str, file_id: str
) -> VectorStoreFileDeleted:
    """Take a file out of a vector store. The file itself stays, if it was uploaded."""
    store = store_of_id(service, caller.tenant, vector_store_id)
    take_out(service, store, file_id)
    return VectorStoreFileDeleted(id=file_id, deleted=True, object="vector_store.file.deleted")
