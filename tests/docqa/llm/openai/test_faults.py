"""Whatever the server does, a step ends with a completion or with one clear error, and nothing is left open."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import threading
import time
from email.utils import formatdate

import pytest

from docqa.errors import ModelError, ModelTimeout
from docqa.llm import Message, TextDelta
from docqa.llm.openai.model import OpenAIModel
from docqa.llm.openai.retrying import MOST_ASKED, asked_pause, pause
from docqa.settings import Settings
from tests.docqa.llm.openai.conftest import Open
from tests.docqa.llm.openai.steps import ASKED, TOOLS, completed, step
from tests.servers.openai import DROP, ModelServer, Reply, calls, cut, deltas, error, hang, says, trickle

CALL = calls(("search_archive", {"query": "harbour"}), text="I search for it.")
PASSING = {
    "429": error(429, "slow down", {"Retry-After": "0"}),
    "500": error(500),
    "503": error(503, "overloaded", {"Retry-After": "soon"}),
    "408": error(408),
    "broken at the beginning": cut(CALL, 0),
    "broken in the head": Reply(early=[DROP]),
    "broken in text": cut(CALL, 1),
    "broken in a call": cut(CALL, 2),
    "ends in the middle": Reply(CALL.pieces[:2]),
    "an empty stream": Reply(),
    "a broken piece": Reply([b"data: {no json\n\n"]),
    "an error in the stream": Reply(
        [*CALL.pieces[:2], b'data: {"error": {"message": "out of memory", "code": 500}}\n\n']
    ),
    "an old error in the stream": Reply([b'error: {"error": {"message": "slot gone"}}\n\n']),
    "silent before": hang(),
    "silent in the middle": hang(CALL, 2),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_passes_is_only_a_delay(server: ModelServer, opened: Open, fault: Reply) -> None:
    server.script(fault, CALL)
    assert completed(opened(llm_silence=0.3)).calls[0].arguments == {"query": "harbour"}
    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_stays_is_one_error(server: ModelServer, opened: Open, fault: Reply) -> None:
    server.otherwise = fault
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:\d+/v1.*tried 3 times \(DOCQA_LLM_RETRIES\)"):
        completed(opened(llm_silence=0.2, llm_retries=2))
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (error(401, "bad key sk-1"), "DOCQA_LLM_API_KEY"),
        (error(403), "DOCQA_LLM_API_KEY"),
        (error(404, "model 'm' not found"), "DOCQA_LLM_MODEL"),
        (error(429, "You exceeded your current quota", code="insufficient_quota"), "used up"),
        (Reply([b"<html>Welcome</html>"], kind="text/html"), "DOCQA_LLM_BASE_URL"),
    ],
)
def test_a_fault_that_cannot_pass_is_not_repeated(server: ModelServer, opened: Open, fault: Reply, said: str) -> None:
    server.otherwise = fault
    with pytest.raises(ModelError, match=said) as told:
        completed(opened(llm_api_key="sk-1"))
    assert "sk-1" not in str(told.value)
    assert len(server.requests) == 1


def test_text_that_was_shown_is_not_shown_again(server: ModelServer, opened: Open) -> None:
    server.script(cut(says("Ada built it."), 2), says("Bea built it."))
    shown, completion = step(opened(), ())
    assert shown == "Ada buil"
    assert completion.text == "Bea built it."


def test_a_stream_without_its_mark_is_whole_where_it_has_a_reason(server: ModelServer, opened: Open) -> None:
    server.script(deltas({"content": "Hello."}, done=False))
    assert completed(opened(), ()).text == "Hello."


@pytest.mark.parametrize("fault", [hang(), hang(CALL, 2), trickle(), trickle(CALL)], ids=["0", "1", "2", "3"])
def test_seconds_end_a_step_that_would_not_end(server: ModelServer, opened: Open, fault: Reply) -> None:
    server.otherwise = fault
    began = time.monotonic()
    with pytest.raises(ModelTimeout, match=r"within the 0\.4 seconds"):
        completed(opened(), seconds=0.4)
    assert time.monotonic() - began < 10


def test_seconds_count_over_all_repetitions(server: ModelServer, opened: Open) -> None:
    server.otherwise = error(503, "busy", {"Retry-After": "0.2"})
    with pytest.raises(ModelTimeout, match="503: busy"):
        completed(opened(llm_retries=20), seconds=0.5)
    assert 2 <= len(server.requests) <= 4


def test_a_server_that_asks_for_more_than_is_left_is_not_waited_for(server: ModelServer, opened: Open) -> None:
    server.otherwise = error(429, "later", {"Retry-After": "60"})
    began = time.monotonic()
    with pytest.raises(ModelTimeout, match="429: later"):
        completed(opened(), seconds=30)
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("1.5", 1.5), ("-3", 0), ("", None), ("soon", None), ("nan", None), (formatdate(0), 0)],
)
def test_what_a_server_asks_to_wait_is_understood(value: str, seconds: float | None) -> None:
    assert asked_pause({"retry-after": value}) == seconds


def test_a_date_to_wait_for_is_understood() -> None:
    asked = asked_pause({"retry-after": formatdate(time.time() + 100, usegmt=True)})
    assert asked is not None
    assert 80 < asked < 101


def test_pauses_grow_and_are_bounded() -> None:
    assert pause(3, None) > pause(0, None)
    assert pause(60, None) < 60
    assert pause(0, 1e9) == MOST_ASKED


def test_closing_a_step_ends_its_request_at_once(server: ModelServer, opened: Open) -> None:
    server.otherwise = hang(says("Ada built it."), 2)
    stream = opened().complete(ASKED, ())
    assert next(stream) == TextDelta("Ada")
    stream.close()  # type: ignore[attr-defined]
    assert server.requests[0].hung_up.wait(10)


def test_an_error_of_the_caller_ends_the_request_too(server: ModelServer, opened: Open) -> None:
    server.otherwise = hang(says("Ada built it."), 2)
    stream = opened().complete(ASKED, ())
    next(stream)
    with pytest.raises(KeyboardInterrupt):
        stream.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert server.requests[0].hung_up.wait(10)


def test_a_server_that_goes_away_is_told(opened: Open) -> None:
    with ModelServer() as gone:
        model = opened(llm_base_url=gone.url, llm_retries=1)
    with pytest.raises(ModelError, match=r"No server answers at .*DOCQA_LLM_BASE_URL.*tried 2 times"):
        completed(model)


def test_a_host_that_takes_connections_and_never_answers_is_silent(opened: Open) -> None:
    with ModelServer() as answering, socket.create_server(("127.0.0.1", 0)) as mute:
        model = opened(llm_base_url=answering.url)
        model._client._sdk.base_url = f"http://127.0.0.1:{mute.getsockname()[1]}/v1"
        with pytest.raises(ModelTimeout, match="silent"):
            completed(model, seconds=0.3)


def test_faults_leave_neither_threads_nor_sockets(server: ModelServer, opened: Open) -> None:
    model = opened(llm_silence=0.2, llm_retries=0)
    before = resources(model)
    for fault in [*PASSING.values(), hang(), trickle(), error(401), error(404), CALL]:
        server.script(fault)
        with contextlib.suppress(ModelError):
            completed(model, seconds=0.5)
    end = time.monotonic() + 20
    while resources(model) > before and time.monotonic() < end:
        time.sleep(0.05)
    assert resources(model) <= before


def resources(model: OpenAIModel) -> int:
    """Open files and threads of this process, without connections that wait for further requests."""
    gc.collect()
    model._client._sdk._client._transport._pool.close()  # type: ignore[attr-defined]
    return len(os.listdir("/proc/self/fd")) + threading.active_count()


def test_steps_side_by_side_do_not_disturb_each_other(server: ModelServer, opened: Open) -> None:
    server.otherwise = lambda body: calls(("answer", {"text": body["messages"][-1]["content"]}))
    model, answers = opened(), {}

    def run(number: int) -> None:
        *_, last = model.complete([Message("user", f"q{number}")], TOOLS, seconds=30)
        answers[number] = last.calls[0].arguments["text"]  # type: ignore[union-attr]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"q{number}" for number in range(8)}


def test_a_closed_model_holds_no_connection(server: ModelServer, tmp_path: object) -> None:
    model = OpenAIModel(Settings(llm="openai", llm_base_url=server.url, llm_calls="native"))
    completed(model)
    model.close()
    assert model._client._sdk.is_closed()


def test_lone_surrogates_do_not_stop_a_request(server: ModelServer, opened: Open) -> None:
    *_, _last = opened().complete([Message("user", "a\ud800b")], ())
    assert server.bodies[0]["messages"][0]["content"] == "a?b"
