"""Clients that ask again and again, and time each event that they are sent."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks.serve.figures import Figures

QUESTION = "Who opened the harbour of Ostervik? Client {} asks for the {}. time."
STAMP = re.compile(rb"@(\d+\.\d{6})@")
PATIENCE = 120.0
"""Seconds without a word after which an answer has failed."""


@dataclass(frozen=True)
class Way:
    """A route that streams answers.

    Args:
        name: how tables call it.
        path: of the route.
        question: the field that the question stands in.
        end: what the line holds that only a good answer ends with.
        more: the rest of the body.
        once: whether the answer comes as a whole at its end, so that only its first piece says what was added.
    """

    name: str
    path: str
    question: str
    end: bytes
    more: dict[str, Any]
    once: bool = True

    def body(self, question: str) -> dict[str, Any]:
        """A request."""
        said: Any = [{"role": "user", "content": question}] if self.question == "messages" else question
        return {self.question: said, **self.more}


EVENTS = Way("chat/events", "/v1/chat/events", "question", b"event: answered", {}, once=False)
CHAT = Way("chat/completions", "/v1/chat/completions", "messages", b"[DONE]", {"model": "docqa", "stream": True})
RESPONSES = Way("responses", "/v1/responses", "input", b"event: response.completed", {"model": "docqa", "stream": True})
WAYS = (EVENTS, EVENTS, EVENTS, CHAT, RESPONSES)
"""One after another for the clients: three fifths of them follow the agent."""


async def client(
    session: aiohttp.ClientSession, base: str, number: int, way: Way, figures: Figures, over: asyncio.Event
) -> None:
    """Ask until ``over`` is set; an answer that is under way then is waited for."""
    for count in itertools.count(1):
        if over.is_set():
            return
        began = time.monotonic()
        try:
            await _answer(session, base, way, QUESTION.format(number, count), figures)
            figures.note("answer", time.monotonic() - began)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            figures.fail("answer", f"{way.name}: {type(error).__name__} {error}")
            await asyncio.sleep(1)


async def _answer(session: aiohttp.ClientSession, base: str, way: Way, question: str, figures: Figures) -> None:
    seen, told, is_whole = b"", [b""], False
    patience = aiohttp.ClientTimeout(total=None, sock_read=PATIENCE)
    async with session.post(base + way.path, json=way.body(question), timeout=patience) as answer:
        if answer.status != 200:
            raise ValueError(f"{answer.status} {await answer.text()}")
        async for line in answer.content:
            now = time.monotonic()
            is_whole = is_whole or way.end in line
            if len(line) > 1:
                told = [*told[-2:], line]
            if (found := STAMP.search(line)) and not (way.once and seen):
                seen = found[1]
                figures.note(way.name, now - float(seen))
    if not is_whole:
        raise ValueError(f"ended with {b''.join(told).decode(errors='replace')[-300:]}")
