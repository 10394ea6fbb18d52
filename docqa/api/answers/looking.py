"""Following what another thread or process writes down: looked at again and again, for as long as that is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from docqa.api.access import Caller, still_allowed
from docqa.api.http.streaming import HEARTBEAT_SECONDS
from docqa.api.service import Service

LOOK_SECONDS = 0.5
"""Between two looks where nothing has come."""
ENDING = "The service is shutting down: go on from the last event in a moment."
T = TypeVar("T")


async def looks(
    service: Service, caller: Caller, look: Callable[[], tuple[list[T], bool]], ending: Exception
) -> AsyncGenerator[list[T]]:
    """What each look has found; nothing where it is time for a heartbeat.

    Args:
        service: where it is written down.
        caller: who follows it.
        look: gives what has come since, and whether that is all.
        ending: raised where the service ends.

    Raises:
        ApiError: the caller's key may not be used any more.
        Exception: what ``look`` raises, or ``ending``.
    """

    def allowed() -> tuple[list[T], bool]:
        still_allowed(service, caller)
        return look()

    silent = 0.0
    while True:
        found, is_all = await run_in_threadpool(allowed)
        if found:
            silent = 0.0
            yield found
        if is_all:
            return
        if service.ending.is_set():
            raise ending
        if not found:
            await asyncio.sleep(LOOK_SECONDS)
            silent += LOOK_SECONDS
        if silent >= HEARTBEAT_SECONDS:
            silent = 0.0
            yield []
