"""Reading a recording: its runs, each with its lines in the order in which they were written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args

from docqa.errors import RecordError
from docqa.events import Event
from docqa.llm import Message
from docqa.recording.codec import decode, expand
from docqa.recording.tape import FORMAT
from docqa.settings import Settings

T = TypeVar("T")
EVENTS = {kind.__name__: kind for kind in get_args(Event)}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file: its number from 1, its kind and its fields."""

    number: int
    kind: str
    fields: dict[str, Any]

    def get(self, name: str, kind: type[T]) -> T:
        """A field of a given type.

        Raises:
            RecordError: the line has no such field.
        """
        value: object = self.fields.get(name)
        if kind is float and type(value) is int:
            value = float(value)
        if not isinstance(value, kind):
            raise damaged(self.number, f"'{name}' is missing or not as it should be")
        return value


@dataclass(slots=True)
class Run:
    """A recorded run: its header, the lines of what happened, and what these refer to.

    ``end`` is None where the file ends, or the next run begins, before this one has: it was killed, or is under way.
    """

    number: int
    header: Line
    lines: list[Line] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    end: Line | None = None

    @property
    def question(self) -> str:
        """The question that was asked."""
        return self.header.get("question", str)

    @property
    def history(self) -> list[Message]:
        """The conversation before it."""
        try:
            history: list[Message] = decode(list[Message], self.header.get("history", list))
        except TypeError as error:
            raise damaged(self.header.number, str(error)) from error
        return history

    @property
    def settings(self) -> Settings:
        """The settings of the run; those that were not recorded have their defaults, whatever the environment says."""
        return Settings.model_construct(**self.header.get("settings", dict))

    @property
    def how(self) -> str:
        """How it ended: ``done``, ``closed`` after the answer, ``early``, ``raised``; empty: it was cut off."""
        return self.end.get("how", str) if self.end else ""

    def of(self, *kinds: str) -> list[tuple[int, Line]]:
        """The lines of some kinds with their places in ``lines``."""
        return [(place, line) for place, line in enumerate(self.lines) if line.kind in kinds]

    def value(self, line: Line, name: str) -> Any:
        """A field as JSON with what it refers to.

        Raises:
            RecordError: the field is missing or refers to what the file does not hold.
        """
        try:
            return expand(line.fields[name], self.kept)
        except (KeyError, TypeError, AttributeError) as error:
            raise damaged(line.number, f"'{name}' refers to something that is not in it") from error


def damaged(number: int, why: str) -> RecordError:
    """What is said of a line that cannot be used."""
    return RecordError(f"Line {number} of the recording is damaged: {why}.")


def read(path: Path, number: int = 0) -> list[Run]:
    """The runs of a recording in their order; with a ``number`` (from 1), that one alone.

    Raises:
        RecordError: the file cannot be read, is damaged or no recording, was made by a newer docqa, or has no such run.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordError(f"The recording {path} cannot be read: {error.strerror}.") from error
    if not content.startswith(b'{"kind":"run"'):
        raise RecordError(f"{path} is {'not a recording' if content else 'empty: no run was recorded into it'}.")
    runs = list(_runs(_lines(content)))
    if number < 0 or number > len(runs):
        raise RecordError(f"There is no run {number}: {path} holds {len(runs)}.")
    return [runs[number - 1]] if number else runs


def _lines(content: bytes) -> Iterator[Line]:
    """The lines that can be read. A run that was killed may leave its last line unfinished."""
    texts = content.split(b"\n")
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            fields = json.loads(text)
            yield Line(number, fields["kind"], fields)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if number < len(texts) and not _begins_run(texts[number]):
                raise damaged(number, "it is not a line of JSON as docqa writes it") from error


def _begins_run(text: bytes) -> bool:
    return text.startswith(b'{"kind":"run"')


def _runs(lines: Iterator[Line]) -> Iterator[Run]:
    run: Run | None = None
    number = 0
    for line in lines:
        if line.kind == "run":
            if run:
                yield run
            _check_version(line)
            number += 1
            run = Run(number, line)
        elif run is None or run.end:
            raise damaged(line.number, "it belongs to no run")
        elif line.kind == "kept":
            run.kept[line.get("hash", str)] = line.fields.get("value")
        elif line.kind == "end":
            run.end = line
        elif line.kind in ("event", "prompt", "piece", "completed", "call", "value"):
            run.lines.append(line)
        else:
            raise damaged(line.number, f"it is of a kind that is not known, '{str(line.kind)[:40]}'")
    if run:
        yield run


def _check_version(header: Line) -> None:
    made = header.get("format", int)
    if made > FORMAT:
        by = str(header.fields.get("docqa", "a newer version"))[:40]
        raise RecordError(f"The recording is of format {made}, made by docqa {by}; this docqa reads up to {FORMAT}.")
