"""What is seen of each request: its id, a line in the log, figures and a span."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docqa.api import errors
from docqa.api.errors import ApiError
from docqa.api.http.logs import log, request_id, trace_of
from docqa.api.http.metrics import Metrics
from docqa.api.http.telemetry import Telemetry, open_telemetry
from docqa.settings import Settings

WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
PROBES = ("/livez", "/readyz", "/metrics")
"""Routes that are asked all the time; where they answer well the log says nothing."""
LEFT = 499
"""The status of a request whose client left before the answer, as proxies count it."""
_telemetry: ContextVar[Telemetry] = ContextVar("telemetry", default=Telemetry())  # noqa: B039  (it never changes)


def install(app: FastAPI, settings: Settings) -> None:
    """Observe an application: ``app.state.metrics`` and ``app.state.telemetry`` are where all that goes."""
    app.state.metrics, app.state.telemetry = Metrics(), open_telemetry(settings)
    app.add_middleware(Observer, metrics=app.state.metrics, telemetry=app.state.telemetry)


def run_begun(run: str, cached: bool) -> Callable[[], None]:
    """Note that an answer begins within the current request; what it gives is called when the answer is over."""
    return _telemetry.get().run(run, cached)


class Observer:
    """Sees every request from its beginning to its end; what fails within it in an unforeseen way is answered here.

    Args:
        app: the application.
        metrics: counts.
        telemetry: traces.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, telemetry: Telemetry) -> None:
        self.app, self._metrics, self._telemetry = app, metrics, telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        _telemetry.set(self._telemetry)
        request_id.set(id := given if WELL_FORMED.fullmatch(given) else uuid4().hex)
        seen = _Seen(receive, send, id, self._metrics)
        with self._metrics.open.track_inprogress(), self._telemetry.request(scope["method"], headers) as tell:
            try:
                await self._handle(scope, seen)
            finally:
                seen.over(scope)
                tell(route_of(scope), {"http.response.status_code": seen.status, "docqa.request": id, **seen.run})

    async def _handle(self, scope: Scope, seen: _Seen) -> None:
        try:
            await self.app(scope, seen.receive, seen.send)
        except Exception as error:
            log("something unforeseen happened", logging.ERROR, error=trace_of(error))
            if seen.began:
                raise  # the server ends the connection, so that nobody takes the answer for whole
            told = f"Something unforeseen happened; the log of the service has it as request {seen.id}."
            await errors.answer(ApiError(500, told, "server_error"))(scope, seen.receive, seen.send)


class _Seen:
    """What was seen of a request and its answer so far."""

    def __init__(self, receive: Receive, send: Send, id: str, metrics: Metrics) -> None:
        self.id, self.status, self.began = id, LEFT, False
        self.run: dict[str, str | int | bool] = {}
        self._receive, self._send, self._metrics = receive, send, metrics
        self._start, self._first = time.perf_counter(), 0.0
        self._received = self._sent = 0
        self._streams = False

    async def receive(self) -> Message:
        """What the application receives."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """Send what the application sends, with the request's id."""
        if message["type"] == "http.response.start":
            self._begin(message)
        await self._send(message)
        self._sent += len(message.get("body", b""))

    def _begin(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        headers["X-Request-Id"] = self.id
        self.began, self.status, self._first = True, message["status"], self._seconds()
        given = {"docqa.run": headers.get("x-docqa-run"), "docqa.cache": headers.get("x-docqa-cache")}
        self.run = {name: value for name, value in given.items() if value}
        self._streams = headers.get("content-type", "").startswith("text/event-stream")
        if self._streams:
            self._metrics.streams.inc()

    def over(self, scope: Scope) -> None:
        """Count the request, and write down what it was."""
        if self._streams:
            self._metrics.streams.dec()
        whole, route, cache = self._seconds(), route_of(scope), str(self.run.get("docqa.cache", ""))
        first = self._first if self.began else whole
        self._metrics.count(scope["method"], route, self.status, first, whole, self._received, self._sent, cache)
        if route in PROBES and self.status < 400:
            return
        log(
            "answered",
            method=scope["method"][:20],
            route=route,
            status=self.status,
            seconds=round(whole, 4),
            first=round(first, 4),
            received=self._received,
            sent=self._sent,
            run=self.run.get("docqa.run"),
            cache=cache,
        )

    def _seconds(self) -> float:
        return time.perf_counter() - self._start


def route_of(scope: Scope) -> str:
    """The template of the route that a request was for; empty where there is none."""
    return str(getattr(scope.get("route"), "path_format", ""))
