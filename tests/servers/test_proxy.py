"""The proxy disturbs connections, and only as it is told."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.servers.proxy import HOST, TcpProxy


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets, to one client after another."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    while piece := connection.recv(1000):
                        connection.sendall(piece)

    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def proxy(echo: int) -> Iterator[TcpProxy]:
    with TcpProxy(echo) as proxy:
        yield proxy


def connect(proxy: TcpProxy) -> socket.socket:
    return socket.create_connection((HOST, proxy.port), timeout=5)


def said_back(client: socket.socket, text: bytes) -> bytes:
    client.sendall(text)
    return client.recv(1000)


def test_bytes_pass_through(proxy: TcpProxy) -> None:
    with connect(proxy) as client:
        assert said_back(client, b"one") == b"one"
        assert said_back(client, b"two") == b"two"


def test_the_end_of_one_direction_leaves_the_other_open(proxy: TcpProxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"last")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1000) == b"last"
        assert client.recv(1000) == b""


def test_a_drop_closes_open_connections_and_new_ones(proxy: TcpProxy) -> None:
    with connect(proxy) as client:
        assert said_back(client, b"one") == b"one"
        proxy.drop()
        assert client.recv(1000) == b""
    with connect(proxy) as client, suppress(ConnectionError):
        assert said_back(client, b"two") == b""
    proxy.pass_through()
    with connect(proxy) as client:
        assert said_back(client, b"three") == b"three"


def test_what_is_stalled_arrives_later(proxy: TcpProxy) -> None:
    proxy.stall()
    with connect(proxy) as client:
        client.sendall(b"one")
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1000)
        client.settimeout(5)
        proxy.pass_through()
        assert client.recv(1000) == b"one"


def test_a_stalled_connection_can_be_dropped(proxy: TcpProxy) -> None:
    proxy.stall()
    with connect(proxy) as client:
        client.sendall(b"one")
        proxy.drop()
        with suppress(ConnectionError):
            assert client.recv(1000) == b""


def test_slow_holds_each_piece_back_on_both_ways(proxy: TcpProxy) -> None:
    proxy.slow(0.1)
    with connect(proxy) as client:
        began = time.monotonic()
        assert said_back(client, b"one") == b"one"
        assert time.monotonic() - began >= 0.2


def test_an_answer_is_given_in_the_servers_place(proxy: TcpProxy) -> None:
    proxy.answer(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
    with connect(proxy) as client:
        assert said_back(client, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 503")
        assert client.recv(1000) == b""


def test_a_client_of_a_missing_server_is_let_go() -> None:
    with socket.create_server((HOST, 0)) as unused:
        port = unused.getsockname()[1]
    with TcpProxy(port) as proxy, connect(proxy) as client:
        assert client.recv(1000) == b""


def test_closing_ends_threads_and_connections_and_frees_the_port(echo: int) -> None:
    before = threading.active_count()
    proxy = TcpProxy(echo)
    with connect(proxy) as client:
        proxy.stall()
        client.sendall(b"one")
        proxy.close()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
