"""What runs said, as it was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import get_args

from docqa.events import Event, Observed, ToolCalled
from docqa.recording.codec import decode
from docqa.registry.runs import RunEvent, Runs
from ingest.errors import NotFoundError

AT_ONCE = 500
_KINDS = {kind.__name__: kind for kind in get_args(Event)}


def recorded(runs: Runs, tenant: str, run: str) -> Iterator[Event]:
    """The events of a run. An answer that was given again begins with the searches of the run that found it.

    Raises:
        NotFoundError: the tenant has no such run.
    """
    of = runs.get(tenant, run).cached_from
    if of:
        with suppress(NotFoundError):  # deleted since
            yield from searches(runs, tenant, of)
    yield from _events(runs, tenant, run)


def searches(runs: Runs, tenant: str, run: str) -> Iterator[Event]:
    """What a run called, and what that gave.

    Raises:
        NotFoundError: the tenant has no such run.
    """
    return (event for event in _events(runs, tenant, run) if isinstance(event, ToolCalled | Observed))


def event_of(row: RunEvent) -> Event:
    """An event as it was said."""
    event: Event = decode(_KINDS[row.kind], row.data)
    return event


def _events(runs: Runs, tenant: str, run: str) -> Iterator[Event]:
    after = -1
    while rows := runs.events(tenant, run, after, AT_ONCE):
        yield from map(event_of, rows)
        after = rows[-1].seq
