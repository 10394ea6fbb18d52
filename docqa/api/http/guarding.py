"""Limits on what comes in, and headers on what goes out."""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docqa.api import errors
from docqa.api.errors import ApiError
from docqa.api.http import bodies
from docqa.settings import Settings

UPLOADS = re.compile(r"/v1/(?:files|uploads/[^/]+/parts)")
"""Paths whose routes read a POST's body themselves, as it comes, with limits of their own."""
AT_ONCE = 1 << 16
"""Larger bodies are looked at in a thread, so that other requests go on."""
PAGE = "/docs"
SHOWN = ("X-Request-Id", "X-Docqa-Run", "X-Docqa-Cache", "Retry-After")
"""Headers that a page of another origin may read."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""Headers of every answer that has none of its own of that name."""
OF_PAGE = "default-src 'self' data: 'unsafe-inline'; frame-ancestors 'none'"
OF_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}


def install(app: FastAPI, settings: Settings) -> None:
    """Guard an application. Pages of other origins may use it only where the settings name their origins."""
    app.add_middleware(Guard, settings=settings)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins.split(),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=SHOWN,
        )


class Guard:
    """Reads and looks at the body of each request before the application sees it, and completes what it answers.

    Args:
        app: the application.
        settings: the limits.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._most, self._patience = settings.max_body_kb << 10, settings.body_seconds
        self._headers = {**HEADERS, **(OF_HTTPS if settings.public_url.startswith("https:") else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._headers)
        try:
            _check_address(scope)
            if scope["method"] != "POST" or not UPLOADS.fullmatch(scope["path"]):
                await self._read(exchange)
        except ApiError as error:
            await errors.answer(error)(scope, receive, exchange.send)
        except bodies.ClientLeft:
            return
        else:
            await self.app(scope, exchange.receive, exchange.send)

    async def _read(self, exchange: _Exchange) -> None:
        if exchange.unread:
            body = await bodies.read(exchange.receive, exchange.headers, self._most, self._patience)
            if len(body) > AT_ONCE:
                await run_in_threadpool(bodies.check, body)
            else:
                bodies.check(body)
            exchange.give_again(body)


class _Exchange:
    """A request and its answer: what is still to be read of the one, and which headers the other gets."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, more: dict[str, str]) -> None:
        self.headers = Headers(scope=scope)
        self.unread = "transfer-encoding" in self.headers or self.headers.get("content-length", "0") != "0"
        self._scope, self._receive, self._send, self._more = scope, receive, send, more
        self._body: bytes | None = None

    def give_again(self, body: bytes) -> None:
        """Let the application receive a body that was read already."""
        self._body = body

    async def receive(self) -> Message:
        """What the application receives."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self.unread = False
        return message

    async def send(self, message: Message) -> None:
        """Send what the application sends. Where it has not read all of a body, the connection ends with the answer."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in self._more.items():
                headers.setdefault(name, value)
            if self._scope["path"] == PAGE:
                headers["Content-Security-Policy"] = OF_PAGE
            if self.unread or self._is_ending():
                headers["Connection"] = "close"
        await self._send(message)

    def _is_ending(self) -> bool:
        service = getattr(self._scope["app"].state, "service", None)
        return service is not None and service.ending.is_set()


def _check_address(scope: Scope) -> None:
    if b"%00" in scope.get("raw_path", b"") or b"%00" in scope.get("query_string", b""):
        raise ApiError(400, "The address has the character U+0000.", "invalid_url")
