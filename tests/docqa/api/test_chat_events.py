"""``/v1/chat/events``: the agent as it happens."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from docqa.api.answers import following
from docqa.llm import Completion
from docqa.llm.scripted import ScriptedModel, call
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.api.asking import ANSWER, FOUND, NOTE, QUESTION, SEARCH, lines, soon, told
from tests.servers.api import serving

ASKED = {"question": QUESTION}
NOTHING = call("answer", text="The documents do not say.", not_found=True)


def follow(base: str, **given: Any) -> list[tuple[int, str, dict[str, Any]]]:
    """The events of a question."""
    return told(lines(base, "/chat/events", json={**ASKED, **given}))


def test_each_event_comes_with_its_number_and_its_name(settings: Settings) -> None:
    with serving(settings, ScriptedModel(FOUND)) as base:
        events = follow(base)
    assert [id for id, _, _ in events] == list(range(1, len(events) + 1))
    names = [name for _, name, _ in events]
    called = ["step_started", "tool_called", "observed"]
    assert names == ["run_started", *called, *called, "evidence_noted", "step_started", "tool_called", "answered"]
    assert all(data["type"] == name for _, name, data in events)


def test_the_events_say_what_the_agent_searches_reads_and_cites(settings: Settings) -> None:
    with serving(settings, ScriptedModel([Completion("I look.\n", SEARCH.calls), NOTE, ANSWER])) as base:
        said = {name: data for _, name, data in follow(base)}
    assert said["run_started"]["question"] == QUESTION
    assert said["text_written"]["text"] == "I look.\n"
    assert said["tool_called"]["name"] == "answer"
    assert said["evidence_noted"]["evidence"]["citation"]["quote"].startswith("opened in 1911")
    (cited,) = said["answered"]["citations"]
    assert (cited["marker"], cited["filename"], cited["page"]) == (1, "harbours.md", 1)
    assert cited["page_url"].startswith(f"{base}/v1/documents/{cited['document']}/pages/1.png?")


def test_an_error_is_the_last_event(settings: Settings) -> None:
    with serving(settings, ScriptedModel([SEARCH])) as base:
        (*_, (id, name, data)) = follow(base)
    assert (id, name, data["error"]["code"]) == (0, "error", "model_error")


def test_without_a_conversation_nothing_is_remembered(settings: Settings) -> None:
    with serving(settings, ScriptedModel(lambda messages, tools: NOTHING if messages[-2:] else SEARCH)) as base:
        follow(base)
        assert httpx.get(f"{base}/v1/memory/conversations").json()["data"] == []


def test_a_conversation_is_begun_and_gone_on_with(settings: Settings) -> None:
    model = ScriptedModel([SEARCH, NOTE, ANSWER, SEARCH, NOTHING])
    with serving(settings, model) as base:
        first = httpx.post(f"{base}/v1/chat/events", json={**ASKED, "conversation": "new"}, timeout=60)
        id = first.headers["X-Docqa-Conversation"]
        follow(base, question="And who else?", conversation=id)
        (kept,) = httpx.get(f"{base}/v1/memory/conversations").json()["data"]
    assert (kept["id"], kept["question"], kept["messages"]) == (id, QUESTION, 4)
    assert any(QUESTION in message.content for message in model.requests[3].messages)


def test_a_conversation_of_openais_api_is_gone_on_with_under_its_own_id(settings: Settings) -> None:
    with open_registry(settings) as registry:
        mine, hers = (registry.conversations.create("default", user) for user in ("default", "grace"))
    with serving(settings, ScriptedModel(FOUND)) as base:
        follow(base, conversation=mine.id)
        (kept,) = httpx.get(f"{base}/v1/memory/conversations").json()["data"]
        assert httpx.post(f"{base}/v1/chat/events", json={**ASKED, "conversation": hers.id}).status_code == 404
    with open_registry(settings) as registry:
        assert registry.conversations.get("default", mine.id).recall == kept["id"]


@pytest.mark.parametrize("unknown", ["2345-6789", "conv_1", "x" * 200])
def test_an_unknown_conversation_is_not_found(base: str, unknown: str) -> None:
    answer = httpx.post(f"{base}/v1/chat/events", json={**ASKED, "conversation": unknown})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert "docqa chat" not in answer.text


def test_the_run_is_named_in_a_header(base: str) -> None:
    run = httpx.post(f"{base}/v1/chat/events", json=ASKED, timeout=60).headers["X-Docqa-Run"]
    assert httpx.get(f"{base}/v1/runs/{run}").json()["kind"] == "events"


def test_a_silent_model_is_bridged_by_comments(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "HEARTBEAT_SECONDS", 0.02)
    with serving(settings, ScriptedModel(FOUND, pause=0.2)) as base:
        assert ": still at work" in lines(base, "/chat/events", json=ASKED)


def test_a_client_that_leaves_ends_the_run(settings: Settings) -> None:
    with serving(settings, ScriptedModel(FOUND, pause=600)) as base:
        with httpx.stream("POST", f"{base}/v1/chat/events", json=ASKED) as answer:
            said = answer.iter_lines()  # kept here: where it is let go, it ends the connection
            next(said)
            run = answer.headers["X-Docqa-Run"]
        assert soon(lambda: httpx.get(f"{base}/v1/runs/{run}").json()["state"] == "cancelled")
