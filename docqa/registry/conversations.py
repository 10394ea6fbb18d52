"""Conversations as OpenAI's API has them: metadata, and items in their order.

What was said in them is in recall storage, under the id ``recall``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from docqa.database import Database
from docqa.registry.ids import new_id
from docqa.registry.rows import dumps, loads, one, page_of, storable, unknown
from docqa.registry.tables import conversations, items

KIND = "conversation"
ITEM = "item in this conversation"


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation. ``recall`` is its id in recall storage, ``created`` in seconds since 1970."""

    id: str
    tenant: str
    user: str
    recall: str
    metadata: dict[str, str]
    created: float


class Conversations:
    """The conversations of all tenants, each method those of one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, tenant: str, user: str, recall: str = "", metadata: Mapping[str, str] | None = None
    ) -> ConversationRow:
        """A new conversation of a user."""
        row = ConversationRow(new_id("conv_"), tenant, user, recall, dict(metadata or {}), time.time())
        values = {name: getattr(row, name) for name in ConversationRow.__slots__} | {"metadata": dumps(row.metadata)}
        with self._database.writing() as connection:
            connection.execute(insert(conversations).values(**values, last_item=0))
            return _conversation(one(connection, conversations, tenant, KIND, row.id))

    def get(self, tenant: str, id: str) -> ConversationRow:
        """The conversation with an id.

        Raises:
            NotFoundError: the tenant has none.
        """
        with self._database.reading() as connection:
            return _conversation(one(connection, conversations, tenant, KIND, id))

    def update(
        self, tenant: str, id: str, metadata: Mapping[str, str] | None = None, recall: str | None = None
    ) -> ConversationRow:
        """Change what is given.

        Raises:
            NotFoundError: the tenant has no such conversation.
        """
        changes = {} if metadata is None else {"metadata": dumps(dict(metadata))}
        changes |= {} if recall is None else {"recall": recall}
        with self._database.writing() as connection:
            row = one(connection, conversations, tenant, KIND, id)
            if changes:
                connection.execute(update(conversations).where(conversations.c.id == row.id).values(changes))
            return _conversation(one(connection, conversations, tenant, KIND, id))

    def delete(self, tenant: str, id: str) -> None:
        """Remove a conversation and its items; what recall storage has of it is removed there.

        Raises:
            NotFoundError: the tenant has none.
        """
        with self._database.writing() as connection:
            mine = (conversations.c.tenant == tenant, conversations.c.id == storable(id))
            if not connection.execute(delete(conversations).where(*mine)).rowcount:
                raise unknown(KIND, id)
            connection.execute(delete(items).where(items.c.conversation == id))

    def forget(self, tenant: str, user: str, recall: str) -> None:
        """Remove the conversations of a user, with their items, that a conversation in recall storage belonged to."""
        mine = (conversations.c.tenant == tenant, conversations.c.user == user, conversations.c.recall == recall)
        with self._database.writing() as connection:
            gone = select(conversations.c.id).where(*mine)
            connection.execute(delete(items).where(items.c.conversation.in_(gone)))
            connection.execute(delete(conversations).where(*mine))

    def add_items(self, tenant: str, id: str, added: Sequence[Mapping[str, Any]]) -> None:
        """Put items, each with an ``id`` of its own, at the end of a conversation, all or none.

        Raises:
            NotFoundError: the tenant has no such conversation.
        """
        with self._database.writing() as connection:
            mine = (conversations.c.tenant == tenant, conversations.c.id == storable(id))
            # First of all: whoever adds to the same conversation waits here.
            counted = update(conversations).where(*mine).values(last_item=conversations.c.last_item + len(added))
            last = connection.execute(counted.returning(conversations.c.last_item)).scalar_one_or_none()
            if last is None:
                raise unknown(KIND, id)
            first = last - len(added) + 1
            rows = [
                {"conversation": id, "seq": seq, "id": storable(str(item["id"])), "data": dumps(dict(item))}
                for seq, item in enumerate(added, first)
            ]
            if rows:
                connection.execute(insert(items), rows)

    def items(
        self, tenant: str, id: str, after: str = "", most: int = 20, newest_first: bool = True, before: str = ""
    ) -> list[dict[str, Any]]:
        """At most ``most`` items of a conversation.

        Raises:
            NotFoundError: the tenant has no such conversation, or the item ``after`` or ``before`` is not in it.
        """
        with self._database.reading() as connection:
            row = one(connection, conversations, tenant, KIND, id)
            chosen, order = select(items).where(items.c.conversation == row.id), (items.c.seq, items.c.id)
            rows = page_of(connection, chosen, order, ITEM, after=after, before=before, most=most,
                           newest_first=newest_first)  # fmt: skip
            return [loads(each.data) for each in rows]

    def item(self, tenant: str, id: str, item: str) -> dict[str, Any]:
        """An item of a conversation.

        Raises:
            NotFoundError: the tenant has no such conversation, or it has no such item.
        """
        with self._database.reading() as connection:
            found: dict[str, Any] = loads(_item(connection, tenant, id, item).data)
            return found

    def delete_item(self, tenant: str, id: str, item: str) -> ConversationRow:
        """Remove an item of a conversation, and return the conversation.

        Raises:
            NotFoundError: the tenant has no such conversation, or it has no such item.
        """
        with self._database.writing() as connection:
            row = _item(connection, tenant, id, item)
            this = (items.c.conversation == row.conversation, items.c.seq == row.seq)
            connection.execute(delete(items).where(*this))
            return _conversation(one(connection, conversations, tenant, KIND, id))


def _item(connection: Connection, tenant: str, id: str, item: str) -> Row[Any]:
    conversation = one(connection, conversations, tenant, KIND, id).id
    this = (items.c.conversation == conversation, items.c.id == storable(item))
    if (row := connection.execute(select(items).where(*this)).one_or_none()) is None:
        raise unknown(ITEM, item)
    return row


def _conversation(row: Row[Any]) -> ConversationRow:
    values = {name: getattr(row, name) for name in ConversationRow.__slots__}
    return ConversationRow(**values | {"metadata": loads(row.metadata)})
