"""Conversations as lists show them, a page at a time."""

from __future__ import annotations

from sqlalchemy import Connection, and_, or_, select

from docqa.memory.recall.rows import ConversationRow, storable
from docqa.memory.recall.tables import conversations

_SHOWN = [conversations.c[name] for name in ConversationRow.__slots__]


def row_of(connection: Connection, owner: int, id: str) -> ConversationRow | None:
    """A conversation of an owner in which something was said; None where there is no such one."""
    mine = (conversations.c.owner == owner, conversations.c.id == storable(id), conversations.c.messages > 0)
    row = connection.execute(select(*_SHOWN).where(*mine)).one_or_none()
    return ConversationRow(*row) if row else None


def page(connection: Connection, owner: int, most: int, after: ConversationRow | None) -> list[ConversationRow]:
    """At most ``most`` conversations in which something was said, the newest first, from behind one of them on."""
    said = (conversations.c.owner == owner, conversations.c.messages > 0)
    chosen = select(*_SHOWN).where(*said).order_by(conversations.c.last.desc(), conversations.c.id)
    if after:
        same = and_(conversations.c.last == after.last, conversations.c.id > after.id)
        chosen = chosen.where(or_(conversations.c.last < after.last, same))
    return [ConversationRow(*row) for row in connection.execute(chosen.limit(max(most, 0)))]
