"""Where the searches of a response look: in vector stores, in those of their files that a filter lets pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openai.types.responses import FileSearchTool

from docqa.api.access import Caller
from docqa.api.answers.asking import collections_of
from docqa.api.errors import ApiError
from docqa.api.responding.shape import MOST_RESULTS, Reply
from docqa.api.routes.vector_store_search import documents_passing
from docqa.api.service import Service
from docqa.api.storing.stores import store_of_id
from docqa.registry.stores import VectorStore


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents are looked at, and which results are shown.

    ``collections``: none for all. ``within``: ids of documents; None for all. ``most`` results are shown for a search,
    those with a score of at least ``threshold``.
    """

    collections: tuple[str, ...]
    within: tuple[str, ...] | None = None
    most: int = MOST_RESULTS
    threshold: float = 0.0


def scope_of(service: Service, caller: Caller, reply: Reply) -> Scope:
    """Where the searches of a response look: what its tool names, else what its model names.

    Raises:
        ApiError: there is no such model or vector store.
    """
    named = collections_of(service, caller, reply.model)
    tool = _tool_of(reply)
    if tool is None:
        return Scope(named)
    stores = _stores(service, caller, tool.vector_store_ids)
    within = None
    if tool.filters is not None:
        filters = tool.filters.to_dict()
        within = tuple(id for store in stores for id in documents_passing(service, store, filters))
    return Scope(tuple(dict.fromkeys(store.collection for store in stores)), within, *limits_of(reply))


def limits_of(reply: Reply) -> tuple[int, float]:
    """How many results of a search are shown at most, and the least score that they have."""
    tool = _tool_of(reply)
    ranking = tool.ranking_options if tool else None
    most = (tool and tool.max_num_results) or MOST_RESULTS
    return most, (ranking and ranking.score_threshold) or 0.0


def _tool_of(reply: Reply) -> FileSearchTool | None:
    return next((tool for tool in reply.tools if isinstance(tool, FileSearchTool)), None)


def _stores(service: Service, caller: Caller, ids: Sequence[str]) -> list[VectorStore]:
    stores = []
    for number, id in enumerate(ids):
        try:
            store = store_of_id(service, caller.tenant, id)
        except ApiError as error:
            param = f"tools.0.vector_store_ids.{number}"
            raise ApiError(error.status, error.message, error.code, param) from None
        service.registry.stores.touch(caller.tenant, store.id)
        stores.append(store)
    return stores
