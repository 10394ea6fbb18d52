"""Fields of chat completions that docqa does not serve, and what to use in their place."""

from __future__ import annotations

from typing import Any

from docqa.api.errors import unsupported
from docqa.api.schemas.chat import ChatRequest, ResponseFormat

_TOOLS = "docqa calls functions of its own; ask without them, or let your own agent call docqa as a tool."
_TEXT = 'an answer is text with markers; its quotes and pages come as data with "docqa": {"citations": true}.'
_SAMPLING = "how the model samples is a setting of the service (DOCQA_LLM_…)."
INSTEAD = {
    "tools": _TOOLS,
    "functions": _TOOLS,
    "tool_choice": _TOOLS,
    "function_call": _TOOLS,
    "n": 'one question has one answer; ask again, with "docqa": {"fresh": true}, for another.',
    "response_format": _TEXT,
    "modalities": "an answer is text; leave it out.",
    "audio": "an answer is text; leave it out.",
    "logprobs": "an agent's answer has none; its quotes are checked against their pages instead.",
    "top_logprobs": "an agent's answer has none; its quotes are checked against their pages instead.",
    "logit_bias": _SAMPLING,
    "stop": "an answer ends where it is complete; leave it out.",
    "prediction": "leave it out; the same question on the same documents is answered from the cache.",
    "web_search_options": "docqa searches documents; upload what it is to know (POST /v1/files).",
    "moderation": "docqa moderates nothing; leave it out.",
}
"""By field; fields of ``ChatRequest`` that are not here are taken."""
_EMPTY: tuple[Any, ...] = (False, 0, "", [], {})
_LEFT_OPEN: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "response_format": (ResponseFormat(type="text"),),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "modalities": ([], ["text"]),
    "web_search_options": (),
}
"""Values that ask for nothing special; of other fields those in ``_EMPTY``."""


def refuse(request: ChatRequest) -> None:
    """Refuse a request that asks for what docqa does not do.

    Raises:
        ApiError: it does; the message names the field and what to use.
    """
    for name, instead in INSTEAD.items():
        value = getattr(request, name)
        if value is not None and value not in _LEFT_OPEN.get(name, _EMPTY):
            raise unsupported(name, instead)
