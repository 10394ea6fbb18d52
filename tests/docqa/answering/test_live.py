"""How a run is read, and what becomes of it when its reader waits, stops or goes."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing

import pytest

from docqa.answering import Ended
from docqa.answering.buffer import MOST
from docqa.errors import ModelError, StoppedError
from docqa.events import Answered, RunStarted, StepStarted
from docqa.llm import Completion
from tests.docqa.answering.asking import NOTHING, asked, looking, read, soon, state_of, threads
from tests.docqa.answering.conftest import Service
from tests.docqa.answering.test_answering import failing

FOR_EVER = 3600.0


def talking(messages: object, tools: object) -> Completion:
    """Says more than a buffer holds, and calls what ends a run."""
    return Completion("word\n" * MOST * 3, NOTHING.calls)


def test_nothing_comes_while_the_model_is_silent(service: Service) -> None:
    live = service.answering(pause=FOR_EVER).start(asked())
    assert isinstance(live.next(30), RunStarted)
    assert isinstance(live.next(30), StepStarted)
    assert live.next(0.01) is None


def test_after_the_last_event_it_has_ended(service: Service) -> None:
    live = service.answering().start(asked())
    assert isinstance(read(live)[-1], Answered)
    with pytest.raises(Ended):
        live.next(0)


def test_a_run_that_is_stopped_ends_though_its_model_is_silent(service: Service) -> None:
    live = service.answering(pause=FOR_EVER).start(asked())
    live.next(30)
    live.stop()
    assert soon(lambda: not threads(live.run))
    assert soon(lambda: state_of(service.registry, live.run) == "cancelled")
    with pytest.raises(Ended):
        live.next(0)


def test_a_run_that_is_let_go_ends(service: Service) -> None:
    live = service.answering(pause=FOR_EVER).start(asked())
    run = live.run
    del live
    gc.collect()
    assert soon(lambda: not threads(run))
    assert soon(lambda: state_of(service.registry, run) == "cancelled")


def test_a_run_can_be_stopped_by_its_id_and_tells_its_reader(service: Service) -> None:
    answering = service.answering(pause=FOR_EVER)
    live = answering.start(asked())
    assert answering.stop(live.run)
    with pytest.raises(StoppedError, match="was stopped"):
        read(live)
    assert not answering.stop("run_of_nobody")


def test_a_slow_reader_holds_up_its_own_run_alone(service: Service) -> None:
    answering = service.answering(talking)
    slow, quick = answering.start(asked()), answering.start(asked("What else?"))
    assert isinstance(read(quick)[-1], Answered)
    assert threads(slow.run)
    assert len(slow._buffer._waiting) == MOST
    assert isinstance(read(slow)[-1], Answered)


def test_a_reader_who_never_reads_on_ends_the_run(service: Service) -> None:
    live = service.answering(talking, reader_seconds=0.1).start(asked())
    assert soon(lambda: not threads(live.run))
    with pytest.raises(StoppedError, match="DOCQA_READER_SECONDS"):
        read(live)


def test_a_run_is_read_in_asyncio(service: Service) -> None:
    async def told() -> list[str]:
        live = service.answering().start(asked())
        return [type(event).__name__ async for event in live.events(30)]

    said = asyncio.run(told())
    assert (said[0], said[-1]) == ("RunStarted", "Answered")


def test_in_asyncio_it_says_that_nothing_comes(service: Service) -> None:
    async def told() -> list[bool]:
        live = service.answering(pause=FOR_EVER).start(asked())
        async with aclosing(live.events(0.01)) as events:
            return [event is None async for event in _first(events, 4)]

    assert asyncio.run(told())[-2:] == [True, True]


async def _first(events: object, count: int) -> object:
    for _ in range(count):
        yield await anext(events)  # type: ignore[call-overload]


def test_in_asyncio_whoever_leaves_ends_the_run(service: Service) -> None:
    async def leave() -> str:
        live = service.answering(pause=FOR_EVER).start(asked())
        async with aclosing(live.events(30)) as events:
            await anext(events)
        return live.run

    run = asyncio.run(leave())
    assert soon(lambda: not threads(run))


def test_in_asyncio_a_task_that_is_cancelled_ends_the_run(service: Service) -> None:
    async def cancelled() -> str:
        live = service.answering(pause=FOR_EVER).start(asked())

        async def read_on() -> None:
            async for _ in live.events(30):
                pass

        task = asyncio.create_task(read_on())
        await asyncio.sleep(0.05)
        task.cancel()
        return live.run

    run = asyncio.run(cancelled())
    assert soon(lambda: not threads(run))


def test_in_asyncio_an_error_reaches_the_reader(service: Service) -> None:
    async def failed() -> None:
        async for _ in service.answering(failing).start(asked()).events(30):
            pass

    with pytest.raises(ModelError, match="is away"):
        asyncio.run(failed())


def test_two_hundred_runs_at_once_are_read_by_one_loop(service: Service) -> None:
    answering = service.answering(looking, pause=0.5)

    async def last(number: int) -> object:
        live = await asyncio.to_thread(answering.start, asked(f"Who built harbour {number}?"))
        return [event async for event in live.events(30)][-1]

    async def all_of_them() -> list[object]:
        return await asyncio.gather(*(last(number) for number in range(200)))

    assert {type(each) for each in asyncio.run(all_of_them())} == {Answered}
    assert soon(lambda: answering.under_way == 0)
