"""``/v1/responses`` with the extractive reader: the official client, and each answer read strictly."""

from __future__ import annotations

from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types.responses import FileSearchTool, Response, ResponseFileSearchToolCall, ResponseItemList
from openai.types.responses.input_token_count_response import InputTokenCountResponse

from docqa.api.schemas import Answer
from tests.docqa.api.asking import QUESTION
from tests.docqa.api.responding import CITATIONS, RESULTS, get, post
from tests.docqa.api.strict import strict

ANSWER = "The harbour of Ostervik was opened in 1911 by the builder Norda Shipyard."
PICTURE = {"type": "input_image", "image_url": "data:,"}
FILE = {"type": "input_file", "file_id": "file-1"}


def ask(client: OpenAI, **given: Any) -> Response:
    response: Response = client.responses.create(**{"model": "docqa", "input": QUESTION, **given})
    return response


def searches(response: Response) -> list[ResponseFileSearchToolCall]:
    return [item for item in response.output if isinstance(item, ResponseFileSearchToolCall)]


def store_of(client: OpenAI, name: str) -> str:
    """The id of a collection's vector store."""
    (found,) = [store.id for store in client.vector_stores.list() if store.name == name]
    return found


def test_an_answer_is_as_openai_publishes_it(base: str) -> None:
    answer = post(base, metadata={"for": "test"}, temperature=0.5, user="ada", instructions="Be short.")
    response = strict(Response, answer.json())
    assert (response.model, response.status, response.metadata) == ("docqa", "completed", {"for": "test"})
    assert (response.temperature, response.user, response.instructions) == (0.5, "ada", "Be short.")
    assert answer.headers["X-Docqa-Run"].startswith("run_")


def test_a_citation_names_the_file_and_the_place_of_its_marker(client: OpenAI) -> None:
    response = ask(client)
    assert response.output_text == f"{ANSWER} [1]"
    (note,) = response.output[-1].content[0].annotations  # type: ignore[union-attr]
    assert (note.type, note.filename) == ("file_citation", "harbours.md")
    assert note.file_id.startswith("file-")
    assert response.output_text[note.index :] == "[1]"


def test_what_was_searched_for_stands_before_the_answer(client: OpenAI) -> None:
    response = ask(client)
    assert [item.type for item in response.output][-1:] == ["message"]
    assert searches(response)[0].queries == [QUESTION]
    assert searches(response)[0].status == "completed"
    assert searches(response)[0].results is None


def test_the_results_of_a_search_are_included_where_they_are_wanted(base: str) -> None:
    response = strict(Response, post(base, include=RESULTS).json())
    best = (searches(response)[0].results or [])[0]
    assert (best.filename, best.file_id is not None) == ("harbours.md", True)
    assert ANSWER in (best.text or "")
    assert best.score == 1
    place = best.attributes or {}
    assert place["page"] == 1
    assert f"/v1/documents/{place['document']}/pages/1.png" in str(place["page_url"])
    assert place["chunk"]


def test_results_can_be_had_later(client: OpenAI) -> None:
    response = ask(client)
    again = client.responses.retrieve(response.id, include=["file_search_call.results"])
    assert (searches(again)[0].results or [])[0].filename == "harbours.md"


def test_the_number_of_results_can_be_limited(client: OpenAI) -> None:
    tool: Any = {"type": "file_search", "vector_store_ids": [store_of(client, name) for name in ("harbours", "people")]}
    asked = {"include": RESULTS, "docqa": None}
    whole = ask(client, tools=[tool], extra_body=asked)
    one = ask(client, tools=[{**tool, "max_num_results": 1}], extra_body=asked)
    best = ask(client, tools=[{**tool, "ranking_options": {"score_threshold": 0.9}}], extra_body=asked)
    assert [len(searches(each)[0].results or []) for each in (whole, one, best)] == [2, 1, 1]


def test_a_search_in_a_vector_store_finds_nothing_of_others(base: str, client: OpenAI) -> None:
    tool = {"type": "file_search", "vector_store_ids": [store_of(client, "people")]}
    response = strict(Response, post(base, tools=[tool], include=RESULTS).json())
    assert isinstance(response.tools[0], FileSearchTool)
    assert {result.filename for item in searches(response) for result in item.results or []} <= {"people.md"}


def test_an_unknown_vector_store_is_not_found(client: OpenAI) -> None:
    with pytest.raises(NotFoundError, match="vs_nowhere") as raised:
        ask(client, tools=[{"type": "file_search", "vector_store_ids": ["vs_nowhere"]}])
    assert raised.value.param == "tools.0.vector_store_ids.0"


def test_citations_in_full_come_where_they_are_asked_for(base: str) -> None:
    told = post(base, **CITATIONS).json()
    (cited,) = strict(Answer, told.pop("docqa")).citations
    strict(Response, told)
    assert (cited.marker, cited.quote, cited.page, cited.filename) == (1, ANSWER, 1, "harbours.md")


def test_the_same_question_is_answered_from_the_cache_with_its_searches(base: str) -> None:
    asked = {"input": f"{QUESTION} Please.", "include": RESULTS}
    first, again, fresh = post(base, **asked), post(base, **asked), post(base, **asked, docqa={"fresh": True})
    assert [each.headers["X-Docqa-Cache"] for each in (first, again, fresh)] == ["miss", "hit", "miss"]
    said = [[{**item, "id": ""} for item in each.json()["output"]] for each in (first, again, fresh)]
    assert said[0] == said[1] == said[2]
    assert again.json()["usage"]["total_tokens"] == 0 < first.json()["usage"]["total_tokens"]


