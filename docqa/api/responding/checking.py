"""What a request for a response may not hold, each with a word on what to use instead."""

from __future__ import annotations

from typing import Any

from docqa.api.errors import ApiError, unsupported
from docqa.api.responding.items import NO_CLIENT_TOOLS
from docqa.api.schemas.responses import FileSearch, ResponseRequest, TextOptions, Tools
from docqa.errors import QuestionError
from docqa.registry.filters import check_filter

PROSE = "answers are text with citations; 'docqa': {\"citations\": true} adds these as data."
ALWAYS_SEARCHES = "docqa always looks into the documents; use 'auto', 'required' or {\"type\": \"file_search\"}."


def check(request: ResponseRequest) -> None:
    """Refuse what docqa cannot do.

    Raises:
        ApiError: it names the field and what to use.
    """
    if request.prompt:
        raise unsupported("prompt", "put its text into 'instructions'.")
    if request.moderation:
        raise unsupported("moderation", "nothing is moderated here; leave it out.")
    if request.top_logprobs or "message.output_text.logprobs" in (request.include or ()):
        param = "top_logprobs" if request.top_logprobs else "include"
        raise unsupported(param, "answers have no log-probabilities; leave them out.")
    _check_text(request.text)
    check_tools(request.tools)
    _check_choice(request.tool_choice)
    if request.previous_response_id and request.conversation:
        told = "'previous_response_id' and 'conversation' exclude each other."
        raise ApiError(400, told, "invalid_value", "previous_response_id")
    if request.background and request.store is False:
        raise ApiError(400, "'background' needs 'store', which is true by default.", "invalid_value", "store")


def check_tools(tools: Tools | None) -> None:
    """Refuse tools other than one ``file_search``, and a filter of it that is none.

    Raises:
        ApiError: it names the field.
    """
    for number, tool in enumerate(tools or ()):
        if not isinstance(tool, FileSearch):
            raise unsupported(f"tools.{number}.type", NO_CLIENT_TOOLS)
        if number:
            raise unsupported(f"tools.{number}", "name all vector stores in one 'file_search'.")
        if tool.filters is not None:
            try:
                check_filter(tool.filters)
            except QuestionError as error:
                raise ApiError(400, str(error), "invalid_value", f"tools.{number}.filters") from None


def _check_text(text: TextOptions | None) -> None:
    if text and text.format and text.format.type != "text":
        raise unsupported("text.format", PROSE)


def _check_choice(choice: str | dict[str, Any] | None) -> None:
    kind = choice.get("type") if isinstance(choice, dict) else choice
    allowed = choice.get("tools") if isinstance(choice, dict) and kind == "allowed_tools" else None
    only_search = isinstance(allowed, list) and all(
        isinstance(tool, dict) and tool.get("type") == "file_search" for tool in allowed
    )
    plain = kind in (None, "auto", "required") and not isinstance(choice, dict)
    if not (plain or only_search or (isinstance(choice, dict) and kind == "file_search")):
        raise unsupported("tool_choice", ALWAYS_SEARCHES)
