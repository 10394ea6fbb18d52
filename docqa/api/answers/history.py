"""The messages of a chat as a question and the conversation before it."""

from __future__ import annotations

from collections.abc import Sequence

from docqa.api.answers.sources import as_said
from docqa.api.errors import ApiError, unsupported
from docqa.api.schemas.chat import ChatMessage, Part
from docqa.llm import Message
from docqa.prompts import HOW_TO_ANSWER

_INSTRUCTING = ("system", "developer")
_CALLING = "docqa calls functions of its own; send the words of user and assistant alone."
_ATTACHED = "upload the document (POST /v1/files), attach it to a vector store, and ask for that in 'model'."


def conversation_of(messages: Sequence[ChatMessage]) -> tuple[str, tuple[Message, ...]]:
    """The question, which is the last message, and the conversation before it.

    Answers of docqa's lose the list of their sources, and keep them in words, as the agent's own memory does.

    Raises:
        ApiError: the last message is not the user's, or one holds what is no text; it names the field.
    """
    told = [(each.role, _text(each, f"messages.{place}")) for place, each in enumerate(messages)]
    role, question = told.pop()
    if role != "user":
        place = f"messages.{len(told)}.role"
        raise ApiError(400, "The last message is the question, so its role is 'user'.", "invalid_value", place)
    rules = [Message("user", HOW_TO_ANSWER + text) for role, text in told if role in _INSTRUCTING and text.strip()]
    said = [(role, text) for role, text in told if role not in _INSTRUCTING and text.strip()]
    before = [Message("assistant", as_said(text)) if role == "assistant" else Message("user", text)
              for role, text in said]  # fmt: skip
    return question, (*rules, *before)


def _text(message: ChatMessage, place: str) -> str:
    """The text of a message.

    Raises:
        ApiError: it is a tool's, or has other parts.
    """
    if message.role in ("tool", "function"):
        raise unsupported(f"{place}.role", _CALLING)
    for name in ("tool_calls", "function_call", "tool_call_id"):
        if getattr(message, name):
            raise unsupported(f"{place}.{name}", _CALLING)
    if message.audio:
        raise unsupported(f"{place}.audio", "send what was said as text.")
    if message.content is None:
        if message.role != "assistant":
            raise ApiError(400, f"'{place}.content' is missing.", "invalid_value", f"{place}.content")
        return message.refusal or ""
    texts = [_text_of(part, f"{place}.content.{number}") for number, part in enumerate(message.content)]
    return "\n".join(text for text in texts if text)


def _text_of(part: Part, place: str) -> str:
    if part.type not in ("text", "refusal"):
        raise unsupported(f"{place}.{part.type}", _ATTACHED if part.type != "input_audio" else "write the question.")
    text = part.text if part.type == "text" else part.refusal
    if text is None:
        raise ApiError(400, f"'{place}.{part.type}' is missing.", "invalid_value", f"{place}.{part.type}")
    return text
