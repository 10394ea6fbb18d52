"""A model that writes by the clock: each piece says when it was due."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from docqa.llm import Completion, Message, TextDelta, ToolSpec, stopping
from docqa.llm.scripted import call
from ingest import tokens

STEPS = 3
"""Calls of the model in an answer: a search, a note, the answer."""
DOCUMENT = "# The harbour of Ostervik\n\nThe harbour of Ostervik was opened in 1911 by the builder Norda Shipyard.\n"
"""What the answers rest on; it has to be in the library."""
QUOTE = "opened in 1911 by the builder Norda Shipyard"
SEARCH = call("search_archive", query="who opened the harbour of Ostervik")
NOTE = call("note_evidence", claim="Norda Shipyard opened it", chunk="c1", quote=QUOTE)


class Paced:
    """Plays one answer: it searches, notes what it found and answers with it, and writes before each of these.

    Args:
        seconds: that an answer takes.
        pause: seconds between two pieces of text.
    """

    name = "paced"

    def __init__(self, seconds: float, pause: float) -> None:
        self._pieces, self._pause = int(seconds / STEPS / pause), pause

    def count(self, text: str) -> int:
        """Tokens of a text in ``cl100k_base``."""
        return tokens.count(text)

    def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        only: Sequence[str] = (),
        *,
        limit: int = 0,
        seconds: float = 0,
    ) -> Iterator[TextDelta | Completion]:
        """The next step of the answer, piece by piece.

        Raises:
            StoppedError: the run is to end.
        """
        called = {each.name for message in messages for each in message.calls}
        began, text = time.monotonic(), ""
        for number in range(1, self._pieces + 1):
            due = began + number * self._pause
            stopping.current().wait(due - time.monotonic())
            piece = said(due)
            text += piece
            yield TextDelta(piece)
        if NOTE.calls[0].name in called:
            answer = call("answer", text=f"{stamp(due)} Norda Shipyard opened it [e1].", citations=["e1"])
            yield Completion(text, answer.calls)
        else:
            yield Completion(text, (NOTE if SEARCH.calls[0].name in called else SEARCH).calls)


def stamp(due: float) -> str:
    """A moment of the clock that all processes of a machine share, as clients find it in what they get."""
    return f"@{due:.6f}@"


def said(due: float) -> str:
    """A piece of text that was due then."""
    return f"{stamp(due)} looks on\n"
