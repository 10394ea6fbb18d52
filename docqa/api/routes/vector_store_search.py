"""Searches in vector stores, on request by the attributes of their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from openai.types import VectorStoreSearchResponse
from openai.types.vector_store_search_response import Content

from docqa.api.access import Reading, TheService
from docqa.api.answers.citing import base_url, filename_of, virtual_file
from docqa.api.errors import ApiError, unsupported
from docqa.api.schemas.vector_stores import Ranking, SearchResults, StoreSearch
from docqa.api.service import Service
from docqa.api.storing.reading import chunk_info, page_path, placed
from docqa.api.storing.stores import store_of_id
from docqa.errors import QuestionError
from docqa.memory.archival import open_archival
from docqa.memory.ranking import fuse
from docqa.registry.filters import matches
from docqa.registry.stores import VectorStore
from ingest.catalog.states import states
from ingest.errors import NotFoundError
from ingest.types import Chunk, Hit

router = APIRouter(prefix="/v1/vector_stores", tags=["vector stores"])
LONGEST_QUERY = 20_000
Attributes = dict[str, str | float | bool]


@router.post("/{vector_store_id}/search")
def search_store(
    request: Request, service: TheService, caller: Reading, vector_store_id: str, asked: StoreSearch
) -> SearchResults:
    """Search a vector store by meaning and words. The best result has the score 1, and the others count against it.

    Beside a file's own attributes stand `document`, `page`, `chunk` and `page_url`, a picture of the page.
    """
    store = store_of_id(service, caller.tenant, vector_store_id)
    if asked.rewrite_query:
        raise unsupported("rewrite_query", "queries are searched as they are; leave it out or use false.")
    queries = [asked.query] if isinstance(asked.query, str) else asked.query
    for query in queries:
        if not query.strip() or len(query) > LONGEST_QUERY:
            raise ApiError(400, f"A query has 1 to {LONGEST_QUERY:,} characters.", "invalid_value", "query")
    service.registry.stores.touch(caller.tenant, store.id)
    try:
        within = None if asked.filters is None else documents_passing(service, store, asked.filters)
    except QuestionError as error:
        raise ApiError(400, str(error), "invalid_value", "filters") from None
    archival = open_archival(service.library(caller.tenant), service.settings, (store.collection,), within)
    found = [archival.search(query).hits for query in queries]
    hits = found[0] if len(found) == 1 else fuse((each, 1.0) for each in found)
    best = _best(hits, asked.max_num_results, asked.ranking_options or Ranking())
    return SearchResults(search_query=queries, data=_results(service, store, best, base_url(service, request)))


def documents_passing(service: Service, store: VectorStore, filter: dict[str, Any]) -> tuple[str, ...]:
    """The ids of a store's documents whose files have attributes that pass a filter.

    Raises:
        QuestionError: it is no filter.
    """
    attachments, catalog = service.registry.attachments, service.library(store.tenant).catalog
    passing = attachments.matching(store.tenant, store.id, filter)
    unattached = matches(filter, {})  # a document that no upload brought has no attributes
    attached = {sha256 for _, sha256 in attachments.each(store.tenant, store.id)} if unattached else set()
    return tuple(
        each.document
        for each in states(catalog, store.collection)
        if each.sha256 in passing or (unattached and each.sha256 not in attached)
    )


def _best(hits: Sequence[Hit], most: int, ranking: Ranking) -> list[tuple[Hit, float]]:
    top = hits[0].score if hits else 1.0
    scored = [(hit, min(hit.score / top, 1.0) if top > 0 else 1.0) for hit in hits[:most]]
    return [(hit, score) for hit, score in scored if score >= ranking.score_threshold]


def _results(
    service: Service, store: VectorStore, best: Sequence[tuple[Hit, float]], base: str
) -> list[VectorStoreSearchResponse]:
    chunks = {chunk.id: chunk for chunk in service.library(store.tenant).archive.fetch([hit.id for hit, _ in best])}
    files = _files(service, store, list(chunks.values()))
    results = []
    for hit, score in best:
        if hit.id in chunks and hit.document in files:
            file, name, attributes = files[hit.document]
            chunk, content = chunks[hit.id], [Content(text=chunks[hit.id].text, type="text")]
            place = placed(attributes, chunk_info(chunk), base + page_path(service, store.tenant, chunk))
            results.append(
                VectorStoreSearchResponse(
                    attributes=place, content=content, file_id=file, filename=name, score=round(score, 6)
                )
            )
    return results


def _files(service: Service, store: VectorStore, chunks: Sequence[Chunk]) -> dict[str, tuple[str, str, Attributes]]:
    """The file, its name and its attributes, by document; what was deleted meanwhile is left out."""
    catalog, attachments, rows = service.library(store.tenant).catalog, service.registry.attachments, []
    for document in dict.fromkeys(chunk.document for chunk in chunks):
        try:
            rows.append(catalog.document(document))
        except NotFoundError:
            continue
    uploaded = attachments.of_documents(store.tenant, store.collection, [row.sha256 for row in rows])
    found: dict[str, tuple[str, str, Attributes]] = {}
    for row in rows:
        found[row.id] = (virtual_file(row.id), filename_of(row), {})
        try:
            if file := uploaded.get(row.sha256):
                attached = attachments.get(store.tenant, store.id, file)
                found[row.id] = (file, attached.name, attached.attributes)
        except NotFoundError:
            continue
    return found