def test_a_response_can_be_read_again_and_deleted(base: str, client: OpenAI) -> None:
    response = ask(client)
    assert strict(Response, get(base, f"/responses/{response.id}").json()) == response
    client.responses.delete(response.id)
    with pytest.raises(NotFoundError, match=response.id):
        client.responses.retrieve(response.id)


def test_a_response_that_is_not_to_be_stored_is_not(client: OpenAI) -> None:
    response = ask(client, store=False)
    with pytest.raises(NotFoundError, match=response.id):
        client.responses.retrieve(response.id)


def test_the_items_of_the_input_are_listed(base: str, client: OpenAI) -> None:
    said = [{"role": role, "content": text} for role, text in [("user", "Hello."), ("assistant", "Yes?")]]
    response = ask(client, input=[*said, {"role": "user", "content": [{"type": "input_text", "text": QUESTION}]}])
    page = strict(ResponseItemList, get(base, f"/responses/{response.id}/input_items", limit=2, order="asc").json())
    assert [item.content[0].text for item in page.data] == ["Hello.", "Yes?"]  # type: ignore[union-attr]
    assert page.has_more
    listed = list(client.responses.input_items.list(response.id, limit=2))
    assert [item.content[0].text for item in listed] == [QUESTION, "Yes?", "Hello."]  # type: ignore[union-attr]


def test_the_tokens_of_the_input_are_counted(base: str, client: OpenAI) -> None:
    counted = post(base, "/responses/input_tokens", model="docqa", input=QUESTION)
    alone = strict(InputTokenCountResponse, counted.json()).input_tokens
    told = client.responses.input_tokens.count(input=QUESTION, instructions="Be short.").input_tokens
    previous = ask(client).id
    more = client.responses.input_tokens.count(input=QUESTION, previous_response_id=previous).input_tokens
    assert 5 < alone < told
    assert more > 2 * alone


@pytest.mark.parametrize(
    ("given", "param", "word"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools.0.type", "file_search"),
        ({"tools": [{"type": "function", "name": "f"}]}, "tools.0.type", "file_search"),
        ({"tool_choice": "none"}, "tool_choice", "auto"),
        ({"input": []}, "input", "at least 1"),
        ({"input": [{"role": "assistant", "content": "Hm."}]}, "input", "'user'"),
        ({"input": [{"role": "user", "content": [PICTURE]}]}, "input.0.content.0.input_image", "/v1/vector_stores"),
        ({"input": [{"role": "user", "content": [FILE]}]}, "input.0.content.0.input_file", "/v1/files"),
        ({"input": [{"role": "boss", "content": "Go."}]}, "input.0.role", "assistant"),
        ({"input": [{"type": "function_call_output", "output": "7"}]}, "input.0.type", "file_search"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input.0.type", "previous_response_id"),
        ({"text": {"format": {"type": "json_object"}}}, "text.format", "citations"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt", "instructions"),
        ({"include": ["message.output_text.logprobs"]}, "include", "log-probabilities"),
        ({"top_logprobs": 3}, "top_logprobs", "log-probabilities"),
        ({"temprature": 1}, "temprature", "Unknown field"),
        ({"docqa": {"citation": True}}, "docqa.citation", "Unknown field"),
        ({"background": True, "store": False}, "store", "background"),
        ({"conversation": "conv_1", "previous_response_id": "resp_1"}, "previous_response_id", "conversation"),
    ],
)
def test_what_cannot_be_served_says_so_and_what_helps(client: OpenAI, given: Any, param: str, word: str) -> None:
    with pytest.raises(BadRequestError, match=word) as raised:
        ask(client, extra_body=given)
    assert raised.value.param == param


@pytest.mark.parametrize("filter", [{}, {"type": "like", "key": "a", "value": 1}, {"type": "and", "filters": [3]}])
def test_a_filter_that_is_none_is_refused(client: OpenAI, filter: Any) -> None:
    tool: Any = {"type": "file_search", "vector_store_ids": [store_of(client, "people")], "filters": filter}
    with pytest.raises(BadRequestError, match="filter looks like") as raised:
        ask(client, tools=[tool])
    assert raised.value.param == "tools.0.filters"


@pytest.mark.parametrize(
    "given",
    [
        {"reasoning": {"effort": "low", "summary": "auto"}},
        {"max_output_tokens": 900, "truncation": "auto", "top_p": 0.3, "parallel_tool_calls": False},
        {"text": {"format": {"type": "text"}, "verbosity": "low"}, "service_tier": "flex"},
        {"include": ["reasoning.encrypted_content"], "stream_options": {"include_obfuscation": False}},
        {"tool_choice": {"type": "file_search"}, "prompt_cache_key": "k", "safety_identifier": "s"},
        {"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "file_search"}]}},
    ],
)
def test_what_steers_a_bare_model_is_accepted(base: str, given: Any) -> None:
    response = strict(Response, post(base, **given).json())
    assert response.output_text.startswith(ANSWER)
