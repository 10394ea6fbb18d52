"""Searches: one takes a snapshot, and its pages are cut from that, so that nothing comes twice or is passed over."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from docqa.api.access import Reading, TheService
from docqa.api.answers.asking import collections_of
from docqa.api.answers.citing import base_url
from docqa.api.errors import not_found
from docqa.api.schemas.documents import SearchPage, SearchRequest
from docqa.api.service import Service
from docqa.api.storing.reading import hits_of
from docqa.memory.archival import open_archival
from docqa.registry.snapshots import SnapshotRow
from ingest.errors import NotFoundError

router = APIRouter(prefix="/v1/search", tags=["search"])


@router.post("")
def search(request: Request, service: TheService, caller: Reading, asked: SearchRequest) -> SearchPage:
    """Search by meaning and words; returns the first page of what was found."""
    collections = collections_of(service, caller, asked.model)
    archival = open_archival(service.library(caller.tenant), service.settings, collections)
    found = archival.search(asked.query)
    kept = service.registry.snapshots.keep(caller.tenant, caller.user, asked.query, found.hits)
    return _page(service, caller.tenant, kept, 1, asked.page_size, base_url(service, request))


@router.get("/{snapshot}")
def get_page(
    request: Request,
    service: TheService,
    caller: Reading,
    snapshot: str,
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=50)] = 10,
) -> SearchPage:
    """A page of a snapshot. Passages of documents that were deleted since are left out."""
    try:
        kept = service.registry.snapshots.get(caller.tenant, caller.user, snapshot)
    except NotFoundError:
        raise not_found("snapshot", snapshot) from None
    return _page(service, caller.tenant, kept, page, page_size, base_url(service, request))


def _page(service: Service, tenant: str, kept: SnapshotRow, page: int, size: int, base: str) -> SearchPage:
    hits = kept.hits[(page - 1) * size : page * size]
    return SearchPage(
        snapshot=kept.id,
        query=kept.query,
        total=len(kept.hits),
        page=page,
        page_size=size,
        has_more=page * size < len(kept.hits),
        data=hits_of(service, tenant, hits, base),
    )
