"""What becomes of runs when the service ends, and when its process is killed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence

import pytest

from docqa.answering import recorder
from docqa.errors import KeyGoneError, StoppedError
from docqa.events import Answered
from docqa.llm import Completion, Message, ToolSpec
from docqa.registry import open_registry
from tests.docqa.answering.asking import asked, looking, read, soon, state_of, threads
from tests.docqa.answering.conftest import Service

FOR_EVER = 3600.0
KILLED = """
import os, sys
from docqa.answering import Answering
from docqa.answering.libraries import Libraries
from docqa.llm.scripted import ScriptedModel
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.answering.asking import asked, looking

settings = Settings(data_dir=sys.argv[1])
answering = Answering(settings, ScriptedModel(looking, pause=3600), Libraries(settings), open_registry(settings))
live = answering.start(asked())
live.next(60)
print(live.run, flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_run_under_way_may_end_when_the_service_ends(service: Service) -> None:
    answering = service.answering(pause=0.2)
    live = answering.start(asked())
    answering.close(30)
    assert isinstance(read(live)[-1], Answered)


def test_a_run_that_takes_too_long_then_ends_with_an_error_that_says_so(service: Service) -> None:
    answering = service.answering(pause=FOR_EVER)
    live = answering.start(asked())
    answering.close(0)
    with pytest.raises(StoppedError, match="shutting down"):
        read(live)
    assert not threads(live.run)
    assert state_of(service.registry, live.run) == "cancelled"


def test_no_run_begins_while_the_service_ends(service: Service) -> None:
    answering = service.answering()
    answering.close(0)
    with pytest.raises(StoppedError, match="shutting down"):
        answering.start(asked())


def test_what_cannot_be_called_back_does_not_keep_its_reader_waiting(service: Service) -> None:
    hold = threading.Event()

    def deaf(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Completion:
        hold.wait(60)
        return looking(messages, tools)

    answering = service.answering(deaf)
    live = answering.start(asked())
    answering.close(0)
    with pytest.raises(StoppedError, match="shutting down"):
        read(live)
    hold.set()
    assert soon(lambda: not threads(live.run))


def test_the_run_of_a_process_that_was_killed_is_closed_as_failed(service: Service) -> None:
    folder = str(service.settings.root)
    killed = subprocess.run([sys.executable, "-c", KILLED, folder], capture_output=True, text=True, check=False)
    run = killed.stdout.strip()
    assert state_of(service.registry, run) == "running", killed.stderr
    with open_registry(service.settings) as other:
        assert other.runs.sweep() == [run]
    assert state_of(service.registry, run) == "failed"


def test_answering_sweeps_by_itself(service: Service) -> None:
    folder = str(service.settings.root)
    killed = subprocess.run([sys.executable, "-c", KILLED, folder], capture_output=True, text=True, check=False)
    service.answering()
    assert soon(lambda: state_of(service.registry, killed.stdout.strip()) == "failed"), killed.stderr


def test_a_run_ends_soon_after_its_key_was_revoked(service: Service) -> None:
    key, _ = service.registry.keys.create("acme", "ada")
    live = service.answering(pause=FOR_EVER).start(asked(api_key=key.id))
    service.registry.keys.revoke(key.id)
    with pytest.raises(KeyGoneError, match="revoked"):
        read(live)


def test_a_run_goes_on_while_its_key_may_be_used(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "EVERY_SECONDS", 0.02)
    monkeypatch.setattr(recorder, "SWEEP_SECONDS", 0.02)
    key, _ = service.registry.keys.create("acme", "ada")
    live = service.answering(pause=0.3).start(asked(api_key=key.id))
    assert isinstance(read(live)[-1], Answered)
