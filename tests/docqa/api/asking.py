"""Questions to the service, and scripts of a model that answers them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from docqa.llm.scripted import call

QUESTION = "Who opened the harbour of Ostervik?"
SEARCH = call("search_archive", query="who opened the harbour of Ostervik")
QUOTE = "opened in 1911 by the builder Norda Shipyard"
NOTE = call("note_evidence", claim="Norda Shipyard opened it", chunk="c1", quote=QUOTE)
ANSWER = call("answer", text="Norda Shipyard [e1].", citations=["e1"])
FOUND = (SEARCH, NOTE, ANSWER)
PATIENCE = 30.0
"""Seconds in which what is waited for has to come on a slow machine."""


def user(text: str = QUESTION) -> Any:
    """Messages with one of the user's."""
    return [{"role": "user", "content": text}]


def soon(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold."""
    ends = time.monotonic() + PATIENCE
    while not (held := holds()) and time.monotonic() < ends:
        time.sleep(0.05)
    return held


def lines(base: str, path: str, **request: Any) -> list[str]:
    """The lines of a stream that are not empty; ``request`` goes to httpx, as a POST where it has a body."""
    method = "POST" if "json" in request else "GET"
    with httpx.stream(method, f"{base}/v1{path}", timeout=PATIENCE, **request) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        return [line for line in answer.iter_lines() if line]


def told(lines: list[str]) -> list[tuple[int, str, dict[str, Any]]]:
    """The events in the lines of a stream: id (0: none), name and data."""
    events, id, name = [], 0, ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "id":
            id = int(value)
        elif field == "event":
            name = value
        elif field == "data":
            events.append((id, name, json.loads(value)))
            id, name = 0, ""
    return events
