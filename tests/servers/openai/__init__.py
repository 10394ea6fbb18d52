"""A server that speaks OpenAI's chat completions and misbehaves on command, on loopback.

    with ModelServer() as server:
        server.script(says("Hello."), hang(), error(503), calls(("search_archive", {"query": "harbour"})))
        model = OpenAIModel(Settings(llm="openai", llm_base_url=server.url))

Each chat request takes the next reply of the script; when that is at its end, ``server.otherwise`` answers.
``server.requests`` holds what was sent, and whether the client hung up before the reply was whole.
``server.refuse(option)`` lets it refuse requests that hold an option, without taking a reply from the script.
"""

from tests.servers.openai.replies import (
    DROP,
    HANG,
    Reply,
    Trickle,
    calls,
    cut,
    deltas,
    error,
    hang,
    says,
    too_long,
    trickle,
    usage,
    whole,
)
from tests.servers.openai.server import ModelServer, Request

__all__ = [
    "DROP",
    "HANG",
    "ModelServer",
    "Reply",
    "Request",
    "Trickle",
    "calls",
    "cut",
    "deltas",
    "error",
    "hang",
    "says",
    "too_long",
    "trickle",
    "usage",
    "whole",
]
