"""The tests themselves reach nothing outside this machine."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from loopback import NetworkBlocked

OUTSIDE = ("192.0.2.1", 80)  # an address kept for documentation (RFC 5737): nobody is there


def test_a_connection_to_the_outside_is_refused() -> None:
    with socket.socket() as client, pytest.raises(NetworkBlocked, match=r"192\.0\.2\.1"):
        client.connect(OUTSIDE)


def test_a_datagram_to_the_outside_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client, pytest.raises(NetworkBlocked):
        client.sendto(b"x", OUTSIDE)


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(NetworkBlocked, match=r"docqa\.invalid"):
        socket.getaddrinfo("docqa.invalid", 443)


def test_loopback_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_a_child_process_is_guarded_too() -> None:
    code = f"import socket; socket.socket().connect({OUTSIDE})"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert child.returncode != 0
    assert "NetworkBlocked" in child.stderr
