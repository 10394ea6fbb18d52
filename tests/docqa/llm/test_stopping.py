"""Ending from another thread what waits."""

from __future__ import annotations

import threading

import pytest

from docqa.errors import StoppedError
from docqa.llm import Completion, Message, TextDelta, ToolSpec
from docqa.llm.scripted import ScriptedModel
from docqa.llm.stopping import Stop, bound, current

FOR_EVER = 3600.0


def soon(stop: Stop) -> None:
    """Let it end from another thread, a moment later."""
    threading.Timer(0.05, stop.set).start()


def test_a_wait_ends_at_once() -> None:
    stop = Stop()
    soon(stop)
    with pytest.raises(StoppedError, match="was stopped"):
        stop.wait(FOR_EVER)


def test_the_first_reason_counts() -> None:
    stop = Stop()
    stop.set("The service ends.")
    stop.set("Its reader has gone.")
    with pytest.raises(StoppedError, match="service ends"):
        stop.check()


def test_what_waits_in_its_own_way_is_told_once() -> None:
    stop, told = Stop(), list[str]()
    with stop.ending(lambda: told.append("first")):
        stop.set()
        stop.set()
    assert told == ["first"]


def test_what_waits_no_more_is_not_told() -> None:
    stop, told = Stop(), list[str]()
    with stop.ending(lambda: told.append("first")):
        pass
    stop.set()
    assert told == []


def test_what_begins_to_wait_afterwards_does_not() -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(StoppedError), stop.ending(lambda: None):
        pytest.fail("it waits")


def test_it_is_bound_to_one_thread() -> None:
    stop, seen = Stop(), list[Stop]()
    with bound(stop):
        other = threading.Thread(target=lambda: seen.append(current()))
        other.start()
        other.join()
        assert current() is stop
    assert seen[0] is current()
    assert not current().is_set


def test_a_scripted_model_that_is_silent_is_stopped() -> None:
    model, stop = ScriptedModel([Completion("One.\nTwo.")], pause=FOR_EVER), Stop()
    soon(stop)
    with bound(stop), pytest.raises(StoppedError):
        list(model.complete([Message("user", "Who?")], [ToolSpec("answer", "Ends.")]))


def test_a_scripted_model_pauses_between_its_lines() -> None:
    model = ScriptedModel([Completion("One.\nTwo.")], pause=0.001)
    written = list(model.complete([Message("user", "Who?")], [ToolSpec("answer", "Ends.")]))
    assert written == [TextDelta("One.\n"), TextDelta("Two."), Completion("One.\nTwo.")]
