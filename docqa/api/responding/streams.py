"""A response as its client gets it: whole, or as a stream of events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from openai.types.responses import ResponseStreamEvent
from starlette.concurrency import run_in_threadpool

from docqa.answering import Live
from docqa.api.answers.remembering import known_as
from docqa.api.errors import error_of
from docqa.api.http.streaming import HEARTBEAT, HEARTBEAT_SECONDS
from docqa.api.responding.running import Telling
from docqa.api.responding.shape import ENDED, Reply
from docqa.api.responding.typed import sent
from docqa.api.responding.writer import TOLD
from docqa.errors import StoppedError
from docqa.llm.stopping import STOPPED


async def whole(telling: Telling, live: Live) -> Reply:
    """The response when it is over.

    Raises:
        DocqaError: its run failed.
    """
    await run_in_threadpool(telling.begin)
    async with aclosing(_told(telling, live)) as events:
        async for _ in events:
            pass
    return telling.reply


async def stream(telling: Telling, live: Live) -> AsyncIterator[str]:
    """The events of a response; an error is told by the last one."""
    try:
        try:
            for each in await run_in_threadpool(telling.begin):
                yield sent(each)
            async with aclosing(_told(telling, live)) as events:
                async for told in events:
                    for each in told:
                        yield sent(each)
                    if not told:
                        yield HEARTBEAT
        except Exception as error:
            for each in await run_in_threadpool(telling.fail, error_of(error)):
                yield sent(each)
    finally:
        await run_in_threadpool(telling.over)


async def _told(telling: Telling, live: Live) -> AsyncGenerator[list[ResponseStreamEvent]]:
    """What each event of the run is told as; nothing where the run is silent.

    Raises:
        DocqaError: the run failed, or ended without an answer.
    """
    with known_as(telling.conversation):
        async with aclosing(live.events(HEARTBEAT_SECONDS)) as events:
            async for event in events:
                if event is None:
                    yield []
                elif isinstance(event, TOLD) and (told := await run_in_threadpool(telling.say, event)):
                    yield told
    if telling.reply.status not in ENDED:
        raise StoppedError(STOPPED)
