"""Connections that hold the service up: slow, endless or broken headers."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from docqa.api.http import connections
from tests.servers.serve import served

GONE = threading.Event()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service in which headers must come within half a second."""
    data = tmp_path_factory.mktemp("connected") / "data"
    with served(data, "--no-worker", settings={"DOCQA_HEADER_SECONDS": "0.5"}) as service:
        yield service.base


def connected(base: str) -> socket.socket:
    place = urlsplit(base)
    return socket.create_connection((place.hostname or "", place.port or 0), 20)


def rest(connection: socket.socket) -> bytes:
    """What comes until the server ends the connection."""
    got = b""
    try:
        while block := connection.recv(65536):
            got += block
    except ConnectionError:
        pass
    return got


def error_in(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]


def test_headers_that_come_too_slowly_are_given_up(base: str) -> None:
    with connected(base) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert error_in(rest(connection)) == (408, "request_timeout")


def test_a_connection_over_which_nothing_comes_is_closed(base: str) -> None:
    with connected(base) as connection:
        assert rest(connection) == b""


def test_headers_that_never_end_are_cut(base: str) -> None:
    with connected(base) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nX-Long: " + b"x" * 80_000)
        assert error_in(rest(connection)) == (431, "headers_too_large")


def test_what_is_no_request_is_answered_in_the_form_of_all_errors(base: str) -> None:
    with connected(base) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        assert error_in(rest(connection)) == (400, "invalid_request")


def test_the_next_request_over_a_connection_gets_its_time_anew(base: str) -> None:
    with connected(base) as connection:
        for _ in range(2):
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            got = b""
            while not got.endswith(b'{"status":"alive"}'):
                got += connection.recv(65536)
        connection.sendall(b"GET /livez HTTP/1.1\r\n")
        assert error_in(rest(connection)) == (408, "request_timeout")


def test_nothing_says_what_serves(base: str) -> None:
    assert "server" not in httpx.get(f"{base}/livez").headers


async def endless(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that sends until its client has gone."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    left = asyncio.ensure_future(receive())
    while not left.done():
        await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        await asyncio.sleep(0)
    GONE.set()


def test_a_client_that_never_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STALLED_SECONDS", 0.2)
    http = cast(type[asyncio.Protocol], partial(connections.Connection, 30.0))
    server = uvicorn.Server(uvicorn.Config(endless, http=http, lifespan="off", log_config=None, ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        with socket.create_connection(listening.getsockname()) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert GONE.wait(30)
        server.should_exit = True
        thread.join(30)
