"""From a request to a run: which documents it is about, and whether its key may have one more run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.concurrency import run_in_threadpool

from docqa.answering import Asked, Live
from docqa.api.access import Caller
from docqa.api.answers.remembering import known_as
from docqa.api.errors import ApiError, not_found
from docqa.api.http.observing import run_begun
from docqa.api.service import Service
from docqa.api.storing.stores import collections_in_use, has_expired
from docqa.registry.runs import run_id
from docqa.registry.stores import VectorStore
from ingest.errors import NotFoundError

EVERYTHING = "docqa"
"""The model that stands for all documents that a key may read."""
LATE_SECONDS = 60.0
"""How long after the longest run the place of one is free again, should nobody give it back."""


def collections_of(service: Service, caller: Caller, model: str) -> tuple[str, ...]:
    """The collections that ``model`` names: empty for all; a vector store's id or a collection's name, used by this.

    Raises:
        ApiError: there is no such collection, or its store has expired.
    """
    if model == EVERYTHING:
        return ()
    try:
        store = _store_of(service, caller.tenant, model)
        if has_expired(store):
            raise _unknown(model)
        service.registry.stores.touch(caller.tenant, store.id)
    except NotFoundError:
        raise _unknown(model) from None
    return (store.collection,)


def _store_of(service: Service, tenant: str, model: str) -> VectorStore:
    stores = service.registry.stores
    if model.startswith("vs_"):
        return stores.get(tenant, model)
    called = [store for id in stores.called(tenant, model) if not has_expired(store := stores.get(tenant, id))]
    if len(called) > 1:
        told = (
            f"Several vector stores are called '{model[:80]}': name one by its id ({', '.join(s.id for s in called)})."
        )
        raise ApiError(400, told, "ambiguous_model", "model")
    if model in collections_in_use(service.library(tenant).catalog):
        return stores.of_collection(tenant, model)
    return called[0] if called else stores.named(tenant, model)


async def begin(
    service: Service, caller: Caller, asked: Asked, conversation: str = ""
) -> tuple[Live, Callable[[], None]]:
    """Start a run for a caller; returns it, and what has to be called when it is over.

    Args:
        service: where it runs.
        caller: who asks.
        asked: the question.
        conversation: the id of its conversation that the client knows.

    Raises:
        ApiError: the key has as many runs as it may, or the conversation was deleted meanwhile.
        DocqaError: see ``Answering.start``.
    """
    with known_as(conversation):
        return await run_in_threadpool(_begin, service, caller, asked)


def _begin(service: Service, caller: Caller, asked: Asked) -> tuple[Live, Callable[[], None]]:
    leave, run = _entered(service, caller)
    try:
        live = service.answering.start(asked, run_id=run, over=leave)
    except BaseException:
        leave()
        raise
    return live, run_begun(live.run, live.cached)


def _entered(service: Service, caller: Caller) -> tuple[Callable[[], None], str]:
    """Take one of the places that a key has for runs; what gives it back, and the id of the run that has it."""
    key, run = caller.key, run_id()
    if key is None or not key.concurrent:
        return lambda: None, run
    if not service.limiter.enter(key.id, key.concurrent, run, service.settings.max_seconds + LATE_SECONDS):
        raise _too_many(key.concurrent)
    return partial(service.limiter.leave, key.id, run), run


def check_background(service: Service, caller: Caller) -> None:
    """Refuse one more background answer where the user of a key has as many as it may.

    Raises:
        ApiError: so it is.
    """
    most = caller.key.concurrent if caller.key else 0
    if most and service.registry.responses.open(caller.tenant, caller.user) >= most:
        raise _too_many(most)


def _too_many(most: int) -> ApiError:
    told = f"This key has {most} answers under way, as many as it may."
    return ApiError(429, told, "too_many_runs", headers={"Retry-After": "5"})


def _unknown(model: str) -> ApiError:
    error = not_found("model", model)
    return ApiError(404, f"{error.message[:-1]}: GET /v1/models lists them.", "model_not_found", "model")
