"""``docqa chat`` in a pseudo-terminal, with a model behind a slow server."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.openai import ModelServer, calls, hang, says

CODE = (
    "import fcntl, signal, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGINT, signal.default_int_handler); from docqa.cli import main; main()"
)
CTRL_C, CTRL_D = "\x03", "\x04"
SEARCH = calls(("search_archive", {"query": "harbour of Ostervik"}))
ANSWER = calls(("answer", {"text": "Norda Shipyard [c1].", "citations": ["c1"]}))


class Terminal:
    """A pseudo-terminal in which ``docqa`` runs."""

    def __init__(self, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        command = [sys.executable, "-c", CODE, *arguments]
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environment
        )
        os.close(theirs)
        self.said = ""

    def type(self, text: str) -> None:
        """What a person types, who has seen the prompt first: Ctrl-C in the instant before it is read is lost."""
        time.sleep(0.3)
        os.write(self._ours, text.encode())

    def until(self, wanted: str, seconds: float = 60) -> str:
        """What is said until a text comes, without colours."""
        end = time.monotonic() + seconds
        while wanted not in self.said and time.monotonic() < end:
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    data = os.read(self._ours, 65536)
                except OSError:  # the program has ended
                    break
                self.said += re.sub(r"\x1b(?:\[[0-9;?]*[a-zA-Z]|[78])", "", data.decode("utf-8", "replace"))
        before, found, self.said = self.said.partition(wanted)
        assert found, before
        return before + found

    def end(self) -> int:
        """The exit code."""
        return self.process.wait(20)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def server(library: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A server, and settings that name it."""
    with ModelServer() as opened:
        for name, value in {"": "openai", "_BASE_URL": opened.url, "_CALLS": "native"}.items():
            monkeypatch.setenv(f"DOCQA_LLM{name}", value)
        yield opened


def test_ctrl_c_stops_the_answer_at_once_and_the_chat_goes_on(server: ModelServer) -> None:
    server.script(hang(says("Let me think about harbours now"), after=6), SEARCH, ANSWER)
    with Terminal("chat") as terminal:
        terminal.until("\n? ")
        terminal.type("Who opened the harbour?\n")
        terminal.until("Let me think about")  # while the model hangs
        terminal.until(" 3 s")
        terminal.type(CTRL_C)
        terminal.until("Stopped. Ctrl-C once more ends")
        assert server.requests[0].hung_up.wait(5)
        terminal.until("\n? ")
        terminal.type("Who opened the harbour?\n")
        terminal.until("Norda Shipyard")
        terminal.until("\n? ")
        terminal.type(CTRL_D)
        terminal.until("goes on with this conversation.")
        assert terminal.end() == 0


def test_a_second_ctrl_c_at_the_prompt_ends(server: ModelServer) -> None:
    with Terminal("chat") as terminal:
        terminal.until("\n? ")
        terminal.type("half a quest" + CTRL_C)
        terminal.until("Ctrl-C once more ends")
        terminal.until("\n? ")
        terminal.type(CTRL_C)
        assert "Traceback" not in terminal.said
        assert terminal.end() == 130


def test_a_line_of_20_000_characters_can_be_typed_and_pasted_lines_are_one_message(server: ModelServer) -> None:
    server.script(SEARCH, ANSWER, SEARCH, ANSWER)
    with Terminal("chat", "--quiet") as terminal:
        terminal.until("\n? ")
        for _ in range(5):
            terminal.type("harbour " * 500)
        terminal.type("who?\n")
        terminal.until("Norda Shipyard")
        terminal.until("\n? ")
        terminal.type("\x1b[200~Two lines:\nwho opened it?\x1b[201~\n")
        terminal.until("Norda Shipyard")
        terminal.until("\n? ")
        terminal.type("/quit\n")
        assert terminal.end() == 0
        assert "Two lines:\nwho opened it?" in str(server.requests[2].body["messages"]).replace("\\n", "\n")
