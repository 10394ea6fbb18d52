"""A response as OpenAI's API has it: made from a request, and ended in one of four ways."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from openai.types.responses import (
    Response,
    ResponseError,
    ResponseFileSearchToolCall,
    ResponseOutputItem,
    ResponseUsage,
)
from openai.types.responses.response import Conversation, IncompleteDetails

from docqa.api.errors import ApiError
from docqa.api.schemas import Answer
from docqa.api.schemas.responses import FileSearch, ResponseRequest
from docqa.events import Answered

MOST_RESULTS = 20
ENDED = ("completed", "incomplete", "failed", "cancelled")
_ERROR_CODES = {429: "rate_limit_exceeded", 400: "invalid_prompt", 413: "invalid_prompt"}


class Reply(Response):
    """OpenAI's response; `docqa` only where it was asked for."""

    docqa: Answer | None = None


def begun(request: ResponseRequest, id: str, created: float, conversation: str) -> Reply:
    """The response to a request before anything has happened.

    Args:
        request: the request, checked.
        id: its own.
        created: when, in seconds since 1970.
        conversation: the id of the conversation that it belongs to; empty: none.
    """
    background = bool(request.background)
    own = {
        "id": id,
        "object": "response",
        "created_at": int(created),
        "status": "queued" if background else "in_progress",
        "background": background,
        "conversation": Conversation(id=conversation) if conversation else None,
        "error": None,
        "incomplete_details": None,
        "output": [],
        "usage": None,
    }
    return Reply.model_validate({**own, **_echoed(request)})


def _echoed(request: ResponseRequest) -> dict[str, Any]:
    """What a response says of its request."""
    return {
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "max_tool_calls": request.max_tool_calls,
        "metadata": request.metadata or {},
        "model": request.model,
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": request.previous_response_id,
        "prompt_cache_key": request.prompt_cache_key,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": request.safety_identifier,
        "service_tier": "default",
        "temperature": request.temperature,
        "text": {"format": {"type": "text"}},
        "tool_choice": _tool_choice(request.tool_choice),
        "tools": [_tool(tool) for tool in request.tools or () if isinstance(tool, FileSearch)],
        "top_logprobs": 0,
        "top_p": request.top_p,
        "truncation": request.truncation or "disabled",
        "user": request.user,
    }


def unanswered(reply: Reply) -> Reply:
    """A response as it was before anything had happened."""
    fresh = reply.model_copy(
        update={"status": "queued" if reply.background else "in_progress", "output": [], "usage": None, "error": None}
    )
    fresh.incomplete_details = None
    for name in ("docqa", "completed_at"):
        fresh.__pydantic_fields_set__.discard(name)
    return fresh


def answered(
    reply: Reply, event: Answered, output: Sequence[ResponseOutputItem], cached: bool, answer: Answer | None
) -> Reply:
    """A response with the answer of its run; one that a limit ended is incomplete.

    Args:
        reply: the response before.
        event: the answer.
        output: the items of the response.
        cached: whether the answer was recorded before; then it took no tokens.
        answer: the ``docqa`` object, where it is wanted.
    """
    partial = event.outcome == "partial"
    changes: dict[str, Any] = {
        "status": "incomplete" if partial else "completed",
        "incomplete_details": IncompleteDetails(reason="max_output_tokens") if partial else None,
        "output": list(output),
        "usage": _usage(0, 0, 0) if cached else _usage(event.prompt_tokens, event.answer_tokens, event.cached_tokens),
    }
    changes |= {} if partial else {"completed_at": int(time.time())}
    changes |= {"docqa": answer} if answer else {}
    return reply.model_copy(update=changes)


def failed(reply: Reply, error: ApiError, output: Sequence[ResponseOutputItem]) -> Reply:
    """A response that an error has ended."""
    code = _ERROR_CODES.get(error.status, "server_error")
    told = ResponseError.model_validate({"code": code, "message": error.message})
    return reply.model_copy(update={"status": "failed", "error": told, "output": list(output)})


def cancelled(reply: Reply, output: Sequence[ResponseOutputItem]) -> Reply:
    """A response that nobody wanted any more."""
    return reply.model_copy(update={"status": "cancelled", "output": list(output)})


def equal_before(output: Sequence[ResponseOutputItem], item: ResponseFileSearchToolCall) -> int:
    """How often the same was searched for before."""
    return sum(isinstance(each, ResponseFileSearchToolCall) and each.queries == item.queries for each in output)


def _usage(read: int, written: int, cached: int) -> ResponseUsage:
    """Tokens, ``cached`` of those that were read out of the server's cache."""
    return ResponseUsage.model_validate(
        {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + written,
        }
    )


def _tool(tool: FileSearch) -> dict[str, Any]:
    ranking = tool.ranking_options
    return {
        "type": "file_search",
        "vector_store_ids": tool.vector_store_ids,
        "filters": tool.filters,
        "max_num_results": tool.max_num_results or MOST_RESULTS,
        "ranking_options": {
            "ranker": (ranking and ranking.ranker) or "auto",
            "score_threshold": (ranking and ranking.score_threshold) or 0.0,
        },
    }


def _tool_choice(given: str | dict[str, Any] | None) -> str | dict[str, Any]:
    if not isinstance(given, dict):
        return given or "auto"
    if given["type"] == "file_search":
        return {"type": "file_search"}
    mode = "required" if given.get("mode") == "required" else "auto"
    return {"type": "allowed_tools", "mode": mode, "tools": [{"type": "file_search"}]}
