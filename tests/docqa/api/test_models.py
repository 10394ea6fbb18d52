"""``/v1/models``: whom a question can be put to."""

from __future__ import annotations

import httpx
import pytest
from openai import NotFoundError, OpenAI
from openai.types import Model

from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.api.strict import strict
from tests.servers.api import client_of, serving


def test_docqa_and_each_collection_are_listed(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["docqa", "harbours", "people"]


def test_each_is_a_model_as_openai_publishes_it(base: str) -> None:
    listed = httpx.get(f"{base}/v1/models").json()
    assert listed.keys() == {"object", "data"}
    for each in listed["data"]:
        assert strict(Model, httpx.get(f"{base}/v1/models/{each['id']}").json()) == strict(Model, each)


def test_they_say_when_their_collection_was_made(client: OpenAI) -> None:
    assert client.models.retrieve("harbours").created > 1_700_000_000


def test_a_store_without_documents_is_a_model_too(settings: Settings) -> None:
    with open_registry(settings) as registry:
        named = registry.stores.create("default", "Minutes")
        unnamed = registry.stores.create("default", "What, a name?")
    with serving(settings) as base, client_of(base) as client:
        assert {"Minutes", unnamed.id} <= {model.id for model in client.models.list()}
        assert client.models.retrieve(named.id).created == client.models.retrieve("Minutes").created


@pytest.mark.parametrize("unknown", ["nothing", "vs_0123456789abcdef01234567"])
def test_an_unknown_model_is_not_found_and_the_error_says_where_models_are_listed(client: OpenAI, unknown: str) -> None:
    with pytest.raises(NotFoundError, match="GET /v1/models lists them") as raised:
        client.models.retrieve(unknown)
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")


def test_a_name_that_several_stores_have_is_refused_with_their_ids(settings: Settings) -> None:
    with open_registry(settings) as registry:
        both = [registry.stores.create("default", "Minutes").id for _ in range(2)]
    with serving(settings) as base:
        asked = {"model": "Minutes", "messages": [{"role": "user", "content": "Why?"}]}
        error = httpx.post(f"{base}/v1/chat/completions", json=asked, timeout=60).json()["error"]
    assert (error["code"], error["param"]) == ("ambiguous_model", "model")
    assert all(id in error["message"] for id in both)
