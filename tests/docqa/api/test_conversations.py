"""``/v1/conversations``: items for clients, remembered by the agent, and forgotten by it where they are deleted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types.conversations import (
    Conversation,
    ConversationDeletedResource,
    ConversationItem,
    ConversationItemList,
)
from pydantic import BaseModel, create_model

from docqa.llm import Completion
from docqa.llm.scripted import ScriptedModel
from docqa.prompts import HOW_TO_ANSWER
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.api.asking import FOUND, QUESTION
from tests.docqa.api.responding import RESULTS, get, post
from tests.docqa.api.strict import strict
from tests.servers.api import client_of, serving
from tests.servers.inprocess import working

ITEM: type[BaseModel] = create_model("Item", item=(ConversationItem, ...))
HELLO: Any = {"role": "user", "content": "We lease in Hamburg."}
REPLY: Any = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Noted."}]}


@pytest.fixture
def model() -> ScriptedModel:
    """A model that plays the same answer again and again."""
    model = ScriptedModel(lambda _messages, _tools: FOUND[(len(model.requests) - 1) % len(FOUND)])
    return model


@pytest.fixture
def scripted(settings: Settings, model: ScriptedModel) -> Iterator[OpenAI]:
    with serving(settings, model) as base, client_of(base) as client:
        yield client


def ask(client: OpenAI, conversation: Any, question: str = QUESTION, **given: Any) -> Any:
    return client.responses.create(model="docqa", input=question, conversation=conversation, **given)


def shown(model: ScriptedModel, question: int) -> list[str]:
    """What the model was shown of the conversation before a question."""
    messages = model.requests[(question - 1) * len(FOUND)].messages
    (asked,) = [place for place, message in enumerate(messages) if message.content.startswith("<question>")]
    return [message.content for message in messages[1:asked]]


def texts(client: OpenAI, conversation: str) -> list[str]:
    """The items of a conversation, the first one first: texts of messages, queries of searches."""
    items: list[Any] = list(client.conversations.items.list(conversation, order="asc", limit=2))
    return [item.content[0].text if item.type == "message" else item.queries[0] for item in items]


def test_every_answer_is_as_openai_publishes_it(base: str) -> None:
    made = post(base, "/conversations", items=[HELLO, REPLY], metadata={"topic": "leases"}).json()
    path = f"/conversations/{made['id']}"
    assert strict(Conversation, made) == strict(Conversation, get(base, path).json())
    added = strict(ConversationItemList, post(base, f"{path}/items", items=[HELLO]).json())
    listed = strict(ConversationItemList, get(base, f"{path}/items").json())
    assert (listed.first_id, listed.has_more, len(listed.data)) == (added.first_id, False, 3)
    item = get(base, f"{path}/items/{added.first_id}").json()
    assert strict(ITEM, {"item": item}).item.content[0].text == HELLO["content"]  # type: ignore[attr-defined]


def test_a_conversation_is_changed_and_deleted(client: OpenAI) -> None:
    made = client.conversations.create(metadata={"topic": "leases"})
    changed = client.conversations.update(made.id, metadata={"topic": "ships"})
    assert (made.metadata, changed.metadata) == ({"topic": "leases"}, {"topic": "ships"})
    assert client.conversations.retrieve(made.id) == changed
    gone = ConversationDeletedResource(id=made.id, deleted=True, object="conversation.deleted")
    assert client.conversations.delete(made.id) == gone
    with pytest.raises(NotFoundError, match=made.id):
        client.conversations.retrieve(made.id)


def test_what_a_response_was_asked_and_said_becomes_items(client: OpenAI) -> None:
    conversation = client.conversations.create(items=[HELLO]).id
    for named in (conversation, {"id": conversation}):
        assert ask(client, named).conversation.id == conversation
    answered = [QUESTION, QUESTION, "The harbour of Ostervik was opened in 1911 by the builder Norda Shipyard. [1]"]
    assert texts(client, conversation) == [HELLO["content"], *answered, *answered]


def test_results_are_kept_where_they_were_included(base: str, client: OpenAI) -> None:
    conversation = client.conversations.create().id
    ask(client, conversation, include=RESULTS)
    page = strict(ConversationItemList, get(base, f"/conversations/{conversation}/items", order="asc").json())
    assert page.data[1].results[0].filename == "harbours.md"  # type: ignore[union-attr, index]


def test_the_agent_remembers_a_conversation(scripted: OpenAI, model: ScriptedModel) -> None:
    conversation = scripted.conversations.create(items=[HELLO, REPLY]).id
    ask(scripted, conversation, "First?")
    scripted.conversations.items.create(conversation, items=[{"role": "user", "content": "And in Bremen."}])
    ask(scripted, conversation, "Second?")
    before = [HELLO["content"], "Noted."]
    assert shown(model, 1) == before
    first, *rest = shown(model, 2)[len(before) :]
    assert (first, rest[-1]) == ("First?", "And in Bremen.")
    assert rest[0].startswith("Norda Shipyard.")


def test_the_same_instructions_are_told_once(scripted: OpenAI, model: ScriptedModel) -> None:
    conversation = scripted.conversations.create().id
    for question in ("First?", "Second?"):
        ask(scripted, conversation, question, instructions="Be short.")
    assert shown(model, 2).count(f"{HOW_TO_ANSWER}Be short.") == 1


def test_a_deleted_item_is_forgotten(scripted: OpenAI, model: ScriptedModel) -> None:
    conversation = scripted.conversations.create(items=[HELLO, REPLY])
    first, *_ = scripted.conversations.items.list(conversation.id, order="asc")
    assert scripted.conversations.items.delete(str(first.id), conversation_id=conversation.id) == conversation
    ask(scripted, conversation.id)
    assert shown(model, 1) == ["Noted."]
    with pytest.raises(NotFoundError):
        scripted.conversations.items.retrieve(str(first.id), conversation_id=conversation.id)


def test_items_deleted_at_once_leave_what_else_was_said(scripted: OpenAI, model: ScriptedModel) -> None:
    given: Any = [{"role": "user", "content": f"We lease in {n}."} for n in range(12)]
    conversation = scripted.conversations.create(items=given).id
    ids = [str(item.id) for item in scripted.conversations.items.list(conversation, order="asc")]
    with ThreadPoolExecutor(8) as pool:
        deleted = [pool.submit(scripted.conversations.items.delete, id, conversation_id=conversation) for id in ids[1:]]
        scripted.conversations.items.create(conversation, items=[REPLY])
        assert all(each.result().id == conversation for each in deleted)
    (kept,) = httpx.get(f"{scripted.base_url}memory/conversations").json()["data"]
    assert kept["messages"] == 2
    ask(scripted, conversation)
    assert shown(model, 1) == ["We lease in 0.", "Noted."]


def test_an_answer_that_is_deleted_is_forgotten_and_what_was_said_elsewhere_stays(scripted: OpenAI) -> None:
    conversation = scripted.conversations.create().id
    ask(scripted, conversation, "First?")
    httpx.post(f"{scripted.base_url}chat/events", json={"question": "Second?", "conversation": conversation})
    newest, *_ = scripted.conversations.items.list(conversation)
    scripted.conversations.items.delete(str(newest.id), conversation_id=conversation)
    (kept,) = httpx.get(f"{scripted.base_url}memory/conversations").json()["data"]
    said = httpx.get(f"{scripted.base_url}memory/conversations/{kept['id']}").json()["said"]
    assert sorted(each["text"].split()[0] for each in said) == ["First?", "Norda", "Second?"]


@pytest.mark.parametrize(("path", "stream"), [("responses", False), ("responses", True), ("chat/events", False)])
def test_a_conversation_deleted_during_an_answer_is_told_by_its_own_id(
    settings: Settings, path: str, stream: bool
) -> None:
    known: list[tuple[OpenAI, str]] = []

    def deleting(_messages: Any, _tools: Any) -> Completion:
        known[0][0].conversations.delete(known[0][1])
        known[:] = []
        return FOUND[0]

    model = ScriptedModel(lambda *given: deleting(*given) if known else FOUND[1])
    with serving(settings, model) as base, client_of(base) as client:
        known.append((client, conversation := client.conversations.create(items=[HELLO]).id))
        asked = {"question": QUESTION} if path == "chat/events" else {"model": "docqa", "input": QUESTION}
        flag = {"stream": True} if stream else {}
        told = httpx.post(f"{base}/v1/{path}", json={**asked, **flag, "conversation": conversation}).text
    assert f"There is no conversation '{conversation}'." in told
    assert "docqa chat" not in told


def test_a_deleted_conversation_is_forgotten(settings: Settings, scripted: OpenAI, model: ScriptedModel) -> None:
    conversation = scripted.conversations.create(items=[HELLO]).id
    scripted.conversations.delete(conversation)
    with pytest.raises(NotFoundError, match=conversation) as raised:
        ask(scripted, conversation)
    assert raised.value.param == "conversation"
    kept = scripted.get("/memory/conversations", cast_to=object)
    assert kept["data"] == []  # type: ignore[index]


def test_a_conversation_that_the_agent_was_made_to_forget_is_gone_with_its_items(scripted: OpenAI) -> None:
    conversation = scripted.conversations.create(items=[HELLO]).id
    scripted.delete("/memory/conversations", cast_to=object)
    for read in (scripted.conversations.retrieve, scripted.conversations.items.list):
        with pytest.raises(NotFoundError, match=conversation):
            read(conversation)


def test_a_conversation_is_its_users_alone(settings: Settings, model: ScriptedModel) -> None:
    with open_registry(settings) as registry:
        keys = [registry.keys.create("default", user, ("read", "write"))[1] for user in ("ada", "bob")]
    with serving(settings, model) as base, client_of(base, keys[0]) as ada, client_of(base, keys[1]) as bob:
        conversation = ada.conversations.create(items=[HELLO]).id
        item = ada.conversations.items.list(conversation).first_id  # type: ignore[attr-defined]
        attempts = [
            lambda: bob.conversations.retrieve(conversation),
            lambda: bob.conversations.update(conversation, metadata={}),
            lambda: bob.conversations.delete(conversation),
            lambda: bob.conversations.items.list(conversation),
            lambda: bob.conversations.items.create(conversation, items=[HELLO]),
            lambda: bob.conversations.items.retrieve(item, conversation_id=conversation),
            lambda: bob.conversations.items.delete(item, conversation_id=conversation),
            lambda: ask(bob, conversation),
        ]
        for attempt in attempts:
            with pytest.raises(NotFoundError, match="There is no conversation"):
                attempt()
        assert texts(ada, conversation) == [HELLO["content"]]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"items": [{"role": "user", "content": [{"type": "input_image"}]}]}, "items.0.content.0.input_image"),
        ({"items": [{"role": "user"}]}, "items.0.content"),
        ({"items": [{"role": "assistant", "content": [{"type": "output_text"}]}]}, "items.0.content.0.text"),
        ({"items": [{"type": "file_search_call"}]}, "items.0"),
        ({"metadata": {"k" * 65: "v"}}, None),
        ({"metadata": {f"k{n}": "v" for n in range(17)}}, "metadata"),
    ],
)
def test_what_is_wrong_in_a_new_conversation_is_named(client: OpenAI, given: Any, param: str | None) -> None:
    with pytest.raises(BadRequestError) as raised:
        client.conversations.create(**given)
    assert raised.value.param == param or param is None


def test_a_deleted_file_that_is_cited_in_an_old_conversation_breaks_nothing(settings: Settings) -> None:
    with working(settings), serving(settings) as base, client_of(base) as client:
        store = client.vector_stores.create(name="ships").id
        file = client.files.create(file=("ship.txt", b"The ship is called Ostrea."), purpose="assistants")
        client.vector_stores.files.create_and_poll(file.id, vector_store_id=store)
        conversation = client.conversations.create().id
        asked: Any = {"model": "ships", "input": "How is the ship called?", "conversation": conversation}
        client.responses.create(**asked)
        client.files.delete(file.id)
        client.vector_stores.delete(store)
        page = strict(ConversationItemList, get(base, f"/conversations/{conversation}/items").json())
        assert page.data[0].content[0].annotations[0].file_id == file.id  # type: ignore[union-attr]
        again = client.responses.create(**{**asked, "model": "docqa", "input": "And who built it?"})
        assert again.status in ("completed", "incomplete")
