"""One Weaviate server as a child process."""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.servers.weaviate.binary import build
from tests.servers.weaviate.environment import HOST, environment
from tests.servers.weaviate.ports import Ports, is_free

API_KEY = secrets.token_urlsafe(24)  # of this process: one that stands in a public repository protects nothing
START_SECONDS = 60.0
STOP_SECONDS = 15.0
PORT_TAKEN = "address already in use"

# The kernel kills the server when the thread that started it ends, in whatever way: a killed pytest leaves none behind.
# A few lines of Python ask for that and then become the server, since a preexec_fn is unsafe beside threads.
DIE_WITH_PARENT = """\
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 is PR_SET_PDEATHSIG
if os.getppid() != int(sys.argv[1]):
    sys.exit("The parent has ended already.")
os.execv(sys.argv[2], sys.argv[2:])
"""


class ServerError(RuntimeError):
    """The server did not start; the message holds the end of its log."""


class WeaviateServer:
    """A server with its own data folder and ports, which it keeps when it is started again.

    It lives no longer than the thread that starts it, so start it in one that lasts.

    Args:
        data: The folder of its data, made when it is missing; the log is beside it, as ``<data>.log``.
        port: The port of the REST API; 0 for any free one.
        grpc_port: The port of the gRPC API; 0 for any free one.
        name: Its name among the nodes of a cluster.
        api_key: The key that clients have to show.
        more: Further settings, by the names of Weaviate's environment variables.
    """

    def __init__(
        self,
        data: Path,
        port: int = 0,
        grpc_port: int = 0,
        *,
        name: str = "node0",
        api_key: str = API_KEY,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.log = data.with_name(f"{data.name}.log")
        self.name = name
        self.api_key = api_key
        self._more = dict(more or {})
        self.process: subprocess.Popen[bytes] | None = None
        self._asked = (port, grpc_port)
        self._log_start = 0
        self._use(Ports.free(port, grpc_port))

    def _use(self, ports: Ports) -> None:
        self.ports = ports
        self.members = {self.name: ports}  # who is in the cluster; WeaviateCluster puts all of its nodes there

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.ports.http}"

    @property
    def grpc_url(self) -> str:
        return f"http://{HOST}:{self.ports.grpc}"

    def start(self) -> Self:
        """Start and wait until both APIs answer.

        Raises:
            ServerError: If it ends, or does not answer within a minute.
        """
        try:
            return self.restart()
        except ServerError as error:
            if PORT_TAKEN not in str(error):
                raise
        self._use(Ports.free(*self._asked))  # somebody was quicker; once is bad luck, twice is not
        return self.restart()

    def launch(self) -> None:
        """Start without waiting.

        Raises:
            ServerError: If somebody else listens on a port that was asked for.
        """
        for port in filter(None, self._asked):
            if not is_free(port):
                raise ServerError(
                    f"Port {port} is taken, perhaps by a Weaviate that runs already; "
                    "'python -m tests.servers.weaviate run --port N --grpc-port M' takes others."
                )
        self.data.mkdir(parents=True, exist_ok=True)
        program = [str(build()), "--scheme", "http", "--host", HOST, "--port", str(self.ports.http)]
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", DIE_WITH_PARENT, str(os.getpid()), *program],
                env=environment(self.name, self.data, self.api_key, self.members) | self._more,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for whoever started it, who then stops it
            )

    def wait_until_ready(self) -> None:
        """Wait until both APIs answer; where they do not, end the process and raise ``ServerError``."""
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerError(f"Weaviate did not start on {self.url}; the end of {self.log}:\n{self.log_end()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Let it end in its own way, but not for ever."""
        if self.process is not None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
            self.kill()

    def restart(self) -> Self:
        """Stop it, if it runs, and start it on the same data and the same ports."""
        self.stop()
        self.launch()
        self.wait_until_ready()
        return self

    def log_end(self, size: int = 3000) -> str:
        """The last of what it has written since its last start."""
        return self.log.read_bytes()[self._log_start :][-size:].decode(errors="replace")

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of a REST page, asked for with the key; raises ``OSError`` where nobody answers."""
        connection = http.client.HTTPConnection(HOST, self.ports.http, timeout=5)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.api_key}"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def _is_ready(self) -> bool:
        try:
            socket.create_connection((HOST, self.ports.grpc)).close()
            return self.get("/v1/.well-known/ready")[0] == 200
        except OSError:
            return False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
