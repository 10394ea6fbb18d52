"""A process of the service that can be looked into: python -m tests.docqa.api.watched LISTENING READY.

Its model answers from the library that the tests are given, and ``/inside`` tells which threads it has and how many
runs are under way.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import Request

from docqa.api.app import create_app
from docqa.api.http.server import serve
from docqa.llm import Completion, Message, TextDelta, ToolSpec, stopping
from docqa.llm.scripted import ScriptedModel
from docqa.settings import Settings
from tests.docqa.api.asking import ANSWER, FOUND, NOTE, PATIENCE, SEARCH

SLOWLY = "slowly"
PAUSE_SECONDS, SILENT_SECONDS = 0.1, 60.0
LISTENS = "0A"  # in /proc/net/tcp
HOST = "127.0.0.1"


def script(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Completion:
    """The next completion of an answer, whichever answer it is of."""
    called = {call.name for message in messages for call in message.calls}
    after = {SEARCH.calls[0].name: NOTE, NOTE.calls[0].name: ANSWER}
    step = next((after[name] for name in reversed(list(after)) if name in called), FOUND[0])
    return Completion("I look on.\n" * 3, step.calls)


class Moody(ScriptedModel):
    """Writes line by line, and where a question says ``slowly`` it is silent for a minute first."""

    def complete(self, messages: Sequence[Message], *given: Any, **more: Any) -> Iterator[TextDelta | Completion]:
        """See ``ScriptedModel``."""
        if any(SLOWLY in message.content for message in messages):
            stopping.current().wait(SILENT_SECONDS)
        yield from super().complete(messages, *given, **more)


@dataclass(frozen=True)
class Watched:
    """Such a process: its address without ``/v1``, its port and its number."""

    base: str
    port: int
    pid: int

    def inside(self) -> Any:
        """``threads``, their names, and ``runs``, how many are under way."""
        return httpx.get(f"{self.base}/inside", timeout=PATIENCE).json()

    def connections(self) -> list[str]:
        """The states of the sockets of the service's port that the process holds, but for the one that listens."""
        mine, rows = self._files(), Path(f"/proc/{self.pid}/net/tcp").read_text().splitlines()[1:]
        own = [row for row in map(str.split, rows) if f"socket:[{row[9]}]" in mine]
        return [row[3] for row in own if row[1].endswith(f":{self.port:04X}") and row[3] != LISTENS]

    def files(self, below: Path) -> list[str]:
        """The files below a folder that the process has open, removed ones too, but for locks."""
        return [name for name in self._files() if name.startswith(f"{below}/") and not name.endswith("/lock")]

    def _files(self) -> set[str]:
        found = set()
        for file in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                found.add(os.readlink(file))
        return found


@contextmanager
def watched(data: Path, **settings: str) -> Iterator[Watched]:
    """Such a process over a data folder; ``settings`` are environment variables."""
    heard, tell = os.pipe()
    with socket.create_server((HOST, 0), backlog=1024) as listening:
        files = (listening.fileno(), tell)
        command = [sys.executable, "-m", __name__, *map(str, files)]
        environment = {**os.environ, "DOCQA_DATA_DIR": str(data), **settings}
        with (data / "watched.log").open("wb") as log:
            process = subprocess.Popen(command, env=environment, pass_fds=files, stderr=log, cwd=Path.cwd())
        os.close(tell)
        try:
            assert os.read(heard, 1), (data / "watched.log").read_text()
            port = listening.getsockname()[1]
            yield Watched(f"http://{HOST}:{port}", port, process.pid)
        finally:
            os.close(heard)
            process.terminate()
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()


def main(listening: str, ready: str) -> None:
    """Serve until SIGTERM."""
    settings = Settings()
    app = create_app(settings, Moody(script, pause=PAUSE_SECONDS))

    @app.get("/inside")
    def inside(request: Request) -> dict[str, Any]:
        names = [thread.name for thread in threading.enumerate()]
        return {"threads": names, "runs": request.app.state.service.answering.under_way}

    def tell() -> None:
        os.write(int(ready), b".")
        os.close(int(ready))

    serve(app, settings, socket.socket(fileno=int(listening)), tell)


if __name__ == "__main__":
    main(*sys.argv[1:])
