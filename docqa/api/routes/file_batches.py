"""Batches: files that go into a vector store together, by one job."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter
from openai.types.vector_stores import VectorStoreFile, VectorStoreFileBatch
from openai.types.vector_stores.vector_store_file_batch import FileCounts

from docqa.api.access import Reading, TheService, Writing
from docqa.api.errors import ApiError, not_found
from docqa.api.schemas import After, Before, Limit, Listed, Order, listed
from docqa.api.schemas.vector_stores import BatchRequest, FileStatus, StoreFileRequest
from docqa.api.service import Service
from docqa.api.storing.attaching import attach
from docqa.api.storing.chosen import chosen, only_auto
from docqa.api.storing.standing import counts_of_batch, files_of_batch
from docqa.api.storing.store_files import page_of_files
from docqa.api.storing.stores import store_of_id
from docqa.registry.batches import Batch, batch_id
from docqa.registry.stores import VectorStore
from ingest.errors import JobError, NotFoundError

router = APIRouter(prefix="/v1/vector_stores/{vector_store_id}/file_batches", tags=["vector stores"])


@router.post("")
def create_batch(
    service: TheService, caller: Writing, vector_store_id: str, asked: BatchRequest
) -> VectorStoreFileBatch:
    """Put files into a vector store together."""
    store = store_of_id(service, caller.tenant, vector_store_id)
    wanted = _wanted(asked)
    for chunking in (asked.chunking_strategy, *(each.chunking_strategy for each in wanted)):
        only_auto(service, chunking)
    attributes = {each.file_id: each.attributes or {} for each in wanted}
    files = chosen(service, caller.tenant, list(attributes), "files.{}.file_id" if asked.files else "file_ids.{}")
    id = batch_id()
    job = attach(service, store, [(file, attributes[file.id]) for file in files], caller.user, id)
    batch = service.registry.batches.create(caller.tenant, store.id, job, id)
    service.registry.stores.touch(caller.tenant, store.id)
    return _info(service, store, batch)


@router.get("/{batch_id}")
def get_batch(service: TheService, caller: Reading, vector_store_id: str, batch_id: str) -> VectorStoreFileBatch:
    """How a batch stands."""
    store = store_of_id(service, caller.tenant, vector_store_id)
    return _info(service, store, _known(service, store, batch_id))


@router.post("/{batch_id}/cancel")
def cancel_batch(service: TheService, caller: Writing, vector_store_id: str, batch_id: str) -> VectorStoreFileBatch:
    """Take no further file of a batch in. Those that are complete stay."""
    store = store_of_id(service, caller.tenant, vector_store_id)
    batch = _known(service, store, batch_id)
    with suppress(JobError, NotFoundError):  # it is over, and stays as it is
        service.library(caller.tenant).catalog.jobs.cancel(batch.job)
        batch = service.registry.batches.update(caller.tenant, batch.id, cancelled=True)
    return _info(service, store, batch)


@router.get("/{batch_id}/files")
def list_batch_files(
    service: TheService,
    caller: Reading,
    vector_store_id: str,
    batch_id: str,
    status: FileStatus = None,
    after: After = None,
    before: Before = None,
    limit: Limit = 20,
    order: Order = "desc",
) -> Listed[VectorStoreFile]:
    """The files of a batch."""
    store = store_of_id(service, caller.tenant, vector_store_id)
    files = files_of_batch(service, store, _known(service, store, batch_id))
    page, more = page_of_files(service, store, after or "", before or "", limit, order == "desc", status, files)
    return listed(page, [each.id for each in page], more)


def _wanted(asked: BatchRequest) -> list[StoreFileRequest]:
    if (asked.files is None) == (asked.file_ids is None):
        raise ApiError(400, "A batch takes either 'file_ids' or 'files'.", "invalid_value", "file_ids")
    return asked.files or [StoreFileRequest(file_id=id, attributes=asked.attributes) for id in asked.file_ids or ()]


def _known(service: Service, store: VectorStore, id: str) -> Batch:
    try:
        return service.registry.batches.get(store.tenant, store.id, id)
    except NotFoundError:
        raise not_found("file batch in this vector store", id) from None


def _info(service: Service, store: VectorStore, batch: Batch) -> VectorStoreFileBatch:
    counts = counts_of_batch(service, store, batch)
    by_state = counts.by_state
    if by_state["in_progress"]:
        status = "in_progress"
    elif batch.cancelled or by_state["cancelled"]:
        status = "cancelled"
    else:
        status = "failed" if counts.total and by_state["failed"] == counts.total else "completed"
    return VectorStoreFileBatch(
        id=batch.id,
        created_at=int(batch.created),
        file_counts=FileCounts(**by_state, total=counts.total),
        object="vector_store.files_batch",
        status=status,
        vector_store_id=store.id,
    )
