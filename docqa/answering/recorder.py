"""Writes down what runs say: a batch a second for each, by one thread, so that no run waits for a database."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from docqa.answering.unforeseen import log_unforeseen
from docqa.events import Event, TextWritten
from docqa.recording.codec import dumps, encode
from ingest.errors import DocqaError

if TYPE_CHECKING:
    from docqa.registry.runs import Runs, RunState

log = logging.getLogger(__name__)
EVERY_SECONDS = 1.0
SWEEP_SECONDS = 5.0
_LONGEST_OUTCOME = 200  # characters
Act = Callable[[], None]


class Record:
    """What one run has said and nobody has written down yet.

    Args:
        recorder: writes it down.
        tenant: whose run.
        run: its id.
        gone: called where the run was deleted meanwhile, by whatever process.
    """

    def __init__(self, recorder: Recorder, tenant: str, run: str, gone: Act = lambda: None) -> None:
        self.tenant, self.run, self.gone = tenant, run, gone
        self._recorder, self._number = recorder, 0
        self._waiting: list[tuple[int, Event]] = []
        self._lock = threading.Lock()
        self._ending: tuple[RunState, str, Act | None] | None = None
        self._tried_to_end = threading.Event()

    def add(self, event: Event) -> None:
        """Have an event written down soon. Pieces of text that follow each other become one."""
        with self._lock:
            self._number += 1
            before = self._waiting[-1][1] if self._waiting else None
            if isinstance(event, TextWritten) and isinstance(before, TextWritten):
                self._waiting.pop()
                event = replace(event, text=before.text + event.text)
            self._waiting.append((self._number, event))
        if before is None:
            self._recorder.soon(lambda: self._recorder.expect(self))

    def end(self, state: RunState, outcome: str, then: Act | None = None) -> threading.Event:
        """Have it written down at once that the run is over; the first call counts.

        Args:
            state: how.
            outcome: of an answer, else a sentence that says why there is none.
            then: done after that, by the same thread.

        Returns:
            What is set when that was tried.
        """
        with self._lock:
            if self._ending is None:
                self._ending = state, outcome[:_LONGEST_OUTCOME], then
                self._recorder.soon(lambda: self._recorder.write(self))
        return self._tried_to_end

    def write(self, runs: Runs) -> None:
        """Write down what waits.

        Raises:
            DocqaError: it could not be written; it is kept.
        """
        ending, events = self._ending, self.taken()  # in this order: what came before the end is taken with it
        try:
            runs.add_events(self.tenant, self.run, _rows(events))
            events = []
            if ending:
                state, outcome, then = ending
                if runs.end(self.tenant, self.run, state, outcome) and then:
                    then()
        except DocqaError:
            self.give_back(events)
            raise
        finally:
            if ending:
                self._tried_to_end.set()

    @property
    def is_ending(self) -> bool:
        """Whether it is to be written down that the run is over."""
        return self._ending is not None

    def taken(self) -> list[tuple[int, Event]]:
        """What waits, with its numbers; whoever takes it writes it down or gives it back."""
        with self._lock:
            events, self._waiting = self._waiting, []
        return events

    def give_back(self, events: list[tuple[int, Event]]) -> None:
        """Let what was taken wait on."""
        with self._lock:
            self._waiting[:0] = events


class Recorder:
    """The thread that writes for all runs of a process, and keeps the process alive in the registry.

    Args:
        runs: where it is written.
        now_and_then: done every few seconds.
    """

    def __init__(self, runs: Runs, now_and_then: Act = lambda: None) -> None:
        self._runs, self._now_and_then = runs, now_and_then
        self._inbox: queue.SimpleQueue[Act | None] = queue.SimpleQueue()
        self._expected: dict[str, Record] = {}
        self._failing = False
        self._swept = -SWEEP_SECONDS
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def soon(self, act: Act) -> None:
        """Have something done by the thread. Waits for nothing and takes no lock, so that anybody may call it."""
        self._inbox.put(act)

    def expect(self, record: Record) -> None:
        """Write down what waits of a run with the next batches; called by the thread itself."""
        self._expected[record.run] = record

    def write(self, record: Record) -> None:
        """Write down what waits of a run, or try it again later; called by the thread itself."""
        self._expected.pop(record.run, None)
        try:
            record.write(self._runs)
            self._failing = False
        except DocqaError as error:
            self._expected[record.run] = record
            if not self._failing:
                log.warning("What runs say cannot be written down: %s", error)
            self._failing = True

    def close(self) -> None:
        """Write down what waits, and end the thread."""
        self._inbox.put(None)
        self._thread.join()

    def _work(self) -> None:
        due = time.monotonic()
        while True:
            if (now := time.monotonic()) >= due:
                self._do(self._write_all)
                due = now + EVERY_SECONDS
            try:
                act = self._inbox.get(timeout=max(0.0, due - time.monotonic()))
            except queue.Empty:
                continue
            self._do(act or self._write_all)
            if act is None:
                return

    def _do(self, act: Act) -> None:
        try:
            act()
        except Exception as error:  # a thread that ends would take with it what all runs say
            log_unforeseen(log, "What runs say was not written down", error)

    def _write_all(self) -> None:
        self._write_together([record for record in self._expected.values() if not record.is_ending])
        for record in list(self._expected.values()):
            self.write(record)
        if time.monotonic() - self._swept >= SWEEP_SECONDS:
            self._swept = time.monotonic()
            self._do(self._now_and_then)
            try:
                self._runs.sweep()
            except DocqaError as error:
                log.warning("It cannot be seen which runs are over: %s", error)

    def _write_together(self, records: list[Record]) -> None:
        """Write down what waits of many runs at once; where that fails it is tried for each by itself."""
        taken = [(record, record.taken()) for record in records]
        try:
            gone = self._runs.add_all([(record.tenant, record.run, _rows(events)) for record, events in taken])
        except DocqaError:
            for record, events in taken:
                record.give_back(events)
            return
        for record in records:
            del self._expected[record.run]
            if record.run in gone:
                record.gone()


def _rows(events: list[tuple[int, Event]]) -> list[tuple[int, str, str]]:
    """Numbered events as the registry takes them."""
    return [(number, type(event).__name__, dumps(encode(event))) for number, event in events]
