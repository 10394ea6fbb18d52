"""Vector stores: each is a collection, and each collection is one."""

from __future__ import annotations

from fastapi import APIRouter
from openai.types import VectorStore as StoreInfo
from openai.types import VectorStoreDeleted

from docqa.api.access import Caller, Reading, TheService, Writing
from docqa.api.errors import unsupported
from docqa.api.schemas import After, Before, Limit, Listed, Order, listed
from docqa.api.schemas.vector_stores import StoreChange, StoreRequest
from docqa.api.service import Service
from docqa.api.storing.attaching import attach
from docqa.api.storing.chosen import chosen, only_auto
from docqa.api.storing.stores import delete_store, page_of_stores, store_info, store_of_id
from docqa.registry.stores import VectorStore

router = APIRouter(prefix="/v1/vector_stores", tags=["vector stores"])


@router.post("")
def create_store(service: TheService, caller: Writing, asked: StoreRequest) -> StoreInfo:
    """Make a vector store, with files in it if any are named."""
    if asked.description is not None:
        raise unsupported("description", "use 'metadata'.")
    only_auto(service, asked.chunking_strategy)
    files = chosen(service, caller.tenant, asked.file_ids, "file_ids.{}")
    store = _made(service, caller, asked)
    if files:
        attach(service, store, [(file, {}) for file in files], caller.user)
    return store_info(service, store)


@router.get("")
def list_stores(
    service: TheService,
    caller: Reading,
    after: After = None,
    before: Before = None,
    limit: Limit = 20,
    order: Order = "desc",
) -> Listed[StoreInfo]:
    """The vector stores, and the collections that were made on the command line."""
    found = page_of_stores(service, caller.tenant, after or "", before or "", limit + 1, order == "desc")
    backwards = bool(before and not after)
    page = found[-limit:] if backwards else found[:limit]
    shown = [store_info(service, store) for store in page]
    return listed(shown, [store.id for store in page], len(found) > limit)


@router.get("/{vector_store_id}")
def get_store(service: TheService, caller: Reading, vector_store_id: str) -> StoreInfo:
    """A vector store, with how its files stand."""
    return store_info(service, store_of_id(service, caller.tenant, vector_store_id))


@router.post("/{vector_store_id}")
def change_store(service: TheService, caller: Writing, vector_store_id: str, asked: StoreChange) -> StoreInfo:
    """Change its name, metadata or expiry. Its collection keeps the name that it has."""
    store = store_of_id(service, caller.tenant, vector_store_id)
    given = asked.model_fields_set
    days = asked.expires_after.days if asked.expires_after else 0
    changed = service.registry.stores.update(
        caller.tenant,
        store.id,
        name=(asked.name or "") if "name" in given else None,
        metadata=(asked.metadata or {}) if "metadata" in given else None,
        expires_after_days=days if "expires_after" in given else None,
    )
    return store_info(service, changed)


@router.delete("/{vector_store_id}")
def remove_store(service: TheService, caller: Writing, vector_store_id: str) -> VectorStoreDeleted:
    """Delete a vector store with its documents. Files that were uploaded stay."""
    delete_store(service, store_of_id(service, caller.tenant, vector_store_id))
    return VectorStoreDeleted(id=vector_store_id, deleted=True, object="vector_store.deleted")


def _made(service: Service, caller: Caller, asked: StoreRequest) -> VectorStore:
    taken = {row.name for row in service.library(caller.tenant).catalog.collections()}
    days = asked.expires_after.days if asked.expires_after else None
    return service.registry.stores.create(caller.tenant, asked.name or "", taken, asked.metadata, days)
