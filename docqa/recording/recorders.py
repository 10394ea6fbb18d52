"""What stands between an agent and its model, archive and recall storage while a run is recorded."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Any

from docqa.llm import LLM, Completion, TextDelta
from docqa.recording.codec import digest, encode, encode_error
from docqa.recording.tape import Tape

Clock = Callable[[], float]


def read_clock(clock: Clock, tape: Tape) -> float:
    """Read a clock and write the reading down."""
    now = clock()
    tape.clock.append(now)
    return now


class RecordedPart:
    """An archive, or recall storage: its properties and methods as its protocol declares them, written down."""

    def __init__(self, part: str, target: object, protocol: type, tape: Tape) -> None:
        self._part, self._target, self._protocol, self._tape = part, target, protocol, tape
        self._values: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        with self._tape.outside():
            found = getattr(self._target, name)
            if callable(found):
                return functools.partial(self._call, name, found)
            value = encode(found, self._tape.keep)
            if name not in self._values or self._values[name] != value:
                self._values[name] = value
                self._tape.write("value", part=self._part, name=name, value=value)
            return found

    def _call(self, name: str, method: Callable[..., Any], *given: Any, **named: Any) -> Any:
        with self._tape.outside():
            arguments = encode(bound(self._protocol, name, given, named), self._tape.keep)
            fields: dict[str, Any] = {"part": self._part, "name": name, "arguments": arguments}
            began = perf_counter()
            try:
                result = method(*given, **named)
            except Exception as error:
                fields["raised"] = encode_error(error, self._tape.keep)
                raise
            else:
                fields["result"] = encode(result, self._tape.keep)
                return result
            finally:
                self._tape.write("call", **fields, seconds=round(perf_counter() - began, 6))


def bound(protocol: type, name: str, given: Sequence[Any], named: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call by their names, defaults included: the same for the same call however it is written."""
    call = inspect.signature(getattr(protocol, name)).bind(None, *given, **named)
    call.apply_defaults()
    return dict(list(call.arguments.items())[1:])


class RecordedModel(RecordedPart):
    """A language model whose counts, prompts and answers are written down.

    Between two model calls a text has one count, though the model may learn meanwhile: so a replay knows it.
    """

    def __init__(self, llm: LLM, tape: Tape) -> None:
        super().__init__("model", llm, LLM, tape)
        self._llm = llm
        self._counted: dict[str, int] = {}  # since the last model call
        self._written: dict[str, int] = {}
        self._asked = 0

    def count(self, text: str) -> int:
        """See ``LLM.count``."""
        name = digest(text)
        if name not in self._counted:
            tokens = self._counted[name] = self._llm.count(text)
            if self._written.get(name) != tokens:
                self._written[name] = self._tape.counts[name] = tokens
        return self._counted[name]

    def complete(self, *given: Any, **named: Any) -> Iterator[TextDelta | Completion]:
        """See ``LLM.complete``."""
        self._asked += 1
        asked = self._asked
        fields: dict[str, Any] = {"how": "stopped"}
        seconds: list[float] = []
        with self._tape.outside():
            arguments = bound(LLM, "complete", given, named)
            self._tape.write("prompt", of=asked, arguments=encode(arguments, self._tape.keep))
        stream: Iterator[TextDelta | Completion] = iter(())
        try:
            stream = self._llm.complete(*given, **named)
            while True:
                piece = self._next(asked, stream, seconds)
                if isinstance(piece, Completion):
                    fields["how"] = "completed"
                yield piece
        except StopIteration:
            fields["how"] = "exhausted" if fields["how"] == "stopped" else fields["how"]
        except Exception as error:
            fields = {"how": "raised", "error": encode_error(error, self._tape.keep)}
            raise
        finally:
            with self._tape.outside():
                close(stream)
                self._tape.write("completed", of=asked, **fields, seconds=round(sum(seconds), 6))
            self._counted.clear()

    def _next(
        self, asked: int, stream: Iterator[TextDelta | Completion], seconds: list[float]
    ) -> TextDelta | Completion:
        with self._tape.outside():
            began = perf_counter()
            try:
                piece = next(stream)
            finally:
                seconds.append(perf_counter() - began)
            self._tape.write("piece", of=asked, what=type(piece).__name__, value=encode(piece, self._tape.keep))
            return piece


def close(stream: object) -> None:
    """Close an iterator that can be closed."""
    action = getattr(stream, "close", None)
    if action:
        action()
