"""A recorded run in place of a model, an archive, recall storage and a clock."""

from __future__ import annotations

import inspect
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from types import FunctionType
from typing import Any

from docqa.llm import LLM, Completion, TextDelta
from docqa.memory.archival import Archival
from docqa.memory.recall import Recall
from docqa.recording.codec import decode, decode_error, dumps, encode, hints_of
from docqa.recording.counting import Counts
from docqa.recording.reading import Line, Run, damaged
from docqa.recording.recorders import bound

PIECES = {"TextDelta": TextDelta, "Completion": Completion}
PROTOCOLS: dict[str, type] = {"model": LLM, "archive": Archival, "recall": Recall}
NAMES = {"model": "the model", "archive": "the archive", "recall": "recall storage"}
Asked = Callable[[Line, dict[str, Any]], None]
Differed = Callable[[str, str, str], None]


class Stop(BaseException):
    """The recording has no answer to what the agent asks for. No agent catches it, as it might an error of docqa."""


class Player:
    """Plays the lines of a run to an agent.

    ``place`` is how far it has come. ``asked`` is told of each prompt, by its line and its arguments now as JSON;
    ``differed`` of calls that are answered though their arguments differ: what it is about, recorded and now.
    """

    def __init__(self, run: Run, asked: Asked, differed: Differed) -> None:
        self._run, self._asked, self.differed = run, asked, differed
        self.place = -1
        self.count = Counts(run)
        self._prompts = run.of("prompt")
        self._prompted = 0
        self._clock = list(_readings(run))
        self._read = 0
        self._values: dict[tuple[str, str], list[tuple[int, Line]]] = defaultdict(list)
        for place, line in run.of("value"):
            self._values[line.get("part", str), line.get("name", str)].append((place, line))
        self._calls: dict[tuple[str, str], list[tuple[int, Line, str]]] = defaultdict(list)
        for place, line in run.of("call"):
            arguments = dumps(run.value(line, "arguments"))
            self._calls[line.get("part", str), line.get("name", str)].append((place, line, arguments))
        self._used: set[int] = set()

    @property
    def played(self) -> bool:
        """Whether every call that was recorded has been made."""
        calls = {place for calls in self._calls.values() for place, _, _ in calls}
        return calls <= self._used and self._prompted >= len(self._prompts)

    def at(self, place: int) -> None:
        """Note that the run has come as far as a line."""
        self.place = max(self.place, place)

    def clock(self) -> float:
        """The recorded time: one reading for each that was taken between the same two lines, then the last again."""
        while self._read < len(self._clock) and self._clock[self._read][0] <= self.place:
            self._read += 1
        if self._read < len(self._clock) and self._clock[self._read][0] == self.place + 1:
            self._read += 1
        return self._clock[max(0, self._read - 1)][1] if self._clock else 0.0

    def value(self, part: str, name: str) -> Any:
        """A property of a part."""
        known = self._values.get((part, name))
        if not known:
            raise Stop(f"{NAMES[part]} is asked for '{name}', which was not recorded")
        due = [each for each in known if each[0] <= self.place + 1]
        place, line = due[-1] if due else known[0]
        self.at(place)
        return self._decoded(line, _hint(PROTOCOLS[part], name), "value")

    def call(self, part: str, name: str, *given: Any, **named: Any) -> Any:
        """What a method of a part gave, or raised."""
        arguments = encode(bound(PROTOCOLS[part], name, given, named))
        place, line = self._match(part, name, dumps(arguments))
        self._used.add(place)
        self.at(place)
        if "raised" in line.fields:
            raise decode_error(self._run.value(line, "raised"))
        return self._decoded(line, hints_of(getattr(PROTOCOLS[part], name))["return"], "result")

    def _match(self, part: str, name: str, arguments: str) -> tuple[int, Line]:
        """The recorded call with these arguments, the next of several; in recall storage else the next one."""
        calls = self._calls[part, name]
        same = [(place, line) for place, line, recorded in calls if recorded == arguments]
        if same:
            return next((each for each in same if each[0] not in self._used), same[-1])
        if part == "recall":
            for place, line, recorded in calls:
                if place not in self._used:
                    self.differed(f"the call {name} of recall storage", recorded, arguments)
                    return place, line
        shown = ", ".join(f"{key}={value!r}" for key, value in json.loads(arguments).items())
        raise Stop(f"{NAMES[part]} is asked for what was not recorded: {name}({shown})")

    def complete(self, *given: Any, **named: Any) -> Iterator[TextDelta | Completion]:
        """The next recorded step of the model, whatever it is asked."""
        number = self._prompted
        self._prompted += 1
        if number >= len(self._prompts):
            raise Stop("the model is called once more than was recorded")
        self.at(self._prompts[number][0])
        self._asked(self._prompts[number][1], encode(bound(LLM, "complete", given, named)))
        of = self._prompts[number][1].get("of", int)
        try:
            for place, line in self._run.of("piece", "completed"):
                if line.get("of", int) == of:
                    self.at(place)
                    yield from self._piece(line)
                    if line.kind == "completed":
                        return
            raise Stop("the recording ends while the model answers")
        finally:
            self.count.calls += 1

    def _piece(self, line: Line) -> Iterator[TextDelta | Completion]:
        if line.kind == "piece":
            yield self._decoded(line, PIECES.get(line.get("what", str)), "value")
        elif line.get("how", str) == "raised":
            raise decode_error(self._run.value(line, "error"))
        elif line.get("how", str) == "stopped":
            raise Stop("the model's answer is read on, where the recorded run had stopped reading it")

    def _decoded(self, line: Line, kind: Any, name: str) -> Any:
        try:
            return decode(kind, self._run.value(line, name))
        except (TypeError, ValueError) as error:
            raise damaged(line.number, f"{error}; or it was made by another version of docqa") from error


class PlayedPart:
    """An archive, recall storage or a model whose methods and properties are played."""

    def __init__(self, part: str, player: Player) -> None:
        self._part, self._player = part, player

    def __getattr__(self, name: str) -> Any:
        if isinstance(inspect.getattr_static(PROTOCOLS[self._part], name, None), FunctionType):
            return partial(self._player.call, self._part, name)
        return self._player.value(self._part, name)


class PlayedModel(PlayedPart):
    """The model of a recorded run."""

    def __init__(self, player: Player) -> None:
        super().__init__("model", player)
        self.count = player.count
        self.complete = player.complete


def _hint(protocol: type, name: str) -> Any:
    """The type of a property or an attribute of a protocol."""
    found = inspect.getattr_static(protocol, name, None)
    return hints_of(found.fget)["return"] if isinstance(found, property) else hints_of(protocol).get(name, Any)


def _readings(run: Run) -> Iterator[tuple[int, float]]:
    """The clock's readings, each with the place of the line that follows it."""
    lines = [*run.lines, *([run.end] if run.end else [])]
    for place, line in enumerate(lines):
        readings = line.fields.get("clock", [])
        if not isinstance(readings, list) or not all(isinstance(now, int | float) for now in readings):
            raise damaged(line.number, "its times are not numbers")
        yield from ((place, now) for now in readings)
