"""Connections whose reads end at a deadline."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from httpcore2 import ConnectError, ReadTimeout

from docqa.llm.openai.retrying import Deadline
from docqa.llm.openai.watch import Connection, Connections


@pytest.fixture
def connection() -> Iterator[Connection]:
    """One to a host that says hello and is silent then."""
    with socket.create_server(("127.0.0.1", 0)) as host:
        made = Connections().connect_tcp("127.0.0.1", host.getsockname()[1], 5)
        other, _ = host.accept()
        other.sendall(b"hello")
        assert isinstance(made, Connection)
        yield made
        made.close()
        other.close()


def test_without_a_deadline_reads_have_their_timeout(connection: Connection) -> None:
    assert connection.read(5, 5) == b"hello"
    with pytest.raises(ReadTimeout):
        connection.read(5, 0.01)


def test_a_deadline_ends_a_read_before_its_timeout(connection: Connection) -> None:
    connection.bound(Deadline(0.05))
    connection.read(5, 3600)
    with pytest.raises(ReadTimeout):
        connection.read(5, 3600)


def test_what_a_request_leaves_behind_is_not_the_deadline_of_the_next(connection: Connection) -> None:
    first, second = Deadline(1e-9), Deadline(3600)
    connection.bound(first)
    connection.bound(second)
    connection.release(first)
    assert connection.read(5, 5) == b"hello"
    connection.bound(first)
    connection.release(first)
    with pytest.raises(ReadTimeout, match="timed out"):
        connection.read(5, 0.01)


def test_a_host_that_refuses_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as host:
        port = host.getsockname()[1]
    with pytest.raises(ConnectError, match="refused"):
        Connections().connect_tcp("127.0.0.1", port, 5)
