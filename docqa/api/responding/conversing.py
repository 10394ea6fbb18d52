"""Conversations: what is said in one is an item for its clients, and remembered by the agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from docqa.api.access import Caller
from docqa.api.errors import not_found
from docqa.api.remembering import store_of
from docqa.api.responding.items import Item, messages_of
from docqa.api.responding.kept import conversation_of, remembered
from docqa.api.service import Service
from docqa.registry.conversations import ConversationRow
from ingest.errors import NotFoundError

AT_ONCE = 500


def create(service: Service, caller: Caller, items: Sequence[Item], metadata: Mapping[str, str]) -> ConversationRow:
    """A new conversation of the caller's user, with what was said in it before."""
    recall = store_of(service, caller).conversation()
    row = service.registry.conversations.create(caller.tenant, caller.user, recall.conversation, metadata)
    if items:
        recall.add(messages_of(items), spoken=True)
        service.registry.conversations.add_items(caller.tenant, row.id, items)
    return row


def delete(service: Service, caller: Caller, id: str) -> None:
    """Delete a conversation, here and in the agent's memory.

    Raises:
        ApiError: the user has none.
    """
    row = conversation_of(service, caller, id)
    _forget(service, caller, row)
    with suppress(NotFoundError):  # somebody was quicker
        service.registry.conversations.delete(caller.tenant, row.id)


def add(service: Service, caller: Caller, id: str, items: Sequence[Item]) -> None:
    """Put items at the end of a conversation; the agent remembers what was said in them.

    Raises:
        ApiError: the user has none.
    """
    row = remembered(service, caller, conversation_of(service, caller, id))
    try:
        store_of(service, caller).conversation(row.recall).add(messages_of(items), spoken=True)
        service.registry.conversations.add_items(caller.tenant, row.id, items)
    except NotFoundError:  # deleted meanwhile
        raise not_found("conversation", id) from None


def item_of(service: Service, caller: Caller, id: str, item: str) -> Item:
    """An item of a conversation.

    Raises:
        ApiError: there is none.
    """
    row = conversation_of(service, caller, id)
    try:
        return service.registry.conversations.item(caller.tenant, row.id, item)
    except NotFoundError:
        raise not_found("item", item) from None


def delete_item(service: Service, caller: Caller, id: str, item: str) -> ConversationRow:
    """Delete an item. The agent forgets it too: it remembers the others as a conversation of their own.

    Raises:
        ApiError: there is none.
    """
    row, gone = conversation_of(service, caller, id), item_of(service, caller, id, item)
    if messages_of([gone]):
        rest = [each for each in _every_item(service, row) if each["id"] != item]
        begun = store_of(service, caller).conversation()
        begun.add(messages_of(rest), spoken=True)
        service.registry.conversations.update(caller.tenant, row.id, recall=begun.conversation)
        _forget(service, caller, row)
    with suppress(NotFoundError):  # somebody was quicker
        service.registry.conversations.delete_item(caller.tenant, row.id, item)
    return row


def _forget(service: Service, caller: Caller, row: ConversationRow) -> None:
    if row.recall:
        with suppress(NotFoundError):  # the agent was made to forget it before
            store_of(service, caller).delete(row.recall)


def _every_item(service: Service, row: ConversationRow) -> Iterator[Item]:
    after = ""
    while page := service.registry.conversations.items(row.tenant, row.id, after, AT_ONCE, newest_first=False):
        yield from page
        after = page[-1]["id"]
