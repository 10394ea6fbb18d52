"""A recorded run step by step: what was in the context, what came and left, and what it cost in tokens and seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from docqa.llm import Message, ToolSpec
from docqa.memory.budget import START, message_tokens, schema
from docqa.recording.codec import decode, decode_error
from docqa.recording.counting import Counts
from docqa.recording.reading import Line, Run, damaged

_PASSAGE = re.compile(r'^<passage((?: \w+="[^"]*")+)>\n(.*?)\n</passage>$', re.MULTILINE | re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage that came into the context: its document and page, and about how many tokens it takes."""

    document: str
    page: str
    tokens: int


@dataclass(slots=True)
class Called:
    """A call of the model and what it gave: in short, and about how many tokens of it."""

    name: str
    arguments: dict[str, Any]
    gave: str = ""
    ok: bool = True
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Prompt:
    """What one model call was sent: messages and tokens, and how many of these begin as the last such prompt did.

    ``summary``: no functions were offered, so it was not the agent's step but a text, as a summary is.
    """

    messages: int
    tokens: int
    repeated: int
    summary: bool


@dataclass(slots=True)
class Step:
    """One step. ``used`` of ``budget`` tokens of the context were full when it began.

    ``other`` holds the events that have no place of their own. Tokens that the model's server did not tell are counted.
    """

    step: int
    used: int = 0
    budget: int = 0
    prompts: list[Prompt] = field(default_factory=list)
    text: str = ""
    calls: list[Called] = field(default_factory=list)
    came: list[Shown] = field(default_factory=list)
    evicted: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    other: list[dict[str, Any]] = field(default_factory=list)
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0
    model_seconds: float = 0.0
    archive_seconds: float = 0.0
    recall_seconds: float = 0.0
    own_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Trace:
    """A run: its steps, and its end, which is an answer (the fields of ``Answered``), an error, or neither.

    ``how``: as ``Run.how``.
    """

    run: int
    question: str
    began: str
    model: str
    steps: tuple[Step, ...]
    answer: dict[str, Any] | None
    error: str
    how: str


def trace(run: Run) -> Trace:
    """What a recorded run did, step by step.

    Raises:
        RecordError: the recording is damaged.
    """
    return _Tracing(run).result()


