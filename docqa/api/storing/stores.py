"""Vector stores: found, shown, deleted. Every collection is one, whoever made it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from openai.types import VectorStore as StoreInfo
from openai.types.vector_store import ExpiresAfter, FileCounts

from docqa.api.errors import not_found
from docqa.api.service import Service
from docqa.api.storing.attaching import remove_documents
from docqa.api.storing.standing import counts_of
from docqa.registry.stores import VectorStore
from ingest.catalog import Catalog
from ingest.catalog.states import states
from ingest.errors import JobError, NotFoundError

READ_AT_ONCE = 100
MOST_JOBS = 10_000
LOOKS = 3
"""How often the documents of a store that is deleted are looked for: some may come in at this moment."""


def store_of_id(service: Service, tenant: str, id: str) -> VectorStore:
    """The store of an id; one that has expired is deleted by this.

    Raises:
        ApiError: the tenant has none.
    """
    stores = service.registry.stores
    try:
        store = stores.get(tenant, id)
    except NotFoundError:
        try:  # it may be of a collection that was made on the command line
            stores.ensure(tenant, collections_in_use(service.library(tenant).catalog))
            store = stores.get(tenant, id)
        except NotFoundError:
            raise not_found("vector store", id) from None
    if has_expired(store):
        delete_store(service, store)
        raise not_found("vector store", id)
    return store


def page_of_stores(
    service: Service, tenant: str, after: str, before: str, most: int, newest_first: bool
) -> list[VectorStore]:
    """The next stores that have not expired, by the time when they were made.

    Raises:
        ApiError: there is none to begin after, or before.
    """
    service.registry.stores.ensure(tenant, collections_in_use(service.library(tenant).catalog))
    try:
        if before and not after:
            page = service.registry.stores.page(tenant, "", most, newest_first, before)
            return [store for store in page if not has_expired(store)]
        every = _stores(service, tenant, after, before, newest_first)
        return list(islice((store for store in every if not has_expired(store)), most))
    except NotFoundError:
        raise not_found("vector store", after or before) from None


def _stores(service: Service, tenant: str, after: str, before: str, newest_first: bool) -> Iterator[VectorStore]:
    while page := service.registry.stores.page(tenant, after, READ_AT_ONCE, newest_first, before):
        yield from page
        after = page[-1].id


def collections_in_use(catalog: Catalog) -> list[str]:
    """The names of the collections that hold documents, other than those that are still to be removed."""
    held = catalog.collections()
    return [row.name for row in held if row.documents or row.failed or states(catalog, row.name)]


def has_expired(store: VectorStore) -> bool:
    """Whether its time is over."""
    return store.expires is not None and store.expires <= time.time()


def store_info(service: Service, store: VectorStore) -> StoreInfo:
    """A store as the API shows it, with the states of its files."""
    counts = counts_of(service, store)
    days = store.expires_after_days
    return StoreInfo(
        id=store.id,
        created_at=int(store.created),
        file_counts=FileCounts(**counts.by_state, total=counts.total),
        last_active_at=int(store.last_active),
        metadata=store.metadata,
        name=store.name,
        object="vector_store",
        status="in_progress" if counts.by_state["in_progress"] else "completed",
        usage_bytes=counts.bytes,
        expires_after=ExpiresAfter(anchor="last_active_at", days=days) if days else None,
        expires_at=int(store.expires) if store.expires else None,
    )


def delete_store(service: Service, store: VectorStore) -> None:
    """Delete a store with its documents, and cancel what is taken into it. Uploaded files stay.

    Nothing finds it from the beginning on; killed in between, it is deleted by the next sweep.
    """
    with suppress(NotFoundError):  # somebody was quicker
        service.registry.stores.leave(store.tenant, store.id)
        for _ in range(LOOKS):
            if not _emptied(service, store):
                break
        service.registry.stores.delete(store.tenant, store.id)


def _emptied(service: Service, store: VectorStore) -> int:
    """Cancel what is taken into a store and remove its documents; returns how many they were."""
    catalog = service.library(store.tenant).catalog
    for job in catalog.jobs.newest(("running", "paused"), MOST_JOBS):
        if job.collection == store.collection and job.kind == "ingest":
            with suppress(JobError):  # it has ended meanwhile
                catalog.jobs.cancel(job.id)
    documents = [each.document for each in states(catalog, store.collection)]
    remove_documents(service, store.tenant, documents, store.collection)
    return len(documents)
