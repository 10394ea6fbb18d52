"""Runs: every question that was asked, with what the agent did and what it cost."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from docqa.api.access import Reading, TheService
from docqa.api.answers.citing import Citer, base_url
from docqa.api.answers.following import look, recorded
from docqa.api.answers.telling import Teller
from docqa.api.answers.tracing import run_detail, run_info, run_of
from docqa.api.http.streaming import JSON, EventStream, described
from docqa.api.schemas import After, Deleted, Limit, Listed, listed
from docqa.api.schemas.runs import RunDetail, RunInfo

router = APIRouter(prefix="/v1/runs", tags=["runs"])
MOST_EVENTS = 2**31 - 1
Number = Annotated[int, Query(ge=0, le=MOST_EVENTS, description="Number of the last event that is known.")]
LastEventId = Annotated[int | None, Header(ge=0, le=MOST_EVENTS, description="The same, as browsers send it.")]
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The events.", "content": described("An event.", JSON)},
    204: {"description": "The run is over, and its last event is known."},
}


@router.get("")
def list_runs(service: TheService, caller: Reading, after: After = None, limit: Limit = 20) -> Listed[RunInfo]:
    """The runs of the key's user, the newest first; with the scope `admin` those of the whole tenant."""
    if after:
        run_of(service, caller, after)
    user = None if caller.may("admin") else caller.user
    rows = service.registry.runs.page(caller.tenant, after or "", limit + 1, user=user)
    shown = [run_info(service, caller, row) for row in rows[:limit]]
    return listed(shown, [each.id for each in shown], len(rows) > limit)


@router.get("/{run}")
def get_run(request: Request, service: TheService, caller: Reading, run: str) -> RunDetail:
    """A run: its answer with every citation in full, its steps, what it cost, and all its events."""
    row = run_of(service, caller, run)
    return run_detail(service, caller, row, Citer(service, caller.tenant, base_url(service, request)))


@router.get("/{run}/events", responses=EVENTS, response_class=Response)
def get_run_events(
    request: Request,
    service: TheService,
    caller: Reading,
    run: str,
    after: Number = 0,
    last_event_id: LastEventId = None,
) -> Response:
    """The events of a run, as `/v1/chat/events` sends them: those that are recorded, and those that come.

    A stream that was cut goes on after the event of the header `Last-Event-ID`.
    """
    known = after if last_event_id is None else last_event_id
    row, waiting = look(service, run_of(service, caller, run), known)
    if row.state != "running" and not waiting:
        return Response(status_code=204)
    teller = Teller(Citer(service, caller.tenant, base_url(service, request)))
    return EventStream(recorded(service, caller, row, known, teller), lambda: None)


@router.delete("/{run}")
def delete_run(service: TheService, caller: Reading, run: str) -> Deleted:
    """Delete a run, with its question, events and answer; one that goes on is ended."""
    row = run_of(service, caller, run)
    service.answering.stop(row.id)
    service.registry.runs.delete(row.tenant, row.id)
    return Deleted(id=row.id, object="run.deleted")