class _Tracing:
    def __init__(self, run: Run) -> None:
        self._run, self._counts = run, Counts(run)
        self._steps: dict[int, Step] = {}
        self._now = 1
        self._waiting: list[Line] = []  # they belong to the step of the next event that has one
        self._prompts: dict[int, tuple[Prompt, int]] = {}  # by number, with the step; 0: not told yet
        self._last: dict[bool, list[str]] = {}
        self._model = ""
        self._answer: dict[str, Any] | None = None

    def result(self) -> Trace:
        run = self._run
        for line in run.lines:
            if line.kind == "event":
                self._event(line)
            elif line.kind == "prompt" and line.get("arguments", dict).get("tools"):
                self._prompt(line, self._step())
            elif line.kind in ("piece", "completed") and line.get("of", int) in self._prompts:
                self._answered(line, self._step())
            else:
                self._waiting.append(line)
        self._settle()
        if run.end:
            self._step().own_seconds += run.end.get("own", float)
        began = str(run.header.fields.get("began", ""))
        steps = tuple(self._steps[number] for number in sorted(self._steps))
        return Trace(run.number, run.question, began, self._model, steps, self._answer, self._error(), run.how)

    def _step(self) -> Step:
        return self._steps.setdefault(self._now, Step(self._now))

    def _error(self) -> str:
        if not self._run.end or self._run.how != "raised":
            return ""
        error = decode_error(self._run.value(self._run.end, "error"))
        return f"{type(error).__name__}: {error}"

    def _settle(self) -> None:
        """Put what waits into the step."""
        waiting, self._waiting = self._waiting, []
        for line in waiting:
            if line.kind == "call":
                step, seconds = self._step(), line.get("seconds", float)
                if line.get("part", str) == "archive":
                    step.archive_seconds += seconds
                else:
                    step.recall_seconds += seconds
            elif line.kind == "prompt":
                self._prompt(line, self._step())
            elif line.kind in ("piece", "completed"):
                self._answered(line, self._step())

    def _event(self, line: Line) -> None:
        what, value = line.get("what", str), self._run.value(line, "value")
        if isinstance(value, dict) and isinstance(value.get("step"), int):
            self._now = value["step"]
        if what != "TextWritten":
            self._settle()
        step = self._step()
        step.own_seconds += line.get("own", float)
        try:
            self._told(step, what, value)
        except (KeyError, TypeError, AttributeError) as error:
            raise damaged(line.number, f"the event {what} lacks {error}") from error

    def _told(self, step: Step, what: str, value: dict[str, Any]) -> None:
        """Put an event into its step."""
        if what == "RunStarted":
            self._model = str(value["model"])
        elif what == "StepStarted":
            step.used, step.budget = value["used"], value["budget"]
        elif what == "TextWritten":
            step.text += value["text"]
        elif what == "ToolCalled":
            step.calls.append(Called(value["name"], value["arguments"]))
        elif what == "Observed":
            self._observed(step, value)
        elif what in ("EvidenceNoted", "Evicted"):
            fields = value["evidence"] if what == "EvidenceNoted" else {k: v for k, v in value.items() if k != "step"}
            (step.evidence if what == "EvidenceNoted" else step.evicted).append(fields)
        elif what == "Answered":
            self._answer = value
        else:
            step.other.append({"event": what, **value})

    def _observed(self, step: Step, value: dict[str, Any]) -> None:
        """Put what a call gave to the call, which came just before it; a mistake of another kind stands for itself."""
        last = step.calls[-1] if step.calls else None
        if last is None or last.gave or last.name != value["name"]:
            last = Called(value["name"], {})
            step.calls.append(last)
        last.gave, last.ok, last.tokens = value["summary"], value["ok"], self._counts(value["text"])
        for attributes, text in _PASSAGE.findall(value["text"]):
            named = dict(_ATTRIBUTE.findall(attributes))
            step.came.append(Shown(named.get("document", ""), named.get("page", ""), self._counts(text)))

    def _prompt(self, line: Line, step: Step) -> None:
        """Count a prompt, and how much of it begins as the one before."""
        arguments = self._run.value(line, "arguments")
        try:
            messages: list[Message] = decode(list[Message], arguments["messages"])
            tools: list[ToolSpec] = decode(list[ToolSpec], arguments["tools"])
        except (KeyError, TypeError) as error:
            raise damaged(line.number, str(error)) from error
        functions = START + self._counts(schema(tools)) if tools else START
        sizes = [functions, *(message_tokens(message, self._counts) for message in messages)]
        parts = [repr(tools), *map(repr, messages)]
        before = self._last.get(bool(tools), [])
        self._last[bool(tools)] = parts
        prompt = Prompt(len(messages), sum(sizes), sum(_repeated(before, parts, sizes)), not tools)
        step.prompts.append(prompt)
        self._prompts[line.get("of", int)] = prompt, step.step

    def _answered(self, line: Line, step: Step) -> None:
        """Put what the model gave, and the time that it took, to the step of its prompt."""
        of = line.get("of", int)
        if of not in self._prompts:
            raise damaged(line.number, "it belongs to no prompt")
        prompt, number = self._prompts[of]
        step = self._steps.get(number, step)
        if line.kind == "completed":
            step.model_seconds += line.get("seconds", float)
            self._counts.calls += 1
        elif line.get("what", str) == "Completion":
            value = self._run.value(line, "value")
            written = sum(self._counts(str(part)) for part in [value.get("text"), *value.get("calls", [])] if part)
            step.prompt_tokens += value.get("prompt_tokens") or prompt.tokens
            step.cached_tokens += value.get("cached_tokens", 0)
            step.answer_tokens += value.get("answer_tokens") or written


def _repeated(before: list[str], now: list[str], sizes: list[int]) -> Iterator[int]:
    """The sizes of the parts at the beginning that are as before."""
    for old, new, size in zip(before, now, sizes, strict=False):
        if old != new:
            return
        yield size
