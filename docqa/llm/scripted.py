"""A model that plays given completions: for tests and replays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from docqa.errors import ModelError
from docqa.llm import Completion, Message, TextDelta, ToolCall, ToolSpec, stopping
from ingest import tokens

Script = Callable[[Sequence[Message], Sequence[ToolSpec]], Completion]


@dataclass(frozen=True, slots=True)
class Request:
    """What the model was sent in one call."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    only: tuple[str, ...] = ()


@dataclass
class ScriptedModel:
    """Plays a list of completions in order, or asks a function for each. ``requests`` keeps what it was sent.

    Text is streamed line by line. Where no functions are offered, a summary is asked for: then it plays ``summary`` and
    keeps what it was sent in ``summarised``. ``pause`` is how many seconds it is silent before each line and
    before the end, unless its run is stopped.
    """

    script: Sequence[Completion] | Script
    name: str = "scripted"
    summary: str = ""
    pause: float = 0
    requests: list[Request] = field(default_factory=list)
    summarised: list[Request] = field(default_factory=list)

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
        """The next completion of the script.

        Raises:
            ModelError: the script is at its end.
            StoppedError: the run is to end.
        """
        asked = self.requests if tools else self.summarised
        asked.append(Request(tuple(messages), tuple(tools), tuple(only)))
        completion = self._next(messages, tools) if tools else Completion(self.summary)
        for line in completion.text.splitlines(keepends=True):
            stopping.current().wait(self.pause)
            yield TextDelta(line)
        stopping.current().wait(self.pause)
        yield completion

    def _next(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Completion:
        if callable(self.script):
            return self.script(messages, tools)
        if len(self.requests) > len(self.script):
            raise ModelError(f"The script has {len(self.script)} completions and was asked for one more.")
        return self.script[len(self.requests) - 1]


def call(function: str, /, **arguments: object) -> Completion:
    """A completion that calls one function."""
    return Completion(calls=(ToolCall(function, dict(arguments)),))
