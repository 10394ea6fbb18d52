"""The misbehaving server itself, on threads of the test's own process."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers.openai.replies import DROP, HANG, Piece, Reply, Trickle, error, says, shaped

Refusal = Callable[[dict[str, Any]], Reply | None]


@dataclass
class Request:
    """A chat request: its body and headers, and whether the client hung up before the reply was whole."""

    body: dict[str, Any]
    headers: dict[str, str]
    hung_up: threading.Event = field(default_factory=threading.Event)


class ModelServer:
    """Answers ``/v1/models``, ``/v1/chat/completions`` and, where told how, ``/tokenize``.

    Attributes:
        models: the ids that it lists, or a ``Reply`` instead of the list.
        otherwise: the reply where the script is at its end.
        tokenize: counts the tokens of a text for ``/tokenize``; None: there is no such address.
        style: whose ``/tokenize`` it is, ``llama.cpp`` or ``vllm``.
        requests: the chat requests so far.
        counted: the texts that ``/tokenize`` was asked for.
    """

    def __init__(self) -> None:
        self.models: list[str] | Reply = ["m"]
        self.otherwise: Reply | Callable[[dict[str, Any]], Reply] = says("Hello.")
        self.tokenize: Callable[[str], int] | None = None
        self.style = "llama.cpp"
        self.requests: list[Request] = []
        self.counted: list[str] = []
        self.stopping = threading.Event()
        self.connections: set[socket.socket] = set()
        self._script: list[Reply] = []
        self._refusals: list[Refusal] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> ModelServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        for connection in list(self.connections):  # those that wait for another request
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    @property
    def url(self) -> str:
        """Its base URL, ending in ``/v1``."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of the chat requests so far."""
        return [request.body for request in self.requests]

    def script(self, *replies: Reply) -> None:
        """Answer the next chat requests with these."""
        with self._lock:
            self._script.extend(replies)

    def refuse(self, option: str, message: str = "", status: int = 400, when: Callable[[Any], bool] = bool) -> None:
        """Refuse chat requests whose ``option`` is there and for whose value ``when`` is true."""
        reply = error(status, message or f"Unsupported parameter: '{option}'", param=option)
        self._refusals.append(lambda body: reply if option in body and when(body[option]) else None)

    def reply_to(self, request: Request) -> Reply:
        """The reply to a chat request, which is noted."""
        with self._lock:
            self.requests.append(request)
            for refusal in self._refusals:
                if reply := refusal(request.body):
                    return reply
            if self._script:
                return self._script.pop(0)
        return self.otherwise if isinstance(self.otherwise, Reply) else self.otherwise(request.body)

    def count(self, body: dict[str, Any]) -> Reply:
        """The reply to ``/tokenize``."""
        text = body.get("content" if self.style == "llama.cpp" else "prompt")
        if self.tokenize is None or text is None:
            return error(404, "no such address")
        self.counted.append(text)
        count = self.tokenize(text)
        return shaped(200, {"tokens": [0] * count} if self.style == "llama.cpp" else {"count": count, "tokens": []})


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what these tests are about; anything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    owner: ModelServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        """Note the connection, so that the server can end it."""
        super().setup()
        self.owner.connections.add(self.connection)

    def do_GET(self) -> None:
        models = self.owner.models
        if isinstance(models, Reply):
            self._answer(models)
        else:
            rows = [{"id": name, "object": "model", "created": 1, "owned_by": "tests"} for name in models]
            self._answer(shaped(200, {"object": "list", "data": rows}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tokenize":
            self._answer(self.owner.count(body))
        elif self.path == "/v1/chat/completions":
            request = Request(body, {name.lower(): value for name, value in self.headers.items()})
            self._answer(self.owner.reply_to(request), request.hung_up)
        else:
            self._answer(error(404, "no such address"))

    def _answer(self, reply: Reply, hung_up: threading.Event | None = None) -> None:
        try:
            if not self._sent(reply.early, chunked=False):
                return
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Transfer-Encoding", "chunked")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self._sent(reply.pieces, chunked=True):
                self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True
            if hung_up:
                hung_up.set()

    def _sent(self, pieces: Sequence[Piece], chunked: bool) -> bool:
        """Send pieces; false where the connection is at its end."""
        for piece in self._lasting(pieces):
            if piece == DROP:
                self._break()
                return False
            if isinstance(piece, float):
                self._pause(piece)
            elif isinstance(piece, bytes):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                self.wfile.flush()
        if self.owner.stopping.is_set():
            self.close_connection = True
        return not self.close_connection

    def _lasting(self, pieces: Sequence[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            if piece == HANG:
                while not self.owner.stopping.is_set():
                    yield 0.05
            elif isinstance(piece, Trickle):
                while not self.owner.stopping.is_set():
                    yield piece.data
                    yield piece.every
            else:
                yield piece

    def _pause(self, seconds: float) -> None:
        """Wait; raise where the client hangs up."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.owner.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.05))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError("the client hung up")

    def _break(self) -> None:
        """End the connection in the middle of what it sends."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """Flush and close, unless the connection is gone."""
        self.owner.connections.discard(self.connection)
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""
