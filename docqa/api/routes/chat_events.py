"""The agent as it happens: what it searches, reads, notes, evicts and cites."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from docqa.answering import Asked
from docqa.api.access import Caller, Reading, TheService
from docqa.api.answers.asking import begin, collections_of
from docqa.api.answers.citing import Citer, base_url
from docqa.api.answers.following import told
from docqa.api.answers.remembering import store_of
from docqa.api.answers.telling import Teller, headers_of
from docqa.api.errors import not_found
from docqa.api.http.streaming import JSON, EventStream, described
from docqa.api.schemas.runs import EventsRequest
from docqa.api.service import Service
from ingest.errors import NotFoundError

router = APIRouter(prefix="/v1/chat", tags=["chat"])
NEW = "new"
ABOUT = (
    "`run_started`, `step_started`, `text_written`, `tool_called`, `observed`, `evidence_noted`, `remembered`, "
    "`evicted`, and last `answered` or `error`. The id of an event is its number, its data a JSON object."
)
EVENTS: dict[int | str, dict[str, Any]] = {200: {"description": "The events.", "content": described("An event.", JSON)}}


@router.post("/events", responses=EVENTS, response_class=Response, description=f"Ask and follow the agent: {ABOUT}")
async def create_events(request: Request, service: TheService, caller: Reading, given: EventsRequest) -> Response:
    """Ask, and follow what the agent does."""
    asked = await run_in_threadpool(_asked, service, caller, given)
    known = asked.conversation if given.conversation in (None, NEW) else given.conversation
    live, leave = await begin(service, caller, asked, known)
    headers = headers_of(live) | ({"X-Docqa-Conversation": asked.conversation} if asked.conversation else {})
    teller = Teller(Citer(service, caller.tenant, base_url(service, request)))
    return EventStream(told(live, leave, teller, known), live.stop, headers)


def _asked(service: Service, caller: Caller, given: EventsRequest) -> Asked:
    """What is asked.

    Raises:
        ApiError: there is no such collection or conversation.
    """
    collections = collections_of(service, caller, given.model)
    return Asked(
        tenant=caller.tenant,
        user=caller.user,
        question=given.question,
        collections=collections,
        conversation=_conversation(service, caller, given.conversation) if given.conversation else "",
        kind="events",
        fresh=bool(given.docqa and given.docqa.fresh),
        api_key=caller.key_id,
    )


def _conversation(service: Service, caller: Caller, id: str) -> str:
    """The id of a conversation of the caller's user in recall storage.

    Raises:
        ApiError: there is none.
    """
    store, known = store_of(service, caller), service.registry.conversations
    try:
        if id == NEW:
            return store.conversation().conversation
        if not id.startswith("conv_"):
            return store.conversation(id).conversation
        row = known.get(caller.tenant, id)
        if row.user != caller.user:
            raise not_found("conversation", id)
        return store.conversation(row.recall).conversation if row.recall else _begun(service, caller, id)
    except NotFoundError:
        raise not_found("conversation", id) from None


def _begun(service: Service, caller: Caller, id: str) -> str:
    """A conversation in recall storage for one that has none yet."""
    recall = store_of(service, caller).conversation().conversation
    service.registry.conversations.update(caller.tenant, id, recall=recall)
    return recall
