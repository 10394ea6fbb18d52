"""``/v1/memory``: what is remembered of a user is read, changed and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from docqa.api.answers import remembering
from docqa.llm.scripted import ScriptedModel, call
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.api.asking import QUESTION
from tests.servers.api import serving

ADA = "The user is called Ada"
NOTHING = call("answer", text="The documents do not say.", not_found=True)
SAID = 4


@pytest.fixture
def memory(settings: Settings) -> Iterator[httpx.Client]:
    """A client of the memory of this test's own service, in which every question has the same answer."""
    model = ScriptedModel([call("search_archive", query="harbour"), NOTHING] * SAID)
    with serving(settings, model) as base, httpx.Client(base_url=f"{base}/v1", timeout=60) as client:
        yield client


def blocks(memory: httpx.Client) -> dict[str, str]:
    """The text of each block that has any."""
    return {block["name"]: block["text"] for block in memory.get("/memory").json()["blocks"] if block["text"]}


def refused(answer: httpx.Response) -> dict[str, Any]:
    """The error of an answer."""
    assert answer.status_code == 400, answer.text
    error: dict[str, Any] = answer.json()["error"]
    return error


def ask(memory: httpx.Client, question: str = QUESTION, conversation: str = "new") -> str:
    """Ask in a conversation; its id."""
    answer = memory.post("/chat/events", json={"question": question, "conversation": conversation})
    return answer.headers["X-Docqa-Conversation"]


def test_at_first_all_blocks_are_empty(memory: httpx.Client) -> None:
    told = memory.get("/memory").json()
    assert [block["name"] for block in told["blocks"]] == ["user", "library", "task"]
    assert (told["user"], told["tokens"], told["limit"]) == ("default", 0, 600)


def test_a_block_is_replaced(memory: httpx.Client) -> None:
    memory.put("/memory/user", json={"text": "The user likes boats"})
    told = memory.put("/memory/user", json={"text": f" {ADA}\n\n  and writes\n"}).json()
    assert blocks(memory) == {"user": f"{ADA}\nand writes"}
    assert told["tokens"] > 5


def test_lines_of_a_block_go_and_come(memory: httpx.Client) -> None:
    memory.put("/memory/task", json={"text": "One\nTwo\nThree"})
    memory.patch("/memory/task", json={"remove": ["Two"], "add": ["Four", "One"]})
    assert blocks(memory) == {"task": "One\nThree\nFour"}


def test_a_line_that_does_not_stand_there_cannot_go(memory: httpx.Client) -> None:
    memory.put("/memory/task", json={"text": "One"})
    assert refused(memory.patch("/memory/task", json={"remove": ["One", "Two"]}))["param"] == "remove.1"
    assert blocks(memory) == {"task": "One"}


def test_what_exceeds_the_limit_is_refused_and_changes_nothing(memory: httpx.Client) -> None:
    memory.put("/memory/user", json={"text": ADA})
    error = refused(memory.put("/memory/task", json={"text": "word " * 700}))
    assert error["message"].startswith("Core memory would have 7")
    assert "may have 600" in error["message"]
    assert blocks(memory) == {"user": ADA}


def test_without_room_nothing_is_taken(settings: Settings) -> None:
    with serving(settings.model_copy(update={"core_memory_tokens": 0}), ScriptedModel([])) as base:
        error = refused(httpx.put(f"{base}/v1/memory/user", json={"text": ADA}))
    assert "DOCQA_CORE_MEMORY_TOKENS" in error["message"]


def test_a_block_or_all_of_them_are_forgotten(memory: httpx.Client) -> None:
    for name in ("user", "library", "task"):
        memory.put(f"/memory/{name}", json={"text": name})
    memory.delete("/memory/library")
    assert blocks(memory) == {"user": "user", "task": "task"}
    assert memory.delete("/memory").json()["tokens"] == 0
    assert blocks(memory) == {}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_there_are_three_blocks_and_no_others(memory: httpx.Client, method: str) -> None:
    body = {} if method == "DELETE" else {"json": {"text": ADA} if method == "PUT" else {}}
    assert refused(memory.request(method, "/memory/secrets", **body))["param"] == "block"  # type: ignore[arg-type]


