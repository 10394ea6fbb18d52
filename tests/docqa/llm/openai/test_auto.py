"""How a model calls functions is found out once, remembered, and corrected where it fails."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from docqa.errors import ModelError, ModelTimeout
from tests.docqa.llm.openai.conftest import Open
from tests.docqa.llm.openai.steps import completed
from tests.servers.openai import ModelServer, Reply, calls, deltas, error, hang, says, usage

RIGHT = calls(("look_up", {"word": "otter"}), used=usage(300))
OBJECT = says('{"thought": "", "call": {"function": "answer", "text": "x"}}')
LOOKED_UP = says('{"thought": "", "call": {"function": "look_up", "word": "otter"}}')
NATIVE = calls(("answer", {"text": "x"}))
TEXT = says("I would answer.")


def asked(body: dict[str, Any]) -> str:
    return "native" if "tools" in body else "schema" if "response_format" in body else "text"


def test_a_model_that_calls_natively_is_called_so(server: ModelServer, opened: Open) -> None:
    server.script(RIGHT, NATIVE)
    model = opened(llm_calls="auto")
    assert completed(model).calls[0].name == "answer"
    assert (model.mode, [asked(body) for body in server.bodies]) == ("native", ["native", "native"])


def test_the_probe_holds_a_call_with_its_result(server: ModelServer, opened: Open) -> None:
    server.script(RIGHT, NATIVE)
    completed(opened(llm_calls="auto"))
    assert [message["role"] for message in server.bodies[0]["messages"]] == ["system", "user", "assistant", "tool"]
    assert len(server.bodies[0]["tools"]) == 2


@pytest.mark.parametrize(
    "answer",
    [
        TEXT,
        says('<tool_call>{"name": "look_up", "arguments": {"word": "otter"}}</tool_call>'),
        calls(("look_up", {"word": "heron"})),
        calls(("finish", {"sentence": "Both."})),
        error(400, "tools are not supported"),
        error(500, "tools param requires --jinja flag"),
        error(404, "No endpoints found that support tool use"),
        deltas({"content": ""}, used=usage(300, 5)),
    ],
)
def test_a_model_that_fails_natively_is_called_by_schema(server: ModelServer, opened: Open, answer: Reply) -> None:
    server.refuse("tools", when=lambda _: False)
    server.otherwise = lambda body: answer if "tools" in body else LOOKED_UP if "look_up" in str(body) else OBJECT
    model = opened(llm_calls="auto")
    assert completed(model).calls[0].name == "answer"
    assert model.mode == "schema"


def test_a_model_that_follows_no_schema_is_called_by_text(server: ModelServer, opened: Open) -> None:
    server.otherwise = TEXT
    model = opened(llm_calls="auto")
    completed(model)
    assert (model.mode, [asked(body) for body in server.bodies]) == ("text", ["native", "schema", "text"])


def test_the_way_is_remembered_by_the_next_process(server: ModelServer, opened: Open) -> None:
    server.script(TEXT, LOOKED_UP, OBJECT, OBJECT)
    completed(opened(llm_calls="auto"))
    again = opened(llm_calls="auto")
    assert again.mode == "schema"
    assert completed(again).calls[0].name == "answer"
    assert len(server.requests) == 4


def test_it_is_remembered_by_server_and_model(server: ModelServer, opened: Open) -> None:
    server.models = ["m", "n"]
    server.script(RIGHT, NATIVE)
    completed(opened(llm_calls="auto", llm_model="m"))
    assert opened(llm_calls="auto", llm_model="n").mode == ""


def test_a_way_that_is_set_is_not_probed_and_not_changed(server: ModelServer, opened: Open) -> None:
    server.otherwise = TEXT
    model = opened(llm_calls="native")
    for _ in range(4):
        completed(model)
    assert (model.mode, {asked(body) for body in server.bodies}) == ("native", {"native"})


def test_two_steps_without_a_call_lead_a_way_down(server: ModelServer, opened: Open) -> None:
    server.script(RIGHT, *[TEXT] * 4)
    model = opened(llm_calls="auto")
    modes = [model.mode for _ in range(4) if completed(model)]
    assert modes == ["native", "schema", "schema", "text"]
    assert opened(llm_calls="auto").mode == "text"


def test_one_step_without_a_call_changes_nothing(server: ModelServer, opened: Open) -> None:
    server.script(RIGHT, TEXT, NATIVE, TEXT, NATIVE)
    model = opened(llm_calls="auto")
    for _ in range(4):
        completed(model)
    assert model.mode == "native"


def test_steps_that_were_cut_off_or_filtered_are_not_the_models_fault(server: ModelServer, opened: Open) -> None:
    server.script(RIGHT, says("I", finish="length"), says("I", finish="content_filter"), NATIVE)
    model = opened(llm_calls="auto")
    for _ in range(3):
        completed(model)
    assert model.mode == "native"


def test_a_server_that_refuses_functions_later_is_called_by_schema(server: ModelServer, opened: Open) -> None:
    server.script(RIGHT, error(400, "tools are not supported"), error(400, "tools"), error(400, "tools"))
    server.otherwise = OBJECT
    model = opened(llm_calls="auto")
    assert completed(model).calls[0].name == "answer"
    assert model.mode == "schema"


def test_a_refusal_that_no_way_helps_against_changes_nothing(server: ModelServer, opened: Open) -> None:
    server.script(RIGHT)
    server.otherwise = error(400, "the moon is wrong")
    model = opened(llm_calls="auto")
    with pytest.raises(ModelError, match="moon"):
        completed(model)
    assert model.mode == "native"


def test_text_is_written_without_finding_out(server: ModelServer, opened: Open) -> None:
    assert completed(opened(llm_calls="auto"), ()).text == "Hello."
    assert len(server.requests) == 1


def test_a_fault_of_the_server_while_finding_out_decides_nothing(server: ModelServer, opened: Open) -> None:
    server.otherwise = error(503)
    model = opened(llm_calls="auto", llm_retries=0)
    with pytest.raises(ModelError):
        completed(model)
    server.otherwise = hang()
    with pytest.raises(ModelTimeout):
        completed(model, seconds=0.3)
    server.otherwise = lambda body: RIGHT if "look_up" in str(body["tools"]) else NATIVE
    assert completed(model).calls[0].name == "answer"
    assert model.mode == "native"


def test_several_runs_find_out_once(server: ModelServer, opened: Open) -> None:
    server.otherwise = lambda body: RIGHT if "look_up" in str(body["tools"]) else NATIVE
    model = opened(llm_calls="auto")
    threads = [threading.Thread(target=completed, args=(model,), kwargs={"seconds": 30}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 5


def test_finding_out_corrects_the_counts(server: ModelServer, opened: Open) -> None:
    server.otherwise = lambda body: calls(("look_up", {"word": "otter"}), used=usage(2000))
    model = opened(llm_calls="auto")
    before = model.count("word " * 50)
    completed(model)
    assert model.count("word " * 50) > 2 * before


def test_the_memory_is_a_small_readable_file(server: ModelServer, opened: Open) -> None:
    server.script(TEXT, LOOKED_UP, OBJECT)
    model = opened(llm_calls="auto")
    completed(model)
    found = json.loads((model._settings.root / "models.json").read_text())
    assert found[f"{server.url} m"]["calls"] == "schema"
