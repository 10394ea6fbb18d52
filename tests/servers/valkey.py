"""A real Valkey server on a loopback port, for tests of what docqa's own server is not: passwords, rights, limits."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.broker.program import command

HOST = "127.0.0.1"
START_SECONDS = 30.0
TRIES = 5  # for a port that somebody else takes in between


class ValkeyError(RuntimeError):
    """The server does not start."""


@contextmanager
def valkey(*options: object, folder: Path | None = None) -> Iterator[str]:
    """The URL of a server that lives as long as this context. Nothing is kept on disk unless ``options`` say so.

    Args:
        options: the server's own, e.g. ``"--requirepass", "secret"``.
        folder: where it keeps its data; without one it is removed at the end.

    Raises:
        ValkeyError: it does not start; the message holds what it said.
    """
    with tempfile.TemporaryDirectory(prefix="docqa-valkey-") as temporary:
        for left in reversed(range(TRIES)):
            port = _free_port()
            asked = command("--bind", HOST, "--port", port, "--save", "", *options)
            with (Path(temporary) / "log").open("wb") as log:
                server = subprocess.Popen(asked, stdin=subprocess.DEVNULL, stdout=log, cwd=folder or temporary)
            if _starts(server, port):
                break
            if not left:
                raise ValkeyError((Path(temporary) / "log").read_text(errors="replace")[-1500:])
        try:
            yield f"redis://{HOST}:{port}/0"
        finally:
            server.kill()
            server.wait()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _starts(server: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it takes connections, rather than ending."""
    until = time.monotonic() + START_SECONDS
    while server.poll() is None:
        try:
            with socket.create_connection((HOST, port), 1) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(64):
                    return True
        except OSError:
            time.sleep(0.02)
        if time.monotonic() > until:
            server.kill()
            server.wait()
    return False
