"""Conversations: what is said in one is kept for its clients, and remembered by the agent."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from openai.types.conversations import (
    Conversation,
    ConversationDeletedResource,
    ConversationItem,
    ConversationItemList,
)

from docqa.api.access import Reading, TheService
from docqa.api.responding import conversing
from docqa.api.responding.including import Included
from docqa.api.responding.items import listed, read
from docqa.api.responding.kept import conversation_of
from docqa.api.schemas import After, Limit, Order
from docqa.api.schemas.conversations import ConversationChange, ConversationRequest, ItemsRequest
from docqa.registry.conversations import ConversationRow

router = APIRouter(prefix="/v1/conversations", tags=["conversations"])
ITEM: dict[int | str, dict[str, Any]] = {200: {"model": ConversationItem}}
ITEMS: dict[int | str, dict[str, Any]] = {200: {"model": ConversationItemList}}


@router.post("")
def create_conversation(service: TheService, caller: Reading, given: ConversationRequest) -> Conversation:
    """A new conversation. A response that names it as `conversation` goes on with it, and is added to it."""
    items = read(given.items or [], "items")
    return _info(conversing.create(service, caller, items, given.metadata or {}))


@router.get("/{conversation}")
def get_conversation(service: TheService, caller: Reading, conversation: str) -> Conversation:
    """A conversation of the key's user."""
    return _info(conversation_of(service, caller, conversation))


@router.post("/{conversation}")
def update_conversation(
    service: TheService, caller: Reading, conversation: str, given: ConversationChange
) -> Conversation:
    """Replace its metadata."""
    row = conversation_of(service, caller, conversation)
    return _info(service.registry.conversations.update(caller.tenant, row.id, metadata=given.metadata or {}))


@router.delete("/{conversation}")
def delete_conversation(service: TheService, caller: Reading, conversation: str) -> ConversationDeletedResource:
    """Delete a conversation with all its items. The agent forgets it; responses that were kept stay."""
    conversing.delete(service, caller, conversation)
    return ConversationDeletedResource(id=conversation, deleted=True, object="conversation.deleted")


@router.post("/{conversation}/items", responses=ITEMS, response_class=JSONResponse)
def create_items(
    service: TheService, caller: Reading, conversation: str, given: ItemsRequest, include: Included
) -> JSONResponse:
    """Add what was said to a conversation; the agent remembers it."""
    items = read(given.items, "items")
    conversing.add(service, caller, conversation, items)
    return listed(items, False)


@router.get("/{conversation}/items", responses=ITEMS, response_class=JSONResponse)
def list_items(
    service: TheService,
    caller: Reading,
    conversation: str,
    include: Included,
    after: After = None,
    limit: Limit = 20,
    order: Order = "desc",
) -> JSONResponse:
    """The items of a conversation: what was said, and what was searched for."""
    row = conversation_of(service, caller, conversation)
    page = service.registry.conversations.items(caller.tenant, row.id, after or "", limit + 1, order == "desc")
    return listed(page[:limit], len(page) > limit)


@router.get("/{conversation}/items/{item}", responses=ITEM, response_class=JSONResponse)
def get_item(service: TheService, caller: Reading, conversation: str, item: str, include: Included) -> JSONResponse:
    """An item of a conversation."""
    return JSONResponse(conversing.item_of(service, caller, conversation, item))


@router.delete("/{conversation}/items/{item}")
def delete_item(service: TheService, caller: Reading, conversation: str, item: str) -> Conversation:
    """Delete an item; the agent forgets what was said in it."""
    return _info(conversing.delete_item(service, caller, conversation, item))


def _info(row: ConversationRow) -> Conversation:
    return Conversation(id=row.id, created_at=int(row.created), metadata=row.metadata, object="conversation")
