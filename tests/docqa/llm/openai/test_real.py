"""A real model behind a real server, llama.cpp's. It knows nothing, so only the protocol is looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from docqa.errors import ContextOverflow, ModelTimeout
from docqa.llm import Completion, Message, TextDelta, ToolCall
from docqa.llm.openai.model import OpenAIModel
from docqa.memory.budget import prompt_tokens
from docqa.settings import Settings
from docqa.tools import specs
from tests.servers.llama import WINDOW

QUESTION = [
    Message("system", "You answer questions from a library."),
    Message("user", "<question>\nWho built the harbour — and when?\n</question>"),
]
STEPS = [
    *QUESTION,
    Message("assistant", "Look it up.", (ToolCall("search_archive", {"query": "harbour", "page": 1}, "s1c1"),)),
    Message(
        "tool", '<passage id="c1" page="3">\nThe harbour of Skerrow was built in 1931.\n</passage>', call_id="s1c1"
    ),
    Message("user", "Step 2 of 16. Context 20 % full."),
]
NAMES = [tool.name for tool in specs()]


def opened(url: str, folder: Path, calls: str) -> OpenAIModel:
    return OpenAIModel(
        Settings(data_dir=folder, llm="openai", llm_base_url=url, llm_calls=calls, context_window=WINDOW)  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def by_schema(llama_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAIModel]:
    model = opened(llama_server, tmp_path_factory.mktemp("library"), "schema")
    yield model
    model.close()


def last(model: OpenAIModel, messages: list[Message], *only: str, limit: int = 160, tools: bool = True) -> Completion:
    *_, completion = model.complete(messages, specs() if tools else (), only, limit=limit, seconds=100)
    assert isinstance(completion, Completion)
    return completion


def test_its_only_model_is_found(by_schema: OpenAIModel) -> None:
    assert by_schema.name == "smollm2"


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_is_followed_for_each_function(by_schema: OpenAIModel, name: str) -> None:
    completion = last(by_schema, STEPS, name)
    tool = next(tool for tool in specs() if tool.name == name)
    (call,) = completion.calls
    assert call.name == name
    assert set(tool.parameters.get("required", ())) <= call.arguments.keys() <= tool.parameters["properties"].keys()


@pytest.mark.parametrize("limit", [64, 100])
def test_a_call_is_whole_however_little_may_be_written(by_schema: OpenAIModel, limit: int) -> None:
    completion = last(by_schema, STEPS, "search_archive", limit=limit)
    assert [call.name for call in completion.calls] == ["search_archive"]
    assert completion.answer_tokens <= limit


def test_any_function_may_be_called(by_schema: OpenAIModel) -> None:
    assert last(by_schema, STEPS).calls[0].name in NAMES


def test_of_several_one_of_them_is_called(by_schema: OpenAIModel) -> None:
    assert last(by_schema, STEPS, "note_evidence", "answer").calls[0].name in ("note_evidence", "answer")


def test_the_thought_is_streamed(by_schema: OpenAIModel) -> None:
    *pieces, completion = by_schema.complete(STEPS, specs(), ("search_archive",), limit=160, seconds=100)
    assert isinstance(completion, Completion)
    assert "".join(piece.text for piece in pieces if isinstance(piece, TextDelta)).strip() == completion.text.strip()


def test_the_prompt_takes_no_more_tokens_than_are_counted(by_schema: OpenAIModel) -> None:
    for messages, tools in ((QUESTION, True), (STEPS, True), (STEPS, False)):
        completion = last(by_schema, messages, "forget", limit=64, tools=tools)
        counted = prompt_tokens(by_schema.count, messages, specs() if tools else ())
        assert 0 < completion.prompt_tokens <= counted


def test_the_server_counts_texts(by_schema: OpenAIModel) -> None:
    assert by_schema.count("Hello world") == 2


def test_the_next_step_takes_the_beginning_of_the_prompt_from_the_cache(by_schema: OpenAIModel) -> None:
    last(by_schema, STEPS, "forget", limit=64)
    again = last(by_schema, [*STEPS[:-1], Message("user", "Step 3 of 16.")], "forget", limit=64)
    assert again.cached_tokens > 0.8 * again.prompt_tokens


@pytest.mark.parametrize("calls", ["native", "text"])
def test_the_other_ways_are_accepted(llama_server: str, tmp_path: Path, calls: str) -> None:
    model = opened(llama_server, tmp_path, calls)
    completion = last(model, STEPS, limit=40)
    assert completion.answer_tokens > 0
    model.close()


def test_text_is_written_where_nothing_can_be_called(by_schema: OpenAIModel) -> None:
    completion = last(by_schema, QUESTION, limit=20, tools=False)
    assert completion.text
    assert completion.calls == ()


def test_how_it_calls_is_found_out_and_remembered(llama_server: str, tmp_path: Path) -> None:
    model = opened(llama_server, tmp_path, "auto")
    assert last(model, STEPS, "forget").calls[0].name == "forget"
    assert model.mode == "schema"
    assert json.loads((tmp_path / "models.json").read_text())[f"{llama_server} smollm2"]["calls"] == "schema"
    model.close()


def test_a_prompt_beyond_the_window_is_an_overflow(by_schema: OpenAIModel) -> None:
    with pytest.raises(ContextOverflow, match=r"whose window has 4,096: lower DOCQA_CONTEXT_WINDOW"):
        last(by_schema, [Message("user", "word " * 6000)], tools=False)


def test_a_step_can_be_closed_in_the_middle_and_the_next_is_answered(by_schema: OpenAIModel) -> None:
    stream = by_schema.complete(QUESTION, (), limit=900, seconds=100)
    assert isinstance(next(stream), TextDelta)
    stream.close()  # type: ignore[attr-defined]
    assert last(by_schema, QUESTION, limit=4, tools=False).answer_tokens <= 4


def test_a_step_ends_with_its_seconds(by_schema: OpenAIModel) -> None:
    with pytest.raises(ModelTimeout):
        list(by_schema.complete([Message("user", "Count to ten thousand. " * 100)], (), limit=900, seconds=0.2))
