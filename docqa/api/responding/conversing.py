"""Conversations: what is said in one is an item for its clients, and remembered by the agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from docqa.api.access import Caller
from docqa.api.answers.remembering import store_of
from docqa.api.errors import not_found
from docqa.api.responding.items import Item, is_same, messages_of
from docqa.api.responding.kept import conversation_of, remembered
from docqa.api.service import Service
from docqa.registry.conversations import ConversationRow
from ingest.errors import NotFoundError

AT_ONCE = 500
MOST_MESSAGES = 1_000_000


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
    """Delete an item. The agent forgets what was said in it too, first, so that it can be tried again.

    Raises:
        ApiError: there is none.
    """
    row, gone = conversation_of(service, caller, id), item_of(service, caller, id, item)
    with suppress(NotFoundError):  # somebody was quicker
        if row.recall:
            _forget_said(service, caller, row, gone)
    with suppress(NotFoundError):
        service.registry.conversations.delete_item(caller.tenant, row.id, item)
    return row


def _forget(service: Service, caller: Caller, row: ConversationRow) -> None:
    if row.recall:
        with suppress(NotFoundError):  # the agent was made to forget it before
            store_of(service, caller).delete(row.recall)


def _forget_said(service: Service, caller: Caller, row: ConversationRow, gone: Item) -> None:
    """Have the agent forget what was said in an item: of equal messages the one that has as many like it behind it.

    Raises:
        NotFoundError: the conversation or the item has been deleted meanwhile.
    """
    recall = store_of(service, caller).conversation(row.recall)
    for said in messages_of([gone]):
        while True:
            kept = [each.id for each in recall.recent(MOST_MESSAGES) if is_same(said, each.message)]
            later = sum(is_same(other, said) for other in messages_of(list(_items_after(service, row, gone["id"]))))
            if not kept or recall.forget(kept[-1 - min(later, len(kept) - 1)]):
                break


def _items_after(service: Service, row: ConversationRow, after: str) -> Iterator[Item]:
    while page := service.registry.conversations.items(row.tenant, row.id, after, AT_ONCE, newest_first=False):
        yield from page
        after = page[-1]["id"]
