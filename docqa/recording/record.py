"""Recording a run: the agent gets a model, an archive, recall storage and a clock that write down what they give."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, TypeVar, cast
from weakref import ReferenceType, ref

from docqa.agent import Agent, Running
from docqa.events import Answered, Event
from docqa.llm import LLM, Message
from docqa.memory.archival import Archival
from docqa.memory.recall import Recall, RunRecall
from docqa.recording.codec import encode, encode_error
from docqa.recording.recorders import Clock, RecordedModel, RecordedPart, close, read_clock
from docqa.recording.tape import FORMAT, Tape, open_for_append, secrets_of, settings_of_run
from docqa.settings import Settings

T = TypeVar("T")


class Recording:
    """A file that runs are recorded into, one after another; what is in it already stays.

    Raises:
        RecordError: the file cannot be opened, is no recording, or another run is being recorded into it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = open_for_append(path)
        self._open: ReferenceType[RecordedRun] | None = None

    def run(
        self,
        llm: LLM,
        archival: Archival,
        settings: Settings,
        question: str,
        history: Sequence[Message] = (),
        recall: Recall | None = None,
        clock: Clock = time.monotonic,
    ) -> RecordedRun:
        """Run an agent on a question and record it. Events and exceptions are those of ``Agent.run``.

        Raises:
            RecordError: while it runs, where the file cannot be written.
        """
        self._end_run()
        tape = Tape(self._descriptor, str(self._path), secrets_of(settings))
        tape.write(
            "run",
            format=FORMAT,
            docqa=version("docqa"),
            began=datetime.now(UTC).isoformat(timespec="seconds"),
            question=question,
            history=encode(history),
            settings=settings_of_run(settings),
        )

        def start() -> Iterator[Event]:
            model, archive = RecordedModel(llm, tape), RecordedPart("archive", archival, Archival, tape)
            kept = RecordedPart("recall", RunRecall(lasting=False) if recall is None else recall, Recall, tape)
            read = functools.partial(read_clock, clock, tape)
            agent = Agent(cast(LLM, model), cast(Archival, archive), settings, clock=read)
            return agent.run(question, history, cast(Recall, kept))

        run = RecordedRun(tape, start)
        self._open = ref(run)
        return run

    def close(self) -> None:
        """End the run that is under way and close the file."""
        self._end_run()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _end_run(self) -> None:
        run = self._open() if self._open else None
        if run:
            run.close()

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RecordedRun(Iterator[Event]):
    """The events of a run, each written down before it is given. Closing it, or letting it go, ends the run."""

    after: Callable[[], None] | None = None
    """Called once, when the run has ended."""

    def __init__(self, tape: Tape, start: Callable[[], Iterator[Event]]) -> None:
        """Begin the run."""
        self._tape, self._ended, self._answered = tape, False, False
        self._own = 0.0
        self._events: Iterator[Event] = iter(())
        self._events = self._timed(start)

    def __next__(self) -> Event:
        """The next event of the run."""
        if self._ended:
            raise StopIteration
        event = self._timed(lambda: next(self._events))
        self._answered = isinstance(event, Answered)
        fields = encode(event, self._tape.keep)
        self._tape.write("event", what=type(event).__name__, value=fields, own=self._take_own())
        self._check()
        return event

    def close(self) -> None:
        """End the run here, as a reader does who has seen enough."""
        if not self._ended:
            self._finish("closed" if self._answered else "early")

    def context(self) -> list[tuple[str, int]]:
        """See ``docqa.agent.Running``."""
        return self._events.context() if isinstance(self._events, Running) else []

    def __del__(self) -> None:
        self.close()

    def _timed(self, action: Callable[[], T]) -> T:
        """Do a piece of the run; where that ends it, so does the recording."""
        began, away = perf_counter(), self._tape.away
        try:
            result = action()
        except BaseException as error:
            self._own += perf_counter() - began - (self._tape.away - away)
            if isinstance(error, StopIteration):
                self._finish("done")
            elif isinstance(error, Exception):
                self._finish("raised", error=encode_error(error, self._tape.keep))
            else:
                self._finish("early")
            raise
        self._own += perf_counter() - began - (self._tape.away - away)
        return result

    def _take_own(self) -> float:
        own, self._own = self._own, 0.0
        return round(own, 6)

    def _check(self) -> None:
        try:
            self._tape.check()
        except BaseException:
            self._finish("early")
            raise

    def _finish(self, how: str, **fields: Any) -> None:
        self._ended = True
        try:
            close(self._events)
        finally:
            self._tape.write("end", how=how, own=self._take_own(), **fields)
            self._tape.stop()
            if self.after:
                self.after()


def recorded(
    path: Path,
    llm: LLM,
    archival: Archival,
    settings: Settings,
    question: str,
    history: Sequence[Message] = (),
    recall: Recall | None = None,
) -> RecordedRun:
    """Run an agent on a question as ``Agent.run`` does, and append the run to a recording.

    For commands: ``agent.run(question, history, recall)`` becomes
    ``recorded(path, llm, archival, settings, question, history, recall)``; each call adds one run to the file and gives
    the events, which may be left at any moment. The file is closed when the run has ended or is let go.

    Raises:
        RecordError: the file cannot be opened or is no recording, at once; or cannot be written, while it runs.
        DocqaError: as ``Agent.run`` does, at once and while it runs; that is recorded too.
    """
    recording = Recording(path)
    try:
        run = recording.run(llm, archival, settings, question, history, recall)
    except BaseException:
        recording.close()
        raise
    run.after = recording.close
    return run
