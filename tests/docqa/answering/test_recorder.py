"""How what runs say is written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from docqa.answering.recorder import Record, Recorder
from docqa.errors import RegistryError
from docqa.events import Remembered, StepStarted, TextWritten
from docqa.registry.runs import RunEvent, Runs, RunState
from tests.docqa.answering.asking import soon
from tests.docqa.answering.conftest import Service


class Away:
    """A registry's runs, which cannot be reached the first times."""

    def __init__(self, runs: Runs, times: int) -> None:
        self._runs, self.left = runs, times

    def _reach(self) -> None:
        self.left -= 1
        if self.left >= 0:
            raise RegistryError("The registry is away.")

    def add_events(self, tenant: str, run: str, added: Sequence[tuple[int, str, str]]) -> None:
        self._reach()
        self._runs.add_events(tenant, run, added)

    def add_all(self, added: Sequence[tuple[str, str, Sequence[tuple[int, str, str]]]]) -> None:
        if added:
            self._reach()
        self._runs.add_all(added)

    def end(self, tenant: str, run: str, state: RunState, outcome: str = "") -> bool:
        return self._runs.end(tenant, run, state, outcome)

    def sweep(self) -> list[str]:
        return []


@pytest.fixture
def runs(service: Service) -> Runs:
    return service.registry.runs


@pytest.fixture
def recorder(runs: Runs) -> Iterator[Recorder]:
    made = Recorder(runs)
    yield made
    made.close()


def begun(recorder: Recorder, runs: Runs) -> Record:
    return Record(recorder, "acme", runs.begin("acme", "ada", "chat", "Who?").id)


def recorded(runs: Runs, record: Record) -> list[RunEvent]:
    return runs.events("acme", record.run)


def test_events_are_written_down_before_the_end(recorder: Recorder, runs: Runs) -> None:
    record = begun(recorder, runs)
    record.add(StepStarted(1, 10, 100))
    assert soon(lambda: [event.kind for event in recorded(runs, record)] == ["StepStarted"])


def test_a_run_that_was_deleted_keeps_none_of_the_others_from_being_written_down(
    recorder: Recorder, runs: Runs
) -> None:
    gone, *others = (begun(recorder, runs) for _ in range(3))
    runs.delete("acme", gone.run)
    for record in (gone, *others):
        record.add(StepStarted(1, 10, 100))
    assert soon(lambda: all(len(recorded(runs, record)) == 1 for record in others))


def test_pieces_of_text_become_one_event(recorder: Recorder, runs: Runs) -> None:
    record = begun(recorder, runs)
    for event in (TextWritten("I "), TextWritten("search."), StepStarted(1, 10, 100), TextWritten("Now")):
        record.add(event)
    record.end("completed", "answered").wait(30)
    found = [(event.seq, event.kind, event.data.get("text")) for event in recorded(runs, record)]
    assert found == [(2, "TextWritten", "I search."), (3, "StepStarted", None), (4, "TextWritten", "Now")]


def test_the_end_is_written_down_at_once_and_something_done_after_it(recorder: Recorder, runs: Runs) -> None:
    record, done = begun(recorder, runs), list[str]()
    record.end("completed", "answered", lambda: done.append(runs.get("acme", record.run).state)).wait(30)
    assert done == ["completed"]


def test_the_first_end_counts(recorder: Recorder, runs: Runs) -> None:
    record = begun(recorder, runs)
    record.end("cancelled", "The answer was stopped.")
    record.end("failed", "It broke.").wait(30)
    assert runs.get("acme", record.run).state == "cancelled"


def test_a_registry_that_is_away_gets_it_later(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    away = Away(runs, 2)
    recorder = Recorder(away)  # type: ignore[arg-type]
    record = begun(recorder, runs)
    record.add(StepStarted(1, 10, 100))
    record.end("completed", "answered").wait(30)
    assert soon(lambda: runs.get("acme", record.run).state == "completed")
    assert len(recorded(runs, record)) == 1
    assert caplog.text.count("is away") == 1
    recorder.close()


def test_what_is_done_now_and_then_is_done_though_the_registry_cannot_be_written(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> list[str]:
        raise RegistryError("The disk is full.")

    monkeypatch.setattr(runs, "sweep", fails)
    done: list[int] = []
    recorder = Recorder(runs, lambda: done.append(1))
    assert soon(lambda: bool(done))
    recorder.close()


def test_a_run_that_was_deleted_is_passed_over(recorder: Recorder, runs: Runs) -> None:
    gone, other = begun(recorder, runs), begun(recorder, runs)
    runs.delete("acme", gone.run)
    gone.add(Remembered(1, "user", "x"))
    gone.end("completed", "answered").wait(30)
    other.end("completed", "answered").wait(30)
    assert runs.get("acme", other.run).state == "completed"
