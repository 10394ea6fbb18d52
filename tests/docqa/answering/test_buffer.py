"""What stands between a run and its reader."""

from __future__ import annotations

import threading

import pytest

from docqa.answering.buffer import MOST, Buffer, Ended
from docqa.errors import ModelError, StoppedError
from docqa.events import TextWritten
from docqa.llm.stopping import Stop

FOR_EVER = 3600.0


def filled(count: int, stop: Stop | None = None, patience: float = FOR_EVER) -> Buffer:
    buffer = Buffer(stop or Stop(), patience)
    for number in range(count):
        buffer.put(TextWritten(str(number)))
    return buffer


def test_events_are_taken_in_their_order() -> None:
    buffer = filled(3)
    assert [buffer.take() for _ in range(4)] == [*(TextWritten(str(number)) for number in range(3)), None]


def test_an_error_comes_after_the_events_before_it() -> None:
    buffer = filled(1)
    buffer.finish(ModelError("away"))
    buffer.finish()
    assert buffer.take() == TextWritten("0")
    for _ in range(2):
        with pytest.raises(ModelError, match="away"):
            buffer.take()


def test_whoever_has_left_gets_nothing() -> None:
    buffer = filled(2)
    buffer.leave()
    with pytest.raises(Ended):
        buffer.take()
    assert buffer.is_over


def test_a_full_buffer_takes_one_more_when_one_was_read() -> None:
    buffer = filled(MOST)
    writer = threading.Thread(target=buffer.put, args=(TextWritten("last"),))
    writer.start()
    assert buffer.take() == TextWritten("0")
    writer.join(30)
    assert [buffer.take() for _ in range(MOST)][-1] == TextWritten("last")


def test_a_full_buffer_is_not_waited_for_where_the_run_is_to_end() -> None:
    stop = Stop()
    buffer = filled(MOST, stop)
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(StoppedError):
        buffer.put(TextWritten("last"))


def test_a_reader_is_told_that_something_came() -> None:
    buffer, told = filled(0), list[str]()
    with buffer.listening(lambda: told.append("something")):
        buffer.put(TextWritten("0"))
        buffer.finish()
    buffer.finish()
    assert told == ["something"] * 2
