"""The processes that are measured: python -m benchmarks.serve.served LISTENING READY WHICH SECONDS PAUSE.

``WHICH`` is ``docqa``, the service with a model that writes by the clock, or ``bare``, a server-sent-events application
that does nothing else. Both stand on the service's own HTTP server settings.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from benchmarks.serve.model import STEPS, Paced, said
from docqa.api.app import create_app
from docqa.api.http.logs import start_logging
from docqa.api.http.server import serve
from docqa.recording.codec import dumps
from docqa.settings import Settings


@dataclass(frozen=True)
class Server:
    """Processes that serve together: their address, the processes, and what they write to."""

    base: str
    processes: tuple[subprocess.Popen[bytes], ...]
    log: Path

    @property
    def memory(self) -> float:
        """Their resident memory, in MB (10⁶ bytes)."""
        statuses = [Path(f"/proc/{each.pid}/status").read_text() for each in self.processes]
        lines = [line.split() for status in statuses for line in status.splitlines()]
        return sum(int(line[1]) * 1024 / 1e6 for line in lines if line[:1] == ["VmRSS:"])

    @property
    def seconds(self) -> float:
        """The seconds of a core that they have taken so far."""
        stats = [Path(f"/proc/{each.pid}/stat").read_text() for each in self.processes]
        taken = [stat.rpartition(")")[2].split()[11:13] for stat in stats]
        return sum(int(each) for pair in taken for each in pair) / os.sysconf("SC_CLK_TCK")

    def check(self) -> None:
        """See that all still run: to clients, the address of one that has ended is one that never answers.

        Raises:
            RuntimeError: one has ended.
        """
        if ended := [each.returncode for each in self.processes if each.poll() is not None]:
            raise RuntimeError(f"A server ended with {ended[0]}; it wrote:\n{self.log.read_text()[-2000:]}")


@contextmanager
def server(which: str, data: Path, seconds: float, pause: float, processes: int = 1) -> Iterator[Server]:
    """One of the two, until this context ends.

    Args:
        which: ``docqa`` or ``bare``.
        data: the data folder.
        seconds: that an answer takes.
        pause: seconds between two pieces of it.
        processes: that answer, as ``docqa serve --workers`` starts them.
    """
    data.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=2048))
        figures = stack.enter_context(TemporaryDirectory(prefix="docqa-figures-")) if processes > 1 else ""
        shared = {"PROMETHEUS_MULTIPROC_DIR": figures} if figures else {}
        environment = {**os.environ, "DOCQA_DATA_DIR": str(data), **shared}
        given = (listening, data / "server.log", environment, (which, str(seconds), str(pause)))
        started = [stack.enter_context(_process(*given)) for _ in range(processes)]
        yield Server(f"http://127.0.0.1:{listening.getsockname()[1]}", tuple(started), data / "server.log")


@contextmanager
def _process(
    listening: socket.socket, log: Path, environment: dict[str, str], arguments: Sequence[str]
) -> Iterator[subprocess.Popen[bytes]]:
    heard, tell = os.pipe()
    files = (listening.fileno(), tell)
    command = [sys.executable, "-m", __name__, *map(str, files), *arguments]
    with log.open("ab") as said:
        process = subprocess.Popen(command, env=environment, pass_fds=files, stdout=said, stderr=said)
    os.close(tell)
    try:
        if not os.read(heard, 1):
            sys.exit(f"The server does not start; see {log}.")
        yield process
    finally:
        os.close(heard)
        process.terminate()
        process.wait()


def bare(seconds: float, pause: float) -> Starlette:
    """An application that streams pieces of the same size by the same clock."""
    pieces = int(seconds / STEPS / pause) * STEPS

    async def events() -> AsyncIterator[str]:
        began = time.monotonic()
        for number in range(1, pieces + 1):
            due = began + number * pause
            await asyncio.sleep(due - time.monotonic())
            yield f"id: {number}\nevent: text_written\ndata: {dumps({'type': 'text_written', 'text': said(due)})}\n\n"
        yield "event: answered\ndata: {}\n\n"

    async def answer(request: Request) -> Response:
        await request.body()
        return StreamingResponse(events(), media_type="text/event-stream")

    async def alive(request: Request) -> Response:
        return Response("{}")

    return Starlette(routes=[Route("/v1/chat/events", answer, methods=["POST"]), Route("/livez", alive)])


def main(listening: str, ready: str, which: str, seconds: str, pause: str) -> None:
    """Serve until SIGTERM."""

    def tell() -> None:
        os.write(int(ready), b".")
        os.close(int(ready))

    given, place = socket.socket(fileno=int(listening)), (float(seconds), float(pause))
    if which == "docqa":
        settings = Settings()
        start_logging(settings.log_format == "json")
        serve(create_app(settings, Paced(*place)), settings, given, tell)
        return
    tell()
    config = uvicorn.Config(bare(*place), loop="uvloop", http="httptools", ws="none", log_config=None, access_log=False)
    uvicorn.Server(config).run([given])


if __name__ == "__main__":
    main(*sys.argv[1:])
