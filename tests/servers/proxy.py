"""A TCP proxy that disturbs the traffic to a real server: drops it, stalls it, slows it down, answers in its place."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

HOST = "127.0.0.1"
PIECE = 1 << 16
LINGER_SECONDS = 1.0


class TcpProxy:
    """Listens on a port of its own and forwards to ``target_port``, until it is told otherwise.

    What it is told holds from then on, for the connections that are open as well. The methods may be called in any
    order and from any thread.
    """

    def __init__(self, target_port: int) -> None:
        self._target = (HOST, target_port)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._reply: bytes | None = None
        self._delay = 0.0
        self._flowing = threading.Event()
        self._closed = threading.Event()
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self.pass_through()
        self._accepting = _thread(self._accept)

    def pass_through(self) -> None:
        """Forward everything at once, and first of all what was stalled."""
        self._become()

    def stall(self) -> None:
        """Accept, keep connections open, and forward nothing; nothing is lost."""
        self._become(flowing=False)

    def slow(self, seconds: float) -> None:
        """Hold each piece back for a while before it is forwarded."""
        self._become(delay=seconds)

    def drop(self) -> None:
        """Close all connections, and new ones as soon as they are made."""
        self.answer(b"")

    def answer(self, reply: bytes) -> None:
        """Close all connections, and send these bytes to whoever makes a new one, then close it."""
        self._become(reply=reply)

    def close(self) -> None:
        """Close everything and wait until the threads have ended."""
        self._closed.set()
        self.drop()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which close() does not
        self._accepting.join()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _become(self, *, reply: bytes | None = None, delay: float = 0.0, flowing: bool = True) -> None:
        with self._lock:
            self._reply, self._delay = reply, delay
            if reply is not None:
                for each in self._open:
                    _shut(each, socket.SHUT_RDWR)  # its own threads close it
            if flowing:
                self._flowing.set()
            else:
                self._flowing.clear()

    def _accept(self) -> None:
        serving: list[threading.Thread] = []
        with suppress(OSError):  # the listener is shut down
            while True:
                client, _ = self._listener.accept()
                serving = [each for each in serving if each.is_alive()]
                serving.append(_thread(self._serve, client))
        for each in serving:
            each.join()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            if (reply := self._reply) is not None:
                _answer(client, reply)
                return
            with socket.create_connection(self._target) as server:
                self._connect(client, server)

    def _connect(self, client: socket.socket, server: socket.socket) -> None:
        with self._lock:
            if self._reply is not None:  # since a moment ago
                return
            self._open |= {client, server}
        try:
            back = _thread(self._forward, server, client)
            self._forward(client, server)
            back.join()
        finally:
            with self._lock:  # a closed socket's number may be another's: nobody shuts it down from here on
                self._open -= {client, server}

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        """One direction of a connection, to its end."""
        try:
            sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while piece := self._hold(source.recv(PIECE)):
                sink.sendall(piece)
            _shut(sink, socket.SHUT_WR)  # the other direction may go on
        except OSError:
            _shut(source, socket.SHUT_RDWR)
            _shut(sink, socket.SHUT_RDWR)

    def _hold(self, piece: bytes) -> bytes:
        """The piece, or the end when it is empty, as soon as it may go on."""
        self._flowing.wait()
        self._closed.wait(self._delay)
        return piece


def _thread(work: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


def _shut(connection: socket.socket, how: int) -> None:
    with suppress(OSError):  # the other side was quicker
        connection.shutdown(how)


def _answer(client: socket.socket, reply: bytes) -> None:
    if reply:
        client.sendall(reply)
        client.shutdown(socket.SHUT_WR)
        client.settimeout(LINGER_SECONDS)
        while client.recv(PIECE):  # closed with something unread, the client would see a reset and not the reply
            pass
