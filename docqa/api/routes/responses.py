"""Responses: a question, answered with citations, whole, as a stream of typed events, or in the background."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from openai.types.responses import ResponseItemList
from openai.types.responses.input_token_count_response import InputTokenCountResponse
from starlette.concurrency import run_in_threadpool

from docqa.api.access import Caller, Reading, TheService
from docqa.api.answers.asking import begin, check_background
from docqa.api.answers.citing import base_url
from docqa.api.answers.telling import headers_of
from docqa.api.errors import ApiError, unsupported
from docqa.api.http.streaming import JSON, EventStream, described, while_connected
from docqa.api.responding.background import cancel, queue
from docqa.api.responding.counting import input_tokens
from docqa.api.responding.findings import with_results
from docqa.api.responding.following import follow
from docqa.api.responding.including import Included
from docqa.api.responding.items import listed
from docqa.api.responding.kept import page_of_input, response_of
from docqa.api.responding.preparing import Prepared, prepare
from docqa.api.responding.running import Telling
from docqa.api.responding.shape import Reply
from docqa.api.responding.streams import stream, whole
from docqa.api.schemas import After, Deleted, Limit, Order
from docqa.api.schemas.responses import RESULTS, ResponseRequest, TokensRequest
from docqa.api.service import Service
from docqa.api.waking import wake_for_answers
from docqa.registry.responses import StoredResponse

router = APIRouter(prefix="/v1/responses", tags=["responses"])
MOST_EVENTS = 2**31 - 1
STREAM = described("One of OpenAI's events.", JSON)
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": Reply, "description": "The response; with `stream`, its events.", "content": STREAM}
}
ITEMS: dict[int | str, dict[str, Any]] = {200: {"model": ResponseItemList}}
Number = Annotated[int, Query(ge=-1, le=MOST_EVENTS, description="The event that a stream goes on after.")]
LastEventId = Annotated[int | None, Header(ge=-1, le=MOST_EVENTS, description="The same, as browsers send it.")]


@router.post("", responses=ANSWERS, response_class=JSONResponse)
async def create_response(request: Request, service: TheService, caller: Reading, given: ResponseRequest) -> Response:
    """Answer the last message of the input from the documents.

    The text has markers like `[1]`; each is a `file_citation` with the file and the place of the marker, counted in
    characters. What the agent searched for stands before it as `file_search_call`s. A response is `incomplete` where a
    limit of the service ended it.

    With `background` a worker answers, whether or not the client stays; a stream of it goes on after any event, see
    GET. Without, a client that leaves ends it.
    """
    prepared = await run_in_threadpool(prepare, service, caller, given)
    if given.background:
        return await _in_background(service, caller, prepared, base_url(service, request))
    live, leave = await begin(service, caller, prepared.asked, prepared.conversation)
    telling = Telling(service, prepared, live, base_url(service, request), leave)
    if given.stream:
        return EventStream(stream(telling, live), live.stop, headers_of(live))
    try:
        reply = await while_connected(request.receive, whole(telling, live), live.stop)
    finally:
        await run_in_threadpool(telling.over)
    return JSONResponse(reply.to_dict(mode="json"), headers=headers_of(live))


@router.post("/input_tokens")
def count_input_tokens(service: TheService, caller: Reading, given: TokensRequest) -> InputTokenCountResponse:
    """Tokens of what a request says, and of what was said before it, as the model counts them.

    The agent sees more: its own instructions, and what it finds.
    """
    return InputTokenCountResponse(input_tokens=input_tokens(service, caller, given), object="response.input_tokens")


@router.post("/compact", include_in_schema=False)
def compact_response(caller: Reading) -> Response:
    """OpenAI's way to shorten a conversation."""
    raise unsupported("compact", "the agent shortens a long conversation itself; go on with it.")


@router.get("/{response}", responses=ANSWERS, response_class=JSONResponse)
def get_response(
    request: Request,
    service: TheService,
    caller: Reading,
    response: str,
    include: Included,
    stream: Annotated[bool, Query(description="Its events, from the first on.")] = False,
    starting_after: Number = -1,
    last_event_id: LastEventId = None,
    include_obfuscation: Annotated[bool, Query(description="Accepted without effect.")] = False,
) -> Response:
    """A response that was kept. With `stream`, its events: those that were, and those that come."""
    stored = response_of(service, caller, response)
    if stream:
        after = starting_after if last_event_id is None else last_event_id
        return EventStream(follow(service, caller, stored, after), lambda: None, _headers(stored))
    body = stored.body
    if RESULTS in include:
        reply = with_results(service, caller, base_url(service, request), Reply.model_validate(body))
        body = reply.to_dict(mode="json")
    return JSONResponse(body, headers=_headers(stored))


@router.delete("/{response}")
def delete_response(service: TheService, caller: Reading, response: str) -> Deleted:
    """Delete a response; one of the background is ended by that. What the agent remembers of it stays."""
    stored = response_of(service, caller, response)
    service.registry.responses.delete(caller.tenant, stored.id)
    return Deleted(id=stored.id, object="response")


@router.post("/{response}/cancel", responses={200: {"model": Reply}}, response_class=JSONResponse)
def cancel_response(service: TheService, caller: Reading, response: str) -> JSONResponse:
    """End a response of the background. One that is over stays as it is."""
    stored = response_of(service, caller, response)
    if not stored.background:
        raise ApiError(400, "Only a response with 'background' can be cancelled; leave the stream of another one.",
                       "not_in_background")  # fmt: skip
    stored = cancel(service, stored)
    return JSONResponse(stored.body, headers=_headers(stored))


@router.get("/{response}/input_items", responses=ITEMS, response_class=JSONResponse)
def list_input_items(
    service: TheService,
    caller: Reading,
    response: str,
    include: Included,
    after: After = None,
    limit: Limit = 20,
    order: Order = "desc",
) -> JSONResponse:
    """What a response was asked: the items of its own input, without those of the responses before it."""
    return listed(*page_of_input(response_of(service, caller, response), after, limit, order == "desc"))


async def _in_background(service: Service, caller: Caller, prepared: Prepared, base: str) -> Response:
    await run_in_threadpool(check_background, service, caller)
    stored = await run_in_threadpool(queue, service, prepared, base)
    wake_for_answers(service)
    if prepared.request.stream:
        return EventStream(follow(service, caller, stored, -1), lambda: None)
    return JSONResponse(stored.body)


def _headers(stored: StoredResponse) -> dict[str, str]:
    return {"X-Docqa-Run": stored.run} if stored.run else {}
