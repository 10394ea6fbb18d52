"""A prompt that is too long for the server, in the words of each."""

from __future__ import annotations

import pytest

from docqa.errors import ContextOverflow
from docqa.llm import Message
from tests.docqa.llm.openai.conftest import Open
from tests.docqa.llm.openai.steps import TOOLS, completed
from tests.servers.openai import ModelServer, Reply, deltas, too_long
from tests.servers.openai.shapes import TOO_LONG

LONG = [Message("user", "The harbour was built. " * 200)]


@pytest.mark.parametrize("shape", TOO_LONG)
def test_it_is_an_overflow_that_names_the_setting(server: ModelServer, opened: Open, shape: str) -> None:
    server.otherwise = too_long(shape)
    with pytest.raises(ContextOverflow, match=r"too long for m at .*DOCQA_CONTEXT_WINDOW"):
        completed(opened())
    assert len(server.requests) == 1


@pytest.mark.parametrize("shape", ["openai", "llama.cpp", "vllm", "vllm, no room"])
def test_the_numbers_that_the_server_tells_are_passed_on(server: ModelServer, opened: Open, shape: str) -> None:
    server.otherwise = too_long(shape, 5000, 4096)
    with pytest.raises(ContextOverflow, match=r"\(5,000 tokens\).*window has 4,096"):
        completed(opened())


def test_it_may_be_told_inside_the_stream(server: ModelServer, opened: Open) -> None:
    told = b'data: {"error": {"message": "the request exceeds the available context size", "code": 400}}\n\n'
    server.otherwise = Reply([told])
    with pytest.raises(ContextOverflow):
        completed(opened())


def test_an_end_without_a_word_is_one(server: ModelServer, opened: Open) -> None:
    server.otherwise = deltas(finish="length")
    with pytest.raises(ContextOverflow):
        completed(opened())


def test_an_end_after_hidden_reasoning_is_none(server: ModelServer, opened: Open) -> None:
    server.otherwise = deltas({"reasoning_content": "Hm."}, finish="length")
    assert "cut off" in completed(opened()).problem


@pytest.mark.parametrize(("shape", "most"), [("llama.cpp", 5000), ("ollama", 0)])
def test_the_next_count_is_higher(server: ModelServer, opened: Open, shape: str, most: int) -> None:
    server.otherwise = too_long(shape, 5000)
    model = opened()
    before = model.count(LONG[0].content)
    with pytest.raises(ContextOverflow):
        list(model.complete(LONG, TOOLS))
    assert model.count(LONG[0].content) >= max(most - 200, before * 1.25)
