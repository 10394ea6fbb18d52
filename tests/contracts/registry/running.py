"""Runs and what happens in them."""

from __future__ import annotations

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from docqa.events import TextWritten
from docqa.recording.codec import decode, dumps, encode
from docqa.registry import Registry
from docqa.registry.processes import Processes
from docqa.registry.responses import StoredResponse
from docqa.registry.runs import RunEvent, Runs
from docqa.registry.tables import processes
from docqa.settings import Settings
from ingest.errors import NotFoundError
from tests.contracts.registry.samples import begun, process

BEGIN = "print(begun(registry).id, flush=True); __import__('time').sleep(60)"


class RunningContract:
    """Inherited by ``RegistryContract``."""

    def test_a_run_is_had_again_as_it_began_and_ended(self, registry: Registry, other: Registry) -> None:
        row = begun(registry, collections=["papers"], id="run_1", cached_from="run_0", cache_key="k")
        assert other.runs.get("acme", "run_1") == row
        assert (row.state, row.ended, row.collections) == ("running", None, ("papers",))
        assert registry.runs.running() == 1
        assert registry.runs.end("acme", row.id, "completed", "answered")
        ended = other.runs.get("acme", row.id)
        assert (ended.state, ended.outcome, ended.ended is not None) == ("completed", "answered", True)
        assert registry.runs.running() == 0

    def test_a_run_ends_once(self, registry: Registry) -> None:
        row = begun(registry)
        assert registry.runs.end("acme", row.id, "cancelled")
        assert not registry.runs.end("acme", row.id, "completed", "answered")
        assert not registry.runs.end("acme", "run_none", "completed")
        assert registry.runs.get("acme", row.id).state == "cancelled"

    def test_events_are_read_on_from_any_of_them(self, registry: Registry, other: Registry) -> None:
        id = begun(registry).id
        registry.runs.add_events("acme", id, [(n, "TextWritten", json.dumps({"text": str(n)})) for n in range(5)])
        registry.runs.add_events("acme", id, [(5, "Answered", "{}")])
        registry.runs.add_events("acme", id, [])
        assert [event.seq for event in other.runs.events("acme", id)] == [0, 1, 2, 3, 4, 5]
        assert other.runs.events("acme", id, 3, 1) == [RunEvent(4, "TextWritten", {"text": "4"})]
        assert [other.runs.events("acme", id, after) for after in (5, 2**31, 10**30)] == [[], [], []]
        assert len(other.runs.events("acme", id, -(10**30), 10**30)) == 6
        assert other.runs.last_event("acme", id) == RunEvent(5, "Answered", {})

    def test_a_run_without_events_has_no_last_one(self, registry: Registry) -> None:
        assert registry.runs.last_event("acme", begun(registry).id) is None

    @pytest.mark.parametrize("text", ["\0", "\ud800", "\U0001f30a", "\u2028", '"\\', "x" * 10**6])
    def test_an_event_of_any_text_is_kept(self, registry: Registry, text: str) -> None:
        id = begun(registry).id
        registry.runs.add_events("acme", id, [(1, "TextWritten", dumps(encode(TextWritten(text))))])
        [event] = registry.runs.events("acme", id)
        assert decode(TextWritten, event.data) == TextWritten(text.replace("\ud800", "\ufffd"))

    def test_events_that_are_written_again_are_there_once(self, registry: Registry) -> None:
        id = begun(registry).id
        for _ in range(2):
            registry.runs.add_events("acme", id, [(1, "A", "1"), (2, "B", "2")])
        assert [event.seq for event in registry.runs.events("acme", id)] == [1, 2]

    def test_old_runs_are_pruned_but_those_of_stored_responses(self, registry: Registry) -> None:
        old, told, running = (registry.runs.begin("acme", "ada", "chat", "Who?") for _ in range(3))
        for run in (old, told):
            registry.runs.add_events("acme", run.id, [(1, "TextWritten", "{}")])
            registry.runs.end("acme", run.id, "completed")
        registry.responses.put("acme", StoredResponse("acme", "ada", "completed", "docqa", {}, run=told.id))
        assert (registry.runs.prune(told.created - 60), registry.runs.prune(time.time() + 60)) == (0, 1)
        assert {run.id for run in registry.runs.page("acme")} == {told.id, running.id}
        assert len(registry.runs.events("acme", told.id)) == 1

    def test_a_deleted_run_is_gone_and_takes_no_events(self, registry: Registry) -> None:
        id = begun(registry).id
        registry.runs.add_events("acme", id, [(1, "A", "1")])
        registry.runs.delete("acme", id)
        registry.runs.add_events("acme", id, [(2, "A", "1")])
        with pytest.raises(NotFoundError, match=f"There is no run '{id}'"):
            registry.runs.events("acme", id)
        begun(registry, id=id)
        assert registry.runs.events("acme", id) == []

    def test_the_runs_of_a_killed_process_are_failed(self, registry: Registry, settings: Settings) -> None:
        mine = begun(registry).id
        with process(settings, BEGIN) as other:
            assert other.stdout
            theirs = other.stdout.readline().strip()
            assert registry.runs.sweep() == []
            other.send_signal(signal.SIGKILL)
        assert registry.runs.sweep() == [theirs]
        assert registry.runs.sweep() == []
        assert [registry.runs.get("acme", id).state for id in (mine, theirs)] == ["running", "failed"]

    def test_a_process_that_ends_leaves_no_run_running(self, registry: Registry, other: Registry) -> None:
        id = begun(other).id
        other.close()
        assert registry.runs.get("acme", id).state == "failed"

    def test_a_process_of_another_machine_is_gone_when_it_was_silent_for_long(self, registry: Registry) -> None:
        now = [0.0]
        watching = Runs(registry.database, Processes(60, lambda: now[0]))
        id = begun(registry).id
        with registry.database.writing() as connection:
            connection.execute(update(processes).values(host="elsewhere"))
        assert watching.sweep() == []
        now[0] = 59.0
        with registry.database.writing() as connection:
            connection.execute(update(processes).where(processes.c.host == "elsewhere").values(beats=7))
        assert watching.sweep() == []
        now[0] = 118.0
        assert watching.sweep() == []
        now[0] = 120.0
        assert watching.sweep() == [id]

    def test_many_runs_write_at_once(self, registry: Registry) -> None:
        ids = [begun(registry).id for _ in range(40)]

        def write(id: str) -> None:
            for batch in range(5):
                registry.runs.add_events("acme", id, [(batch * 10 + n, "A", "1") for n in range(10)])
            registry.runs.end("acme", id, "completed")

        with ThreadPoolExecutor(40) as pool:
            assert list(pool.map(write, ids)) == [None] * 40
        assert {len(registry.runs.events("acme", id)) for id in ids} == {50}