def test_the_agent_sees_what_was_written_there(settings: Settings) -> None:
    model = ScriptedModel([call("search_archive", query="harbour"), NOTHING])
    with serving(settings, model) as base, httpx.Client(base_url=f"{base}/v1", timeout=60) as client:
        client.put("/memory/user", json={"text": ADA})
        ask(client)
    assert ADA in model.requests[0].messages[0].content


def test_conversations_are_listed_the_newest_first(memory: httpx.Client) -> None:
    first, second = ask(memory), ask(memory, "What else?")
    page = memory.get("/memory/conversations?limit=1").json()
    assert [(each["id"], each["question"], each["messages"]) for each in page["data"]] == [(second, "What else?", 2)]
    rest = memory.get(f"/memory/conversations?after={page['last_id']}").json()
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == ([first], False)


def test_what_was_said_in_a_conversation_is_read(memory: httpx.Client) -> None:
    id = ask(memory)
    told = memory.get(f"/memory/conversations/{id}").json()
    said = [(each["role"], each["text"]) for each in told["said"]]
    assert said == [("user", QUESTION), ("assistant", "The documents do not say.")]
    assert [each["role"] for each in memory.get(f"/memory/conversations/{id}?messages=1").json()["said"]] == [
        "assistant"
    ]


def test_a_conversation_is_forgotten_and_core_memory_stays(memory: httpx.Client) -> None:
    memory.put("/memory/user", json={"text": ADA})
    gone, stays = ask(memory), ask(memory)
    assert memory.delete(f"/memory/conversations/{gone}").json()["deleted"]
    assert [each["id"] for each in memory.get("/memory/conversations").json()["data"]] == [stays]
    assert memory.get(f"/memory/conversations/{gone}").status_code == 404
    assert blocks(memory) == {"user": ADA}


def test_all_conversations_are_forgotten(memory: httpx.Client) -> None:
    ask(memory), ask(memory)
    assert memory.delete("/memory/conversations").json()["deleted"] == 2
    assert memory.get("/memory/conversations").json()["data"] == []


def test_many_conversations_are_forgotten_some_at_a_time(
    memory: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembering, "AT_ONCE", 1)
    test_all_conversations_are_forgotten(memory)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_conversation_is_not_found(memory: httpx.Client, method: str) -> None:
    answer = memory.request(method, "/memory/conversations/2345-6789")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "There is no conversation '2345-6789'.")


def test_reading_memory_leaves_no_conversation_behind(memory: httpx.Client) -> None:
    memory.get("/memory")
    memory.put("/memory/user", json={"text": ADA})
    assert memory.delete("/memory/conversations").json()["deleted"] == 0


def test_each_user_has_a_memory_and_edits_it_with_any_key(settings: Settings) -> None:
    with open_registry(settings) as registry:
        made = [("ada", ("read", "write")), ("grace", ("read",))]
        secrets = [registry.keys.create("default", user, scopes)[1] for user, scopes in made]
    ada, grace = ({"Authorization": f"Bearer {secret}"} for secret in secrets)
    with serving(settings, ScriptedModel([])) as base, httpx.Client(base_url=f"{base}/v1") as client:
        client.put("/memory/user", json={"text": ADA}, headers=ada)
        seen = [client.get("/memory", headers=who).json()["blocks"][0]["text"] for who in (ada, grace)]
        assert seen == [ADA, ""]
        assert client.put("/memory/user", json={"text": "Grace."}, headers=grace).status_code == 200
        assert client.delete("/memory/conversations", headers=grace).status_code == 200
        assert client.get("/memory", headers=ada).json()["blocks"][0]["text"] == ADA
