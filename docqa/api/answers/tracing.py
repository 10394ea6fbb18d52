"""A run as its recorded events tell it: steps, tokens, seconds, and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from docqa.api.access import Caller
from docqa.api.answers.citing import Citer
from docqa.api.answers.telling import Teller, name_of
from docqa.api.errors import ApiError, not_found, without_places
from docqa.api.schemas.runs import CallInfo, EventInfo, RunAnswer, RunDetail, RunInfo, StepInfo, Trace
from docqa.api.service import Service
from docqa.events import Answered
from docqa.recording.codec import decode
from docqa.registry.runs import RunEvent, RunRow
from ingest.errors import NotFoundError

AT_ONCE = 1000


def run_of(service: Service, caller: Caller, id: str) -> RunRow:
    """A run of the caller's user; one with the scope ``admin`` sees those of its whole tenant.

    Raises:
        ApiError: there is none.
    """
    row = service.registry.runs.get(caller.tenant, id)
    if not sees(caller, row):
        raise not_found("run", id)
    return row


def sees(caller: Caller, row: RunRow) -> bool:
    """Whether a run is the caller's to see."""
    return row.user == caller.user or caller.may("admin")


def run_info(service: Service, caller: Caller, row: RunRow) -> RunInfo:
    """A run as lists show it."""
    cached_from = None
    with suppress(NotFoundError, ApiError):  # deleted since, or another user's
        cached_from = run_of(service, caller, row.cached_from).id if row.cached_from else None
    return RunInfo(
        id=row.id,
        kind=row.kind,
        question=row.question,
        collections=list(row.collections),
        state=row.state,
        outcome=without_places(row.outcome),
        cached_from=cached_from,
        created_at=row.created,
        ended_at=row.ended,
    )


def run_detail(service: Service, caller: Caller, row: RunRow, citer: Citer) -> RunDetail:
    """A run with all that is recorded of it."""
    events, teller = events_of(service, row), Teller(citer)
    told = [EventInfo(id=e.seq, event=name_of(e.kind), data=teller.data(e.kind, e.data)) for e in events]
    last = next((e.data for e in events if e.kind == Answered.__name__), None)
    answered: Answered | None = decode(Answered, last) if last else None
    answer = None
    if answered:
        whole = citer.answer(row.id, answered, bool(row.cached_from))
        answer = RunAnswer(text=answered.text, **dict(whole))
    info = run_info(service, caller, row)
    return RunDetail(**info.model_dump(), answer=answer, trace=trace_of(events, answered), events=told)


def events_of(service: Service, row: RunRow, after: int = 0) -> list[RunEvent]:
    """The recorded events of a run after a number."""
    found: list[RunEvent] = []
    while page := service.registry.runs.events(row.tenant, row.id, found[-1].seq if found else after, AT_ONCE):
        found += page
    return found


def trace_of(events: Sequence[RunEvent], answered: Answered | None) -> Trace:
    """What events tell of the steps and the cost."""
    steps: list[StepInfo] = []
    for event in events:
        if event.kind == "StepStarted":
            steps.append(_step(event.data))
        elif steps:
            _told(steps[-1], event.kind, event.data)
    return Trace(
        model=next((str(event.data.get("model", "")) for event in events if event.kind == "RunStarted"), ""),
        steps=steps,
        seconds=answered.seconds if answered else None,
        prompt_tokens=answered.prompt_tokens if answered else None,
        cached_tokens=answered.cached_tokens if answered else None,
        answer_tokens=answered.answer_tokens if answered else None,
    )


def _step(data: dict[str, Any]) -> StepInfo:
    return StepInfo(
        step=data["step"], used=data["used"], budget=data["budget"], repeated=data["repeated"],
        text="", calls=[], evidence=[], evicted_messages=0, evicted_tokens=0,
    )  # fmt: skip


def _told(step: StepInfo, kind: str, data: dict[str, Any]) -> None:
    """Put an event into its step."""
    if kind == "TextWritten":
        step.text += data["text"]
    elif kind == "ToolCalled":
        step.calls.append(CallInfo(name=data["name"], arguments=data["arguments"], gave="", ok=True))
    elif kind == "Observed" and step.calls:
        step.calls[-1].gave, step.calls[-1].ok = data["summary"], data["ok"]
    elif kind == "EvidenceNoted":
        step.evidence.append(data["evidence"]["claim"])
    elif kind == "Evicted":
        step.evicted_messages += data["messages"]
        step.evicted_tokens += data["tokens"]
