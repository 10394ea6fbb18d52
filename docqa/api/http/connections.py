"""How a connection is kept from being held for nothing: by headers that never end, or by a client that never reads."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from docqa.api.errors import ApiError, ErrorAnswer, detail_of

MOST_HEADER_BYTES = 1 << 16
STALLED_SECONDS = 60.0
"""How long a client may leave what was sent to it unread."""


class Connection(HttpToolsProtocol):
    """A connection whose requests have to come in time, and whose answers have to be read.

    Args:
        header_seconds: for the headers of a request, from its first byte on.
        given: what the server gives to each.
    """

    def __init__(self, header_seconds: float, **given: Any) -> None:
        super().__init__(**given)
        self._header_seconds = header_seconds
        self._headers_due: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._headers_came()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request have come."""
        if self._headers_due is None and (self.cycle is None or self.cycle.response_complete):
            self._expect_headers()
        self._header_bytes += len(data)
        super().data_received(data)
        if self._headers_due and self._header_bytes > MOST_HEADER_BYTES:
            self._refuse(431, f"The headers have more than {MOST_HEADER_BYTES >> 10} KiB.", "headers_too_large")

    def on_headers_complete(self) -> None:
        """The headers of a request are whole."""
        self._headers_came()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """The client does not read what was sent."""
        super().pause_writing()
        self._stalled = self._stalled or self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads again."""
        if self._stalled:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What came is no request."""
        self._refuse(400, "This is no valid HTTP request.", "invalid_request")

    def _expect_headers(self) -> None:
        self._header_bytes = 0
        self._headers_due = self.loop.call_later(self._header_seconds, self._too_slow)

    def _headers_came(self) -> None:
        if self._headers_due:
            self._headers_due.cancel()
            self._headers_due = None

    def _too_slow(self) -> None:
        if self._header_bytes:
            self._refuse(408, "The headers come too slowly.", "request_timeout")
        else:
            self.transport.close()

    def _refuse(self, status: int, message: str, code: str) -> None:
        """Answer what no application has seen, in the form of all errors, and end the connection."""
        self._headers_came()
        if self.transport.is_closing():
            return
        body = json.dumps(ErrorAnswer(error=detail_of(ApiError(status, message, code))).model_dump()).encode()
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
