"""Items of a conversation: checked, given ids, kept as OpenAI's JSON; and the messages for the agent that they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse
from openai.types.responses import ResponseFileSearchToolCall
from openai.types.responses.response_output_text import ResponseOutputText
from pydantic import ValidationError

from docqa.agent.ending import SOURCES
from docqa.answering.unread import without
from docqa.api.errors import ApiError, unsupported
from docqa.api.schemas.items import ContentPart, InputItem
from docqa.citations import without_markers
from docqa.llm import Message
from docqa.prompts import HOW_TO_ANSWER
from docqa.registry.ids import new_id
from docqa.registry.rows import storable

Item = dict[str, Any]
"""An item as OpenAI's JSON."""
ROLES = ("user", "assistant", "system", "developer")
TEXTS = ("input_text", "output_text", "text")
FILES = ("input_file", "input_image", "input_audio")
UPLOAD = (
    "upload the file (POST /v1/files), attach it to a vector store (POST /v1/vector_stores/{id}/files), and name that "
    "store in the tool 'file_search', or as the model."
)
NO_CLIENT_TOOLS = "docqa calls no functions of its clients; its only tool is 'file_search'."
USE_PREVIOUS = "name the response that it belongs to as 'previous_response_id', or use 'conversation'."


def read(given: Sequence[InputItem], param: str = "input") -> list[Item]:
    """What a request says, as items with ids. What is not for docqa, such as a model's reasoning, is left out.

    Args:
        given: what it holds.
        param: the field that it stands in, for errors.

    Raises:
        ApiError: something in it is not supported, or has no role or text that fits.
    """
    read = [_item(item, f"{param}.{number}") for number, item in enumerate(given)]
    return [item for item in read if item]


def text_of(item: Mapping[str, Any]) -> str:
    """The text of a message; empty for other items."""
    if item["type"] != "message":
        return ""
    return "\n".join(part["text"] for part in item["content"] if part.get("text"))


def messages_of(items: Sequence[Mapping[str, Any]]) -> list[Message]:
    """What was said in items. What was said to the agent on how to answer becomes words of the user."""
    found = []
    for item in items:
        text = text_of(item)
        if not text.strip():
            continue
        if item["role"] == "assistant":
            found.append(Message("assistant", _as_said(text, item)))
        else:
            found.append(Message("user", text if item["role"] == "user" else HOW_TO_ANSWER + text))
    return found


def _as_said(text: str, item: Mapping[str, Any]) -> str:
    """An answer as the agent keeps its answers: without markers, its sources in words."""
    cited = [note for part in item["content"] for note in part.get("annotations") or []]
    files = dict.fromkeys(note["filename"] for note in cited if note["type"] == "file_citation")
    return f"{without_markers(text)}\n{SOURCES}{'; '.join(files)})" if files else text


def is_same(one: Message, other: Message) -> bool:
    """Whether two messages say the same. Of an answer neither its sources count, which the agent calls by their titles,
    nor what the service adds to it.
    """
    if one.role != other.role:
        return False
    return _bare(one) == _bare(other)


def _bare(message: Message) -> str:
    text = storable(message.content)
    return without(text.partition(f"\n{SOURCES}")[0]).strip() if message.role == "assistant" else text


def listed(items: Sequence[Item], has_more: bool) -> JSONResponse:
    """A page of a list of items."""
    ids = [item["id"] for item in items] or [""]
    page = {"object": "list", "data": list(items), "first_id": ids[0], "last_id": ids[-1], "has_more": has_more}
    return JSONResponse(page)


def _item(item: InputItem, param: str) -> Item | None:
    if item.type == "message":
        return _read_message(item, param)
    if item.type == "file_search_call":
        return _read_search(item, param)
    if item.type == "reasoning":
        return None
    raise unsupported(f"{param}.type", USE_PREVIOUS if item.type == "item_reference" else NO_CLIENT_TOOLS)


def _read_message(item: InputItem, param: str) -> Item:
    if item.role not in ROLES:
        raise ApiError(400, f"'{param}.role' must be one of {', '.join(ROLES)}.", "invalid_value", f"{param}.role")
    by_agent = item.role == "assistant"
    make = _output_text if by_agent else _input_text
    if item.content is None:
        raise ApiError(400, f"'{param}.content' is missing.", "missing_value", f"{param}.content")
    parts = []
    for number, part in enumerate(item.content):
        _check_part(part, place := f"{param}.content.{number}")
        parts.append(_cited(part, place) if by_agent and part.type == "output_text" else make(part.text or ""))
    return _message(item.role, parts)


def _check_part(part: ContentPart, param: str) -> None:
    if part.type in FILES:
        raise unsupported(f"{param}.{part.type}", UPLOAD)
    if part.type not in TEXTS:
        told = f"'{param}.type' must be 'input_text', or 'output_text' in a message of the assistant."
        raise ApiError(400, told, "invalid_value", f"{param}.type")
    if part.text is None:
        raise ApiError(400, f"'{param}.text' is missing.", "missing_value", f"{param}.text")


def _cited(part: ContentPart, param: str) -> Item:
    """A text of the assistant's with its citations, as an earlier answer had them."""
    extra = part.model_extra or {}
    try:
        made = ResponseOutputText(
            type="output_text", text=part.text or "", annotations=extra.get("annotations") or [], logprobs=[]
        )
    except ValidationError:
        param = f"{param}.annotations"
        raise ApiError(400, f"'{param}' are not as an answer has them.", "invalid_value", param) from None
    return made.to_dict(mode="json")


def _read_search(item: InputItem, param: str) -> Item:
    try:
        given = {**(item.model_extra or {}), "id": new_id("fs_"), "type": item.type}
        fields = {name: given[name] for name in ResponseFileSearchToolCall.model_fields if name in given}
        return ResponseFileSearchToolCall(**fields).to_dict(mode="json")
    except ValidationError:
        raise ApiError(400, f"'{param}' is not as an answer has it.", "invalid_value", param) from None


def _message(role: str, content: list[Item]) -> Item:
    return {"id": new_id("msg_"), "type": "message", "role": role, "status": "completed", "content": content}


def _input_text(text: str) -> Item:
    return {"type": "input_text", "text": text}


def _output_text(text: str) -> Item:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
