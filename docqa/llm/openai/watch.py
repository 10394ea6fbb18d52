"""The connections to a server, out of which a waiting thread can be called: by its ``Stop``, and at a deadline.

A thread that waits for a silent server stands in a call of its socket, and shutting the socket down, from any other
thread, ends that call at once. A deadline bounds every read, which a timeout alone cannot do: it begins anew with every
byte of a server that trickles.
"""

from __future__ import annotations

import contextlib
import math
import socket
import ssl
import threading
from collections.abc import Iterable
from functools import partial
from types import TracebackType
from typing import Any

from httpcore2 import ConnectError, ConnectTimeout, NetworkStream, ReadTimeout, SyncBackend
from httpcore2._backends.sync import SyncStream

from docqa.llm import stopping
from docqa.llm.openai.retrying import Deadline

_NEVER = Deadline(0)
_CONNECTION = "docqa"  # by which the HTTP library's stream is asked for the connection below it


class Connection(NetworkStream):
    """A connection whose reads end at a deadline, where it has one, and at the end of whoever reads."""

    def __init__(self, stream: NetworkStream) -> None:
        self._stream = stream
        self._end = partial(_shut, stream.get_extra_info("socket"))
        self._deadline = _NEVER
        self._lock = threading.Lock()

    def bound(self, deadline: Deadline) -> None:
        """Have its reads end at a deadline."""
        with self._lock:
            self._deadline = deadline

    def release(self, deadline: Deadline) -> None:
        """Have its reads end at this deadline no more. Another request may have the connection already, and its own."""
        with self._lock:
            self._deadline = _NEVER if self._deadline is deadline else self._deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes; raises what the HTTP library expects."""
        left = min(self._deadline.left, math.inf if timeout is None else timeout)
        if not left:
            raise ReadTimeout("the time is over")
        with stopping.current().ending(self._end):
            return self._stream.read(max_bytes, None if math.isinf(left) else left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of the bytes."""
        with stopping.current().ending(self._end):
            self._stream.write(buffer, timeout)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        """The same connection, encrypted from here on."""
        with stopping.current().ending(self._end):
            return Connection(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        """What the HTTP library wants to know of it."""
        return self if info == _CONNECTION else self._stream.get_extra_info(info)


class Connections(SyncBackend):
    """Makes such connections, for the HTTP library."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        """Connect to a host, each of its addresses within ``timeout`` seconds."""
        try:
            connected = _connected(host, port, timeout, local_address)
        except TimeoutError as error:
            raise ConnectTimeout(error) from error
        except OSError as error:
            raise ConnectError(error) from error
        for option in (*(socket_options or ()), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)):
            connected.setsockopt(*option)
        return Connection(SyncStream(connected))


class Watch:
    """A context manager around the reading of a response: it bounds its reads by a deadline."""

    def __init__(self, deadline: Deadline, response: Any) -> None:
        """``response`` is the HTTP library's, whose extensions hold the network stream."""
        stream = response.extensions.get("network_stream")
        self._connection: Connection | None = stream.get_extra_info(_CONNECTION) if stream else None
        self._deadline = deadline

    def __enter__(self) -> Watch:
        if self._connection:
            self._connection.bound(self._deadline)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._connection:
            self._connection.release(self._deadline)


def use(client: Any) -> None:
    """Have a client of the HTTP library make such connections, which it offers no option for."""
    for transport in (client._transport, *client._mounts.values()):
        if transport is not None:  # None: addresses to which no proxy leads
            transport._pool._network_backend = Connections()


def _connected(host: str, port: int, timeout: float | None, source: str | None) -> socket.socket:
    """A socket that is connected to the first address of a host that takes it."""
    failed = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(timeout)
            if source:
                made.bind((source, 0))
            with stopping.current().ending(partial(_shut, made)):
                made.connect(address)
            return made
        except OSError as error:
            made.close()
            failed = error
        except BaseException:
            made.close()
            raise
    raise failed


def _shut(connection: socket.socket) -> None:
    """Shut a socket down below any encryption, whose state the thread that reads from it has in its hands."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
