"""Chat completions: a question, answered with sources, whole or as a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from docqa.answering import Asked, Live
from docqa.api.access import Caller, Reading, TheService
from docqa.api.answers.asking import begin, collections_of
from docqa.api.answers.citing import Citer, base_url
from docqa.api.answers.completing import Completing, answered_by
from docqa.api.answers.history import conversation_of
from docqa.api.answers.telling import failure, headers_of
from docqa.api.answers.unsupported import refuse
from docqa.api.errors import ErrorAnswer
from docqa.api.http.streaming import HEARTBEAT, HEARTBEAT_SECONDS, EventStream, described, while_connected
from docqa.api.schemas.chat import ChatRequest, Completion
from docqa.api.service import Service
from docqa.errors import StoppedError
from docqa.events import Answered
from docqa.llm.stopping import STOPPED

router = APIRouter(prefix="/v1/chat", tags=["chat"])
STREAM = described("A chunk; `[DONE]` at the end.", {})
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": Completion, "description": "The answer; with `stream`, its chunks.", "content": STREAM},
    502: {"model": ErrorAnswer, "description": "The language model's server failed."},
    504: {"model": ErrorAnswer, "description": "The language model took too long."},
}


@router.post("/completions", responses=ANSWERS, response_class=JSONResponse)
async def create_completion(request: Request, service: TheService, caller: Reading, given: ChatRequest) -> Response:
    """Answer the last message from the documents.

    The text has markers like `[1]` and ends with a list of its sources, each with a link to a picture of its page on
    which the quote is marked; the annotations hold the same links. A stream begins at once, sends comments while the
    agent works, and the text when it is there: a quote is checked before it is said. `finish_reason` is `length` where
    a limit of the service ended the answer.
    """
    asked = await run_in_threadpool(_asked, service, caller, given)
    live, leave = await begin(service, caller, asked)
    completing = Completing(given, live.run, live.cached)
    citer = Citer(service, caller.tenant, base_url(service, request))
    if given.stream:
        return EventStream(_events(live, leave, completing, citer), live.stop, headers_of(live))
    try:
        answered = await while_connected(request.receive, answered_by(live), live.stop)
    finally:
        await run_in_threadpool(leave)
    answer = await run_in_threadpool(citer.answer, live.run, answered, live.cached)
    whole = completing.whole(answered, answer)
    return JSONResponse(whole.model_dump(mode="json", exclude_unset=True), headers=headers_of(live))


def _asked(service: Service, caller: Caller, given: ChatRequest) -> Asked:
    """What is asked.

    Raises:
        ApiError: it asks for what docqa does not do, or there is no such collection.
    """
    refuse(given)
    question, history = conversation_of(given.messages)
    return Asked(
        tenant=caller.tenant,
        user=caller.user,
        question=question,
        history=history,
        collections=collections_of(service, caller, given.model),
        fresh=bool(given.docqa and given.docqa.fresh),
        api_key=caller.key_id,
    )


async def _events(live: Live, leave: Callable[[], None], completing: Completing, citer: Citer) -> AsyncIterator[str]:
    """The chunks of an answer; whatever comes between is told as an error, which ends the stream."""
    answered: Answered | None = None
    try:
        yield completing.beginning()
        async with aclosing(live.events(HEARTBEAT_SECONDS)) as events:
            async for each in events:
                if each is None:
                    yield HEARTBEAT
                elif isinstance(each, Answered):
                    answered = each
        if answered is None:
            raise StoppedError(STOPPED)
        answer = await run_in_threadpool(citer.answer, live.run, answered, live.cached)
        for chunk in completing.rest(answered, answer):
            yield chunk
    except Exception as error:
        yield failure(error)
    finally:
        await run_in_threadpool(leave)
