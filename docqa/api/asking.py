"""From a request to a run: which documents it is about, and whether its key may have one more run."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from starlette.concurrency import run_in_threadpool

from docqa.answering import Asked, Live
from docqa.api.access import Caller
from docqa.api.errors import ApiError, not_found
from docqa.api.observing import run_begun
from docqa.api.service import Service
from docqa.registry.runs import run_id
from ingest.errors import NotFoundError

EVERYTHING = "docqa"
"""The model that stands for all documents that a key may read."""
LATE_SECONDS = 60.0
"""How long after the longest run the place of one is free again, should nobody give it back."""


def collections_of(service: Service, caller: Caller, model: str) -> tuple[str, ...]:
    """The collections that ``model`` names: empty for all; a vector store's id or a collection's name.

    Raises:
        ApiError: there is no such collection.
    """
    if model == EVERYTHING:
        return ()
    if model.startswith("vs_"):
        try:
            return (service.registry.stores.get(caller.tenant, model).collection,)
        except NotFoundError:
            raise _unknown(model) from None
    if any(row.name == model for row in service.library(caller.tenant).catalog.collections()):
        return (model,)
    try:
        named = service.registry.stores.named(caller.tenant, model)
    except NotFoundError:
        raise _unknown(model) from None
    return (named.collection,)


async def begin(service: Service, caller: Caller, asked: Asked) -> tuple[Live, Callable[[], None]]:
    """Start a run for a caller; returns it, and what has to be called when it is over.

    Raises:
        ApiError: the key has as many runs as it may.
        DocqaError: see ``Answering.start``.
    """
    return await run_in_threadpool(_begin, service, caller, asked)


def _begin(service: Service, caller: Caller, asked: Asked) -> tuple[Live, Callable[[], None]]:
    leave, run = _entered(service, caller)
    try:
        live = service.answering.start(asked, run_id=run)
    except BaseException:
        leave()
        raise
    traced = run_begun(live.run, live.cached)

    def over() -> None:
        traced()
        leave()

    return live, over


def _entered(service: Service, caller: Caller) -> tuple[Callable[[], None], str]:
    """Take one of the places that a key has for runs; what gives it back, and the id of the run that has it."""
    key, run = caller.key, run_id()
    if key is None or not key.concurrent:
        return lambda: None, run
    if not service.limiter.enter(key.id, key.concurrent, run, service.settings.max_seconds + LATE_SECONDS):
        told = f"This key has {key.concurrent} answers under way, as many as it may."
        raise ApiError(429, told, "too_many_runs", headers={"Retry-After": "5"})
    limiter, id = service.limiter, key.id
    # Beside the event loop, which calls it: the broker may be away.
    return lambda: Thread(target=limiter.leave, args=(id, run), name="leaving", daemon=True).start(), run


def _unknown(model: str) -> ApiError:
    error = not_found("model", model)
    return ApiError(404, f"{error.message[:-1]}: GET /v1/models lists them.", "model_not_found", "model")
