"""What the model is given for a response: the conversation before it, instructions, and documents within its scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types.responses.response import IncompleteDetails

from docqa.llm.scripted import ScriptedModel, call
from docqa.prompts import HOW_TO_ANSWER
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.api.asking import FOUND, QUESTION, SEARCH
from tests.docqa.api.responding import RESULTS
from tests.servers.api import client_of, serving
from tests.servers.inprocess import working

NOTHING = call("answer", text="The documents do not say.", not_found=True)
SAID = "Norda Shipyard.\n(Sources: harbours.md)"


@pytest.fixture
def model() -> ScriptedModel:
    """A model that plays the same answer again and again."""
    model = ScriptedModel(lambda _messages, _tools: FOUND[(len(model.requests) - 1) % len(FOUND)])
    return model


@pytest.fixture
def client(settings: Settings, model: ScriptedModel) -> Iterator[OpenAI]:
    with serving(settings, model) as base, client_of(base) as client:
        yield client


def before(model: ScriptedModel, number: int) -> list[tuple[str, str]]:
    """What the model was shown of the conversation before a question: roles and texts."""
    messages = model.requests[(number - 1) * len(FOUND)].messages
    (asked,) = [place for place, message in enumerate(messages) if message.content.startswith("<question>")]
    return [(message.role, message.content) for message in messages[1:asked]]


def test_messages_before_the_question_and_instructions_are_words_of_the_conversation(
    client: OpenAI, model: ScriptedModel
) -> None:
    said: Any = [
        {"role": "developer", "content": "Use metres."},
        {"role": "user", "content": [{"type": "input_text", "text": "Hello."}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes?"}]},
        {"role": "user", "content": QUESTION},
    ]
    client.responses.create(model="docqa", input=said, instructions="Be short.")
    rules = [("user", f"{HOW_TO_ANSWER}{rule}") for rule in ("Be short.", "Use metres.")]
    assert before(model, 1) == [*rules, ("user", "Hello."), ("assistant", "Yes?")]


def test_a_response_goes_on_from_the_ones_before_it_without_their_instructions(
    client: OpenAI, model: ScriptedModel
) -> None:
    previous = None
    for question in ("First?", "Second?", "Third?"):
        asked: Any = {"input": question, "previous_response_id": previous, "instructions": f"For {question}"}
        previous = client.responses.create(model="docqa", **asked).id
    rule = ("user", f"{HOW_TO_ANSWER}For Third?")
    said = [("user", "First?"), ("assistant", SAID), ("user", "Second?"), ("assistant", SAID)]
    assert before(model, 3) == [rule, *said]


def test_the_output_of_a_response_can_be_sent_back_as_it_is(client: OpenAI, model: ScriptedModel) -> None:
    first = client.responses.create(model="docqa", input="First?", store=False)
    again: Any = [{"role": "user", "content": "First?"}, *first.output, {"role": "user", "content": "Second?"}]
    client.responses.create(model="docqa", input=again)
    assert before(model, 2) == [("user", "First?"), ("assistant", SAID)]


def test_a_chain_goes_back_to_where_a_response_was_deleted(client: OpenAI, model: ScriptedModel) -> None:
    first = client.responses.create(model="docqa", input="First?")
    second = client.responses.create(model="docqa", input="Second?", previous_response_id=first.id)
    client.responses.delete(first.id)
    client.responses.create(model="docqa", input="Third?", previous_response_id=second.id)
    assert before(model, 3) == [("user", "Second?"), ("assistant", SAID)]


def test_a_previous_response_that_is_not_there_is_not_found(client: OpenAI) -> None:
    with pytest.raises(NotFoundError, match="resp_nowhere") as raised:
        client.responses.create(model="docqa", input=QUESTION, previous_response_id="resp_nowhere")
    assert raised.value.param == "previous_response_id"


def test_a_response_is_its_users_alone(settings: Settings, model: ScriptedModel) -> None:
    with open_registry(settings) as registry:
        keys = [registry.keys.create("default", user, ("read", "write"))[1] for user in ("ada", "bob")]
    with serving(settings, model) as base, client_of(base, keys[0]) as ada, client_of(base, keys[1]) as bob:
        response = ada.responses.create(model="docqa", input=QUESTION)
        assert ada.responses.retrieve(response.id) == response
        for attempt in (
            bob.responses.retrieve,
            bob.responses.cancel,
            bob.responses.delete,
            bob.responses.input_items.list,
        ):
            with pytest.raises(NotFoundError, match="There is no response"):
                attempt(response.id)
        with pytest.raises(NotFoundError):
            bob.responses.create(model="docqa", input=QUESTION, previous_response_id=response.id)


def test_as_many_searches_as_are_allowed_and_then_an_answer(settings: Settings) -> None:
    model = ScriptedModel(lambda _messages, _tools: NOTHING if model.requests[-1].only == ("answer",) else SEARCH)
    with serving(settings, model) as base, client_of(base) as client:
        response = client.responses.create(model="docqa", input=QUESTION, max_tool_calls=1)
        assert [item.type for item in response.output] == ["file_search_call", "message"]
        assert response.max_tool_calls == 1


def test_an_answer_that_a_limit_ended_is_incomplete(settings: Settings) -> None:
    limited = settings.model_copy(update={"max_steps": 3})
    with serving(limited, ScriptedModel(lambda _messages, _tools: SEARCH)) as base, client_of(base) as client:
        response = client.responses.create(model="docqa", input=QUESTION)
    assert response.status == "incomplete"
    assert response.incomplete_details == IncompleteDetails(reason="max_output_tokens")
    assert response.output[-1].status == "incomplete"  # type: ignore[union-attr]
    assert [item.status for item in response.output[:2]] == ["completed", "failed"]  # type: ignore[union-attr]


def test_a_filter_leaves_the_files_whose_attributes_fit(settings: Settings) -> None:
    with working(settings), serving(settings) as base, client_of(base) as client:
        store = client.vector_stores.create(name="ships").id
        for year in (1990, 2020):
            text = f"The ship of {year} is called Ostrea {year}.".encode()
            file = client.files.create(file=(f"{year}.txt", text), purpose="assistants")
            client.vector_stores.files.create_and_poll(file.id, vector_store_id=store, attributes={"year": year})
        tool: Any = {"type": "file_search", "vector_store_ids": [store]}
        tool["filters"] = {"type": "gt", "key": "year", "value": 2000}
        found = client.responses.create(model="docqa", input="How is the ship called?", tools=[tool], include=RESULTS)
        results = [result for item in found.output if item.type == "file_search_call" for result in item.results or []]
        assert {(result.filename, (result.attributes or {})["year"]) for result in results} == {("2020.txt", 2020)}
        assert "Ostrea 2020" in found.output_text
        tool["filters"] = {"type": "eq", "key": "year", "value": 1066}
        with_none = client.responses.create(
            model="docqa", input="How is the ship called?", tools=[tool], include=RESULTS
        )
        assert not [item for item in with_none.output if item.type == "file_search_call" and item.results]


def test_a_response_that_cites_a_deleted_file_can_be_read_and_gone_on_from(settings: Settings) -> None:
    with working(settings), serving(settings) as base, client_of(base) as client:
        store = client.vector_stores.create(name="ships").id
        file = client.files.create(file=("ship.txt", b"The ship is called Ostrea."), purpose="assistants")
        client.vector_stores.files.create_and_poll(file.id, vector_store_id=store)
        asked: Any = {"model": "ships", "input": "How is the ship called?"}
        response = client.responses.create(**asked)
        assert response.output[-1].content[0].annotations[0].file_id == file.id  # type: ignore[union-attr]
        client.files.delete(file.id)
        assert client.responses.retrieve(response.id) == response
        assert client.responses.retrieve(response.id, include=["file_search_call.results"]).id == response.id
        assert client.responses.create(**asked, previous_response_id=response.id).status == "completed"


def test_a_question_that_is_empty_or_too_long_is_refused(client: OpenAI) -> None:
    for text in ("  ", "x" * 200_001):
        with pytest.raises(BadRequestError):
            client.responses.create(model="docqa", input=text)
