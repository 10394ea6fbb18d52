"""What the misbehaving server answers: a status, headers, and a body that may hang, trickle or break off."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tests.servers.openai import shapes

DROP: Final = "drop"  # the connection breaks off
HANG: Final = "hang"  # nothing more comes until the client hangs up


@dataclass(frozen=True)
class Trickle:
    """The same bytes again and again until the client hangs up, with seconds between them."""

    data: bytes = b": still here\n\n"
    every: float = 0.02


Piece = bytes | float | str | Trickle  # bytes are sent, a number is a pause in seconds, or DROP or HANG


@dataclass(frozen=True)
class Reply:
    """One answer. ``early`` pieces come before its head: HANG or DROP there answers nothing at all."""

    pieces: Sequence[Piece] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "text/event-stream"
    early: Sequence[Piece] = ()


def usage(prompt: int = 100, answer: int = 10, cached: int = 0) -> dict[str, Any]:
    """A chunk's ``usage``."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def deltas(
    *found: Mapping[str, Any], finish: str | None = "stop", used: Mapping[str, Any] | None = None, done: bool = True
) -> Reply:
    """A stream of these deltas; with ``done`` false it ends without its mark, with ``finish`` None without a reason."""
    chunks = [shapes.chunk(delta) for delta in found]
    if finish:
        chunks.append(shapes.chunk({}, finish))
    if used is not None:
        chunks.append({**shapes.chunk({}), "choices": [], "usage": dict(used)})
    ending = [b"data: [DONE]\n\n"] if done else []
    return Reply([*map(shapes.event, chunks), *ending])


def says(text: str, finish: str | None = "stop", used: Mapping[str, Any] | None = None, size: int = 4) -> Reply:
    """Text, in deltas of a few characters."""
    parts = [{"content": text[at : at + size]} for at in range(0, len(text), size)]
    return deltas(*parts, finish=finish, used=usage() if used is None else used)


def calls(*made: tuple[str, Mapping[str, Any]], text: str = "", used: Mapping[str, Any] | None = None) -> Reply:
    """Native calls, their arguments in two pieces."""
    found: list[dict[str, Any]] = [{"role": "assistant", "content": text or None}]
    for index, (name, arguments) in enumerate(made):
        written = json.dumps(arguments)
        first = {"name": name, "arguments": written[:5]}
        found.append({"tool_calls": [{"index": index, "id": f"id{index}", "type": "function", "function": first}]})
        found.append({"tool_calls": [{"index": index, "function": {"arguments": written[5:]}}]})
    return deltas(*found, finish="tool_calls", used=usage() if used is None else used)


def whole(message: Mapping[str, Any], finish: str = "stop") -> Reply:
    """A body that is no stream."""
    body = {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": finish}]}
    return Reply([json.dumps({**body, "usage": usage()}).encode()], kind="application/json")


def error(status: int, message: str = "", headers: Mapping[str, str] | None = None, **more: Any) -> Reply:
    """An error in OpenAI's shape."""
    return shaped(status, {"error": {"message": message or f"status {status}", **more}}, headers)


def shaped(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """An error in any shape."""
    return Reply([json.dumps(body).encode()], status, headers or {}, "application/json")


def too_long(shape: str, prompt: int = 5000, window: int = 4096) -> Reply:
    """The refusal of a prompt that is too long, as ``shapes.TOO_LONG`` knows it."""
    status, body = shapes.TOO_LONG[shape](prompt, window)
    return shaped(status, body)


def hang(reply: Reply | None = None, after: int = 0) -> Reply:
    """No answer at all, or that of ``reply`` up to its piece ``after``, and then nothing."""
    return replace(reply, pieces=[*reply.pieces[:after], HANG]) if reply else Reply(early=[HANG])


def cut(reply: Reply, after: int) -> Reply:
    """The beginning of a reply, up to its piece ``after``; there the connection breaks off."""
    return replace(reply, pieces=[*reply.pieces[:after], DROP])


def trickle(reply: Reply | None = None, data: bytes = b": still here\n\n") -> Reply:
    """A reply, without its end, and then bytes that mean nothing, for ever."""
    return Reply([*(reply.pieces[:-2] if reply else ()), Trickle(data)])
