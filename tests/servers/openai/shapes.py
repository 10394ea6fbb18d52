"""The shapes of chunks and of refusals, as servers write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any


def chunk(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    """A ``chat.completion.chunk`` with one choice."""
    choice = {"index": 0, "delta": dict(delta), "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def event(data: Mapping[str, Any]) -> bytes:
    """A server-sent event."""
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def _openai(prompt: int, window: int) -> tuple[int, Any]:
    message = (
        f"This model's maximum context length is {window} tokens. However, your messages resulted in {prompt} tokens. "
        "Please reduce the length of the messages."
    )
    inner = {
        "message": message,
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    }
    return 400, {"error": inner}


def _llama(prompt: int, window: int) -> tuple[int, Any]:
    message = f"request ({prompt} tokens) exceeds the available context size ({window} tokens), try increasing it"
    inner = {"code": 400, "message": message, "type": "exceed_context_size_error"}
    return 400, {"error": {**inner, "n_prompt_tokens": prompt, "n_ctx": window}}


def _vllm(prompt: int, window: int) -> tuple[int, Any]:
    message = (
        f"This model's maximum context length is {window} tokens. However, you requested {prompt + 100} tokens "
        f"({prompt} in the messages, 100 in the completion). Please reduce the length of the messages or completion."
    )
    return 400, {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": 400}


def _vllm_room(prompt: int, window: int) -> tuple[int, Any]:
    message = (
        f"'max_tokens' or 'max_completion_tokens' is too large: 1024. This model's maximum context length is {window} "
        f"tokens and your request has {prompt} input tokens (1024 > {window} - {prompt})."
    )
    return 400, {"error": {"message": message, "type": "BadRequestError", "param": None, "code": 400}}


def _ollama(_prompt: int, _window: int) -> tuple[int, Any]:
    return 400, {"error": "the input length exceeds the context length"}


def _in_stream(prompt: int, window: int) -> tuple[int, Any]:
    return 500, _llama(prompt, window)[1]


# By server: what it answers to a prompt of so many tokens for a window of so many.
TOO_LONG: dict[str, Callable[[int, int], tuple[int, Any]]] = {
    "openai": _openai,
    "llama.cpp": _llama,
    "vllm": _vllm,
    "vllm, no room": _vllm_room,
    "ollama": _ollama,
    "llama.cpp as 500": _in_stream,
}
