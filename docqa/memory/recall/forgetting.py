"""Single messages forgotten: with their words and vectors, and with all that was made of them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from docqa.memory.recall.meaning import next_revision
from docqa.memory.recall.rows import first_words
from docqa.memory.recall.tables import conversations, messages, owners, vectors
from docqa.memory.recall.words import forget_words_of


def forget_message(connection: Connection, owner: int, conversation: str, id: int) -> bool:
    """Delete a spoken message, and what the agent looked up between it and its neighbours; its words stand there too.

    A summary that covers it is cleared: it is made anew from what is left.

    Args:
        connection: a transaction that has locked the conversation, so that nothing is added meanwhile.
        owner: whose conversation.
        conversation: its id.
        id: the message's.

    Returns:
        Whether it was there.
    """
    within = messages.c.conversation == conversation
    if connection.execute(select(messages.c.id).where(within, messages.c.id == id, messages.c.spoken)).first() is None:
        return False
    gone = [id, *connection.execute(select(messages.c.id).where(within, *_around(connection, within, id))).scalars()]
    forget_words_of(connection, gone)
    connection.execute(delete(vectors).where(vectors.c.message == id))
    connection.execute(delete(messages).where(within, messages.c.id.in_(gone)))
    revision = next_revision(connection, owner)
    connection.execute(update(owners).where(owners.c.id == owner).values(forgotten=revision))
    this, covered = conversations.c.id == conversation, conversations.c.summarised >= id
    asked = select(messages.c.content).where(within, messages.c.spoken, messages.c.role == "user")
    first = connection.execute(asked.order_by(messages.c.id).limit(1)).scalar() or ""
    changes = {"messages": conversations.c.messages - 1, "question": first_words(first)}
    connection.execute(update(conversations).where(this).values(changes))
    connection.execute(update(conversations).where(this, covered).values(summary="", summarised=0))
    return True


def _around(connection: Connection, within: ColumnElement[bool], id: int) -> list[ColumnElement[bool]]:
    """What holds for the messages between a spoken one and the spoken ones before and after it."""
    spoken = (within, messages.c.spoken)
    before = connection.execute(select(func.max(messages.c.id)).where(*spoken, messages.c.id < id)).scalar()
    after = connection.execute(select(func.min(messages.c.id)).where(*spoken, messages.c.id > id)).scalar()
    limits = [messages.c.id > before] if before is not None else []
    return [~messages.c.spoken, *limits, *([messages.c.id < after] if after is not None else [])]
