"""A step that is stopped from another thread ends at once, wherever it waits, and leaves nothing behind."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from docqa.errors import StoppedError
from docqa.llm import TextDelta
from docqa.llm.openai import retrying
from docqa.llm.openai.model import OpenAIModel
from docqa.llm.stopping import Stop, bound
from tests.docqa.llm.openai.conftest import Open
from tests.docqa.llm.openai.steps import ASKED, completed
from tests.docqa.llm.openai.test_faults import resources
from tests.servers.openai import ModelServer, Reply, calls, error, hang, says, trickle

CALL = calls(("search_archive", {"query": "harbour"}), text="I search for it.")
PATIENCE = 30.0


def stopped(model: OpenAIModel, server: ModelServer) -> None:
    """Stop a step as soon as its request has come in."""
    stop, before = Stop(), len(server.requests)

    def end() -> None:
        ends = time.monotonic() + PATIENCE
        while len(server.requests) == before and time.monotonic() < ends:
            time.sleep(0.01)
        time.sleep(0.05)
        stop.set()

    thread = threading.Thread(target=end)
    thread.start()
    try:
        with bound(stop), pytest.raises(StoppedError, match="was stopped"):
            completed(model, seconds=3600)
    finally:
        thread.join()


@pytest.mark.parametrize(
    "reply", [hang(), hang(CALL, 1), hang(CALL, 2), trickle(), trickle(CALL)], ids=["0", "1", "2", "3", "4"]
)
def test_a_silent_server_is_left(server: ModelServer, opened: Open, reply: Reply) -> None:
    server.otherwise = reply
    stopped(opened(llm_silence=3600), server)
    assert server.requests[0].hung_up.wait(PATIENCE)
    assert len(server.requests) == 1


def test_a_pause_before_a_repetition_ends(server: ModelServer, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "MOST_ASKED", 3600)
    server.otherwise = error(429, "later", {"Retry-After": "3000"})
    stopped(opened(), server)
    assert len(server.requests) == 1


def test_a_stop_that_came_before_sends_nothing(server: ModelServer, opened: Open) -> None:
    stop, model = Stop(), opened()
    stop.set()
    with bound(stop), pytest.raises(StoppedError):
        completed(model)
    assert server.requests == []


def test_one_that_waits_for_the_probe_of_another_is_stopped(server: ModelServer, opened: Open) -> None:
    server.otherwise = hang()
    model = opened(llm_calls="auto", llm_silence=3600)
    stop = Stop()
    first = threading.Thread(target=lambda: _quietly(model, stop))
    first.start()
    while not server.requests:
        time.sleep(0.01)
    second = Stop()
    threading.Timer(0.05, second.set).start()
    with bound(second), pytest.raises(StoppedError):
        completed(model, seconds=3600)
    stop.set()
    first.join(PATIENCE)
    assert not first.is_alive()


def _quietly(model: OpenAIModel, stop: Stop) -> None:
    with bound(stop), pytest.raises(StoppedError):
        completed(model, seconds=3600)


def test_a_server_that_does_not_count_any_more_is_left(server: ModelServer, opened: Open) -> None:
    model, stop = opened(), Stop()
    stop.set()
    way = model._counter.way
    with bound(stop), pytest.raises(StoppedError):
        model.count("a text that nobody has counted before")
    assert model._counter.way == way


@contextmanager
def full_host() -> Iterator[int]:
    """A port whose queue of connections is full: whoever connects hears nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as host, ExitStack() as others:
        for _ in range(4):
            other = others.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(host.getsockname())
        yield host.getsockname()[1]


def test_a_host_to_which_no_connection_comes_about_is_left(server: ModelServer, opened: Open) -> None:
    with full_host() as port:
        model = opened(llm_connect_timeout=3600, llm_silence=3600)
        model._client._sdk.base_url = f"http://127.0.0.1:{port}/v1"
        stop = Stop()
        threading.Timer(0.2, stop.set).start()
        with bound(stop), pytest.raises(StoppedError):
            completed(model, seconds=3600)


def test_a_step_after_one_that_was_stopped_is_whole(server: ModelServer, opened: Open) -> None:
    server.script(hang(CALL, 1), CALL)
    model = opened(llm_silence=3600)
    stopped(model, server)
    assert completed(model).calls[0].arguments == {"query": "harbour"}


def test_a_stop_ends_the_steps_of_its_own_run_alone(server: ModelServer, opened: Open) -> None:
    server.otherwise = hang(says("Ada built it."), 2)
    model = opened(llm_silence=3600)
    other = model.complete(ASKED, ())
    assert next(other) == TextDelta("Ada")
    stopped(model, server)
    assert not server.requests[0].hung_up.is_set()
    other.close()  # type: ignore[attr-defined]


def test_stops_leave_neither_threads_nor_sockets(server: ModelServer, opened: Open) -> None:
    model = opened(llm_silence=3600)
    completed_once = resources(model)
    for reply in (hang(), hang(CALL, 2), trickle(CALL)):
        server.script(reply)
        stopped(model, server)
    ends = time.monotonic() + PATIENCE
    while resources(model) > completed_once and time.monotonic() < ends:
        time.sleep(0.05)
    assert resources(model) <= completed_once
