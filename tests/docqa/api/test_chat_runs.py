"""``/v1/chat/completions`` with a scripted model: what it is shown, how runs end, and clients that leave."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from openai import APIError, InternalServerError

from docqa.api.http.streaming import HEARTBEAT
from docqa.api.routes import chat
from docqa.errors import ModelError
from docqa.llm import Completion
from docqa.llm.scripted import ScriptedModel
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.api.asking import FOUND, lines, soon, user
from tests.servers.api import client_of, serving

ASKED = {"model": "docqa", "messages": user()}


def failing(messages: object, tools: object) -> Completion:
    """A model whose server is away."""
    raise ModelError("http://10.0.0.1:8000 does not answer.")


def broken(messages: object, tools: object) -> Completion:
    """A model with a mistake in it."""
    raise ZeroDivisionError("secret text of a document")


def states(settings: Settings) -> list[str]:
    """How each run stands, the newest first."""
    with open_registry(settings) as registry:
        return [row.state for row in registry.runs.page(settings.tenant)]


def test_the_model_is_shown_what_was_said_before(settings: Settings) -> None:
    model = ScriptedModel(FOUND)
    said: Any = [
        {"role": "system", "content": "Answer in one word."},
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Good day."},
        *user(),
    ]
    with serving(settings, model) as base, client_of(base) as client:
        client.chat.completions.create(model="docqa", messages=said)
    shown = [(message.role, message.content) for message in model.requests[0].messages]
    assert ("user", "How I want to be answered: Answer in one word.") in shown
    assert shown.index(("user", "Hello.")) < shown.index(("assistant", "Good day."))


def test_an_answer_that_a_limit_ended_says_so(settings: Settings) -> None:
    model = ScriptedModel(lambda messages, tools: Completion("Hm."))
    with serving(settings.model_copy(update={"max_steps": 2}), model) as base, client_of(base) as client:
        answer = client.chat.completions.create(model="docqa", messages=user())
    assert answer.choices[0].finish_reason == "length"


def test_a_model_that_fails_is_an_error_without_its_address(settings: Settings) -> None:
    with (
        serving(settings, ScriptedModel(failing)) as base,
        client_of(base) as client,
        pytest.raises(InternalServerError) as raised,
    ):
        client.chat.completions.create(model="docqa", messages=user())
    assert (raised.value.status_code, raised.value.code) == (502, "model_error")
    assert "10.0.0.1" not in str(raised.value)


@pytest.mark.parametrize(("script", "code"), [(failing, "model_error"), (broken, "server_error")])
def test_what_fails_in_the_middle_of_a_stream_is_an_event_that_ends_it(
    settings: Settings, script: Any, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(settings, ScriptedModel(script)) as base, client_of(base) as client:
        *_, last = lines(base, "/chat/completions", json={**ASKED, "stream": True})
        with pytest.raises(APIError, match=r"failed|unforeseen"):
            list(client.chat.completions.create(model="docqa", messages=user(), stream=True))
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == code
    assert "secret" not in last


def test_a_silent_model_is_bridged_by_comments(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "HEARTBEAT_SECONDS", 0.02)
    with serving(settings, ScriptedModel(FOUND, pause=0.2)) as base:
        first, second, *_ = lines(base, "/chat/completions", json={**ASKED, "stream": True})
    assert '"role":"assistant"' in first
    assert second == HEARTBEAT.strip()


def test_a_client_that_leaves_a_stream_ends_its_run(settings: Settings) -> None:
    with serving(settings, ScriptedModel(FOUND, pause=600)) as base:
        with httpx.stream("POST", f"{base}/v1/chat/completions", json={**ASKED, "stream": True}) as answer:
            said = answer.iter_lines()  # kept here: where it is let go, it ends the connection
            next(said)
            assert states(settings) == ["running"]
        assert soon(lambda: states(settings) == ["cancelled"])


def test_a_client_that_waits_no_longer_ends_its_run(settings: Settings) -> None:
    with serving(settings, ScriptedModel(FOUND, pause=600)) as base:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{base}/v1/chat/completions", json=ASKED, timeout=1)
        assert soon(lambda: states(settings) == ["cancelled"])
