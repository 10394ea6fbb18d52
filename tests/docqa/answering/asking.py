"""Questions, completions that answer them, and reading an answer to its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from docqa.answering import Asked, Ended, Live
from docqa.events import Answered, Event
from docqa.llm import Completion, Message, ToolSpec
from docqa.llm.scripted import call
from docqa.registry import Registry
from ingest.errors import NotFoundError

ASKED = Asked("acme", "ada", "Who built the harbour?")
SEARCH = call("search_archive", query="who built the harbour")
NOTE = call("note_evidence", claim="Works built it", chunk="c1", quote="built in 1931 by Quay Works")
ANSWER = call("answer", text="Quay Works [e1].", citations=["e1"])
NOTHING = call("answer", text="The documents do not say.", not_found=True)
FOUND = (SEARCH, NOTE, ANSWER)
PATIENCE = 30.0
"""Seconds in which what is waited for has to come on a slow machine."""


def looking(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Completion:
    """A model that searches once and then says that the documents do not say."""
    return NOTHING if any(message.role == "tool" for message in messages) else SEARCH


def asked(question: str = ASKED.question, **values: object) -> Asked:
    """A question of ada's at acme."""
    return replace(ASKED, question=question, **values)  # type: ignore[arg-type]


def read(live: Live) -> list[Event]:
    """All events of a run, to its end."""
    events: list[Event] = []
    while True:
        try:
            event = live.next(PATIENCE)
        except Ended:
            return events
        assert event is not None, "nothing came"
        events.append(event)


def answer(live: Live) -> Answered:
    """The answer, which is the last event and the only one."""
    events = read(live)
    (answered,) = [event for event in events if isinstance(event, Answered)]
    assert events[-1] is answered
    return answered


def state_of(registry: Registry, run: str) -> str:
    """How a run stands; empty where it is not there."""
    try:
        return registry.runs.get(ASKED.tenant, run).state
    except NotFoundError:
        return ""


def soon(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold."""
    ends = time.monotonic() + PATIENCE
    while not (held := holds()) and time.monotonic() < ends:
        time.sleep(0.01)
    return held


def threads(run: str) -> list[threading.Thread]:
    """The threads of a run."""
    return [thread for thread in threading.enumerate() if thread.name == run]
