"""Responses and conversations that are kept: found for their user, and what was said in them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from docqa.api.access import Caller
from docqa.api.answers.remembering import store_of
from docqa.api.errors import ApiError, not_found
from docqa.api.responding.items import Item, messages_of
from docqa.api.schemas.responses import ConversationRef
from docqa.api.service import Service
from docqa.llm import Message
from docqa.registry.conversations import ConversationRow
from docqa.registry.responses import OPEN, StoredResponse
from ingest.errors import NotFoundError

MOST_RESPONSES = 100
"""Responses of a chain that are gone back over."""


def response_of(service: Service, caller: Caller, id: str, param: str | None = None) -> StoredResponse:
    """A response of the caller's user.

    Raises:
        ApiError: there is none; ``param`` is the field that names it.
    """
    try:
        stored = service.registry.responses.get(caller.tenant, id)
    except NotFoundError:
        stored = None
    if stored is None or stored.user != caller.user:
        error = not_found("response", id)
        raise ApiError(404, error.message, error.code, param)
    return stored


def conversation_of(service: Service, caller: Caller, id: str, param: str | None = None) -> ConversationRow:
    """A conversation of the caller's user.

    Raises:
        ApiError: there is none; ``param`` is the field that names it.
    """
    try:
        row = service.registry.conversations.get(caller.tenant, id)
    except NotFoundError:
        row = None
    if row is None or row.user != caller.user:
        error = not_found("conversation", id)
        raise ApiError(404, error.message, error.code, param)
    return row


def conversation_named(service: Service, caller: Caller, named: str | ConversationRef) -> ConversationRow:
    """The conversation that a request names, for the agent to go on with.

    Raises:
        ApiError: there is none.
    """
    id = named if isinstance(named, str) else named.id
    return remembered(service, caller, conversation_of(service, caller, id, "conversation"))


def remembered(service: Service, caller: Caller, row: ConversationRow) -> ConversationRow:
    """A conversation that the agent can go on with: one that it was made to forget begins anew."""
    store = store_of(service, caller)
    with suppress(NotFoundError):
        if row.recall and store.conversation(row.recall):
            return row
    return service.registry.conversations.update(caller.tenant, row.id, recall=store.conversation().conversation)


def said_before(service: Service, caller: Caller, id: str) -> list[Message]:
    """What was said up to a response: its own input and answer, and those of the responses before it.

    Of a long chain the newest are taken; it ends where one was deleted.

    Raises:
        ApiError: the response is not there, or not over.
    """
    stored = response_of(service, caller, id, "previous_response_id")
    if stored.status in OPEN:
        told = "The response that 'previous_response_id' names is not over yet."
        raise ApiError(400, told, "response_not_over", "previous_response_id")
    said: list[list[Message]] = []
    left = service.settings.max_question_chars
    while True:
        turn = messages_of([*stored.input, *_output(stored.body)])
        left -= sum(len(message.content) for message in turn)
        if left < 0 or len(said) >= MOST_RESPONSES:
            break
        said.append(turn)
        if not stored.previous:
            break
        try:
            stored = response_of(service, caller, stored.previous)
        except ApiError:
            break
    return [message for turn in reversed(said) for message in turn]


def _output(body: dict[str, Any]) -> list[dict[str, Any]]:
    output: list[dict[str, Any]] = body.get("output") or []
    return output


def page_of_input(stored: StoredResponse, after: str | None, most: int, newest_first: bool) -> tuple[list[Item], bool]:
    """The next items of a response's input, and whether there are more.

    Raises:
        ApiError: there is no item ``after``.
    """
    items: list[Item] = stored.input[::-1] if newest_first else stored.input
    begin = 0
    if after:
        begin = next((place for place, item in enumerate(items, 1) if item["id"] == after), 0)
        if not begin:
            raise not_found("item", after)
    return items[begin : begin + most], begin + most < len(items)
