"""``/v1/embeddings``: the space in which documents are searched."""

from __future__ import annotations

import base64
import math
from typing import Any

import httpx
import numpy as np
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types import CreateEmbeddingResponse

from ingest.embed import builtin_embedder
from tests.docqa.api.strict import strict

TEXTS = ["lease of the Hamburg office", "a boat"]


def vectors(client: OpenAI, texts: Any, **values: Any) -> list[list[float]]:
    """The vectors of some inputs, in their order."""
    found = client.embeddings.create(model="docqa", input=texts, **values).data
    assert [each.index for each in found] == list(range(len(found)))
    return [each.embedding for each in found]


def refused(base: str, **given: Any) -> dict[str, Any]:
    """The error for a request."""
    answer = httpx.post(f"{base}/v1/embeddings", json={"model": "docqa", "input": "a boat", **given})
    assert answer.status_code == 400
    error: dict[str, Any] = answer.json()["error"]
    return error


def test_vectors_are_those_of_the_embedder(client: OpenAI) -> None:
    right = builtin_embedder().embed(TEXTS)
    assert np.allclose(vectors(client, TEXTS), right, atol=1e-5)
    assert math.isclose(np.linalg.norm(vectors(client, TEXTS[0])), 1, abs_tol=1e-3)


def test_an_answer_is_as_openai_publishes_it(base: str) -> None:
    answer = httpx.post(f"{base}/v1/embeddings", json={"model": "docqa", "input": TEXTS})
    strict(CreateEmbeddingResponse, answer.json())


def test_base64_and_floats_are_the_same(base: str, client: OpenAI) -> None:
    asked = {"model": "docqa", "input": "a boat", "encoding_format": "base64"}
    packed = httpx.post(f"{base}/v1/embeddings", json=asked).json()["data"][0]["embedding"]
    numbers = np.frombuffer(base64.b64decode(packed), dtype="<f4").tolist()
    assert numbers == vectors(client, "a boat", encoding_format="float")[0] == vectors(client, "a boat")[0]


def test_tokens_are_read_as_their_text(client: OpenAI) -> None:
    boat = [64, 15688]  # "a boat" in cl100k_base
    assert vectors(client, boat) == vectors(client, [boat]) == vectors(client, "a boat")


def test_tokens_are_counted_as_the_embedder_counts_them(client: OpenAI) -> None:
    usage = client.embeddings.create(model="docqa", input=TEXTS).usage
    assert usage.prompt_tokens == usage.total_tokens == sum(map(builtin_embedder().count, TEXTS))


def test_the_model_is_docqa_or_the_embedder(client: OpenAI) -> None:
    name = builtin_embedder().name
    assert client.embeddings.create(model=name, input="a boat").model == name
    with pytest.raises(NotFoundError, match=f"'docqa' or '{name}'"):
        client.embeddings.create(model="text-embedding-3-small", input="a boat")


def test_dimensions_are_the_embedders_or_left_out(client: OpenAI) -> None:
    dimension = builtin_embedder().dimension
    assert len(vectors(client, "a boat", dimensions=dimension)[0]) == dimension
    with pytest.raises(BadRequestError, match=f"have {dimension} dimensions"):
        vectors(client, "a boat", dimensions=8)


@pytest.mark.parametrize("wrong", ["", [], [""], [[]], 7, None, ["a", 7], [[1], "a"], [1.5], {"a": 1}, ["a"] * 2049])
def test_what_is_no_text_and_no_tokens_is_refused(base: str, wrong: Any) -> None:
    assert refused(base, input=wrong)["param"] == "input"


@pytest.mark.parametrize("token", [-1, 100_256, 2**40])
def test_an_unknown_token_is_refused(base: str, token: int) -> None:
    assert refused(base, input=[[64], [token]])["param"] == "input.1"
