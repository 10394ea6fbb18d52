"""Server-sent events (WHATWG HTML, section 9.2), and what both kinds of answers do when their client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from docqa.api.errors import ApiError

HEARTBEAT_SECONDS = 10.0
SEND_SECONDS = 30.0
"""How long a client may take to read what is at hand before it is taken for gone."""
HEARTBEAT = ": still at work\n"
"""A comment. No empty line follows it: some clients, OpenAI's for Python too, take one for the end of an event."""
JSON = {"contentMediaType": "application/json"}
"""The schema of events that carry JSON."""
T = TypeVar("T")


def described(about: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """How the API's description tells of a stream; ``data`` is the schema of what each event carries."""
    fields = {"id": {"type": "string"}, "event": {"type": "string"}, "data": {"type": "string", **data}}
    each = {"type": "object", "description": about, "properties": fields, "required": ["data"]}
    return {"text/event-stream": {"itemSchema": each}}


def event(data: str, name: str = "", id: str = "") -> str:
    """One event; ``data`` is a line, ``name`` and ``id`` are left out where they are empty."""
    head = (f"id: {id}\n" if id else "") + (f"event: {name}\n" if name else "")
    return f"{head}data: {data}\n\n"


class EventStream(Response):
    """A response that sends events as they come, and ends what makes them as soon as its client has left.

    Args:
        events: what is sent; closed at the end, however that comes.
        left: called once when the client has gone before the end.
        headers: further headers.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncIterator[str], left: Callable[[], None], headers: Mapping[str, str] | None = None
    ) -> None:
        plain = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", **(headers or {})}
        super().__init__(headers=plain)
        del self.headers["content-length"]
        self._events, self._left = events, left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end, or until the client has gone."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.ensure_future(self._send(send))
        try:
            if not await _first(sending, receive):
                self._left()
        except OSError:  # the server found the connection broken, or the client does not read
            self._left()
        except asyncio.CancelledError:
            self._left()
            raise
        finally:
            await _ended(sending)
            if close := getattr(self._events, "aclose", None):
                await close()

    async def _send(self, send: Send) -> None:
        async for text in self._events:
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def while_connected(receive: Receive, work: Awaitable[T], left: Callable[[], None]) -> T:
    """The result of some work, which ends as soon as the client has left.

    Raises:
        ApiError: the client has gone, so that nobody reads what is answered.
    """
    task = asyncio.ensure_future(work)
    try:
        if await _first(task, receive):
            return task.result()
        left()
        raise ApiError(499, "The client has left.", "client_left")
    except asyncio.CancelledError:
        left()
        raise
    finally:
        await _ended(task)


async def _first(task: asyncio.Future[T], receive: Receive) -> bool:
    """Whether a task ended before the client left; raises what the task raises."""
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _ended(gone)
    if not task.done():
        return False
    task.result()
    return True


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ended(task: asyncio.Future[T]) -> None:
    """Cancel a task and wait for its end."""
    if not task.done():
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
