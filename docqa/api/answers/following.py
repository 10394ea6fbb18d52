"""Streams of what runs say: of one that this request began, and of any recorded one, which may still go on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

from starlette.concurrency import run_in_threadpool

from docqa.answering import Live
from docqa.api.access import Caller
from docqa.api.answers.looking import ENDING, looks
from docqa.api.answers.remembering import known_as
from docqa.api.answers.telling import Teller, failure
from docqa.api.errors import ApiError, without_places
from docqa.api.http.streaming import HEARTBEAT, HEARTBEAT_SECONDS
from docqa.api.service import Service
from docqa.errors import StoppedError
from docqa.events import Answered
from docqa.llm.stopping import STOPPED
from docqa.recording.codec import encode
from docqa.registry.runs import RunEvent, RunRow

AT_ONCE = 100
ERROR = "error"


async def told(live: Live, leave: Callable[[], None], teller: Teller, conversation: str) -> AsyncIterator[str]:
    """The events of a run as they happen; an error is the last one.

    Args:
        live: the run.
        leave: called when it is over.
        teller: puts them into words.
        conversation: the id of its conversation that the client knows.
    """
    number, answered = 0, False
    try:
        with known_as(conversation):
            async with aclosing(live.events(HEARTBEAT_SECONDS)) as events:
                async for each in events:
                    if each is None:
                        yield HEARTBEAT
                        continue
                    number += 1
                    answered = isinstance(each, Answered)
                    yield await _line(teller, RunEvent(number, type(each).__name__, encode(each)))
        if not answered:
            raise StoppedError(STOPPED)
    except Exception as error:
        yield failure(error, ERROR)
    finally:
        await run_in_threadpool(leave)


async def recorded(service: Service, caller: Caller, row: RunRow, after: int, teller: Teller) -> AsyncIterator[str]:
    """The recorded events of a run after a number, and those that come; an error is the last one.

    Args:
        service: where it is recorded.
        caller: who follows it.
        row: the run.
        after: the number of the last event that is known.
        teller: puts them into words.
    """

    def news() -> tuple[list[RunEvent], bool]:
        nonlocal row, after
        row, events = look(service, row, after)
        after = events[-1].seq if events else after
        return events, not events and row.state != "running"

    try:
        async with aclosing(looks(service, caller, news, StoppedError(ENDING))) as found:
            async for events in found:
                for each in events:
                    yield await _line(teller, each)
                if not events:
                    yield HEARTBEAT
        if row.state != "completed":
            raise ApiError(500, without_places(row.outcome) or f"The run {row.state}.", f"run_{row.state}")
    except Exception as error:
        yield failure(error, ERROR)


def look(service: Service, row: RunRow, after: int) -> tuple[RunRow, list[RunEvent]]:
    """A run as it is now, and its next events. In this order: what ended before has all its events.

    Raises:
        NotFoundError: it was deleted.
    """
    runs = service.registry.runs
    now = runs.get(row.tenant, row.id)
    return now, runs.events(row.tenant, row.id, after, AT_ONCE)


async def _line(teller: Teller, event: RunEvent) -> str:
    """An event as it is sent. Only an answer is completed from the catalog."""
    arguments = event.seq, event.kind, event.data
    if event.kind == Answered.__name__:
        return await run_in_threadpool(teller.line, *arguments)
    return teller.line(*arguments)
