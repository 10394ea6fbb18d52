"""What recall storage hands out, and how messages are written down."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from docqa.llm import Message, ToolCall
from docqa.memory.recall import Said

SHOWN = 80
ID_SIGNS = "23456789abcdefghjkmnpqrstvwxyz"  # none that is taken for another
# Lone surrogates are no characters, and PostgreSQL takes no NUL.
_UNSTORABLE = re.compile("[\ud800-\udfff\0]")


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation as lists show it. Times are seconds since 1970.

    ``last`` is when the last message of it was said, ``messages`` counts the spoken ones, and ``question`` is the
    beginning of the first question.
    """

    id: str
    begun: float
    last: float
    messages: int
    question: str


def storable(text: str) -> str:
    """A text that every database takes; what it does not is shown as �."""
    return _UNSTORABLE.sub("\ufffd", text)


def new_id() -> str:
    """An id for a conversation, short enough to type: two times four signs, 39 bits."""
    signs = "".join(secrets.choice(ID_SIGNS) for _ in range(8))
    return f"{signs[:4]}-{signs[4:]}"


def values_of(message: Message) -> dict[str, str]:
    """A message as the columns of its row."""
    calls = [[call.name, call.arguments, call.id] for call in message.calls]
    return {
        "role": message.role,
        "content": storable(message.content),
        "calls": storable(json.dumps(calls, ensure_ascii=False, separators=(",", ":"), default=str)) if calls else "",
        "call_id": storable(message.call_id),
    }


def said_of(row: Row[Any]) -> Said:
    """The message that a row of the table of messages holds."""
    calls = tuple(ToolCall(*call) for call in json.loads(row.calls)) if row.calls else ()
    message = Message(row.role, row.content, calls, row.call_id)
    return Said(row.id, row.conversation, row.said, bool(row.spoken), message)


def first_words(text: str) -> str:
    """The beginning of a text on one line, cut between words."""
    line = " ".join(storable(text[: SHOWN * 10]).split())
    if len(line) <= SHOWN:
        return line
    return line[:SHOWN].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"
