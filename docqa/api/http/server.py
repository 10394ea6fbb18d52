"""One process of the service: an HTTP server around the application, which ends without cutting anybody off unheard."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import cast

import uvicorn
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from docqa.api.http.connections import Connection
from docqa.api.service import Service
from docqa.api.warming import warm
from docqa.settings import Settings

LEAVE_SECONDS = 5
"""What connections get to end, once no answer is under way any more."""
KEEP_ALIVE_SECONDS = 30


def serve(app: FastAPI, settings: Settings, listening: socket.socket, started: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; answers under way may end before, for as long as the settings allow.

    Args:
        app: the application for the settings.
        settings: the time limits.
        listening: where requests come in.
        started: called once when the service is ready.

    Raises:
        Exception: what the application raised instead of starting; a DocqaError if it was foreseen.
    """
    _allow_many_files()
    starting = _Starting(app)
    config = uvicorn.Config(
        starting,
        loop="uvloop",
        http=cast(type[asyncio.Protocol], partial(Connection, settings.header_seconds)),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LEAVE_SECONDS,
    )
    try:
        Server(config, app, started).run([listening])
    except SystemExit:
        raise starting.failure or RuntimeError("the server does not start") from None


class Server(uvicorn.Server):
    """A server that goes on answering, health checks too, until the answers under way have ended.

    Args:
        config: of the server.
        app: the application, whose service is told that it ends.
        ready: called once when requests are answered.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app, self._ready = app, ready

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to end; a second Ctrl-C ends it at once. After the end, unlike uvicorn's, it is not raised anew."""
        self.force_exit = self.force_exit or (self.should_exit and sig == signal.SIGINT)
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so; the rest is loaded while requests are answered."""
        await super().startup(sockets)
        if self.started:
            self._ready()
            self._warming = threading.Thread(target=warm, args=(self._app.state.service,), name="warming")
            self._warming.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let answers end or end them, each with an event that says so; then the connections; then the rest."""
        service: Service = self._app.state.service
        service.ending.set()
        ending = asyncio.ensure_future(asyncio.to_thread(service.answering.close, service.settings.shutdown_seconds))
        while (not ending.done() or self._warming.is_alive()) and not self.force_exit:
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)


class _Starting:
    """An application whose failure to start is kept, to be told by whoever started it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.failure: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_quietly(message: Message) -> None:
            await send({**message, "message": ""} if "message" in message else message)

        try:
            await self._app(scope, receive, send_quietly)
        except Exception as error:
            self.failure = error
            raise


def _allow_many_files() -> None:
    """Each connection is a file; many systems begin with a low limit that may be raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, hard), hard))
