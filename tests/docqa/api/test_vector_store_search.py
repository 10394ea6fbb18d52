"""``/v1/vector_stores/…/search``: by meaning and words, within files with some attributes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types import VectorStoreSearchResponse

from docqa.registry.stores import store_id
from docqa.settings import Settings
from tests.docqa.api.strict import strict
from tests.servers.api import client_of, serving
from tests.servers.inprocess import work_off

LIGHTS = {
    "vardo.txt": ("The lighthouse of Vardo was lit in 1896 and is 20 metres high.\n", {"year": 1896, "tall": False}),
    "lista.txt": ("The lighthouse of Lista was lit in 1853 and is 34 metres high.\n", {"year": 1853, "tall": True}),
    "keeper.txt": ("The keeper of the stores counts ropes, tar and oil each Friday.\n", {"year": 1900}),
}
HARBOURS = store_id("default", "harbours")


@pytest.fixture(scope="module")
def shared(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a service, and a store with some files; ``vardo.txt`` stands among the harbours as well."""
    place = tmp_path_factory.mktemp("search") / "library"
    shutil.copytree(stocked, place)
    settings = Settings(data_dir=place)
    with serving(settings) as base, client_of(base) as client:
        store = client.vector_stores.create(name="Lights").id
        for name, (text, attributes) in LIGHTS.items():
            file = client.files.create(file=(name, text.encode()), purpose="assistants").id
            client.vector_stores.files.create(store, file_id=file, attributes=attributes)
            if name == "vardo.txt":
                client.vector_stores.files.create(HARBOURS, file_id=file, attributes=attributes)
        work_off(settings)
        yield base, store


@pytest.fixture(scope="module")
def base(shared: tuple[str, str]) -> str:
    """The address of the service."""
    return shared[0]


@pytest.fixture
def store(shared: tuple[str, str]) -> str:
    """The id of the store."""
    return shared[1]


def names(client: OpenAI, store: str, **asked: Any) -> list[str]:
    """The files that a search finds, best first."""
    return [found.filename for found in client.vector_stores.search(store, **{"query": "lighthouse", **asked})]


def test_the_best_passage_comes_first_with_its_file_and_attributes(client: OpenAI, store: str) -> None:
    best, *others = client.vector_stores.search(store, query="How high is the lighthouse of Lista?")
    assert (best.filename, best.score) == ("lista.txt", 1.0)
    assert best.attributes
    assert best.attributes.items() >= {"year": 1853, "tall": True, "page": 1}.items()
    assert httpx.get(str(best.attributes["page_url"])).headers["content-type"] == "image/png"
    assert "34 metres" in best.content[0].text
    assert client.files.retrieve(best.file_id).filename == "lista.txt"
    assert all(0 < each.score <= 1 for each in others)


def test_every_answer_is_as_openai_publishes_it(base: str, store: str) -> None:
    found = httpx.post(f"{base}/v1/vector_stores/{store}/search", json={"query": "lighthouse"}).json()
    assert found.keys() == {"object", "search_query", "data", "has_more", "next_page"}
    assert [strict(VectorStoreSearchResponse, each).filename for each in found["data"]]


def test_other_stores_are_not_searched(client: OpenAI, store: str) -> None:
    assert "harbours.md" not in names(client, store, query="When was the harbour of Ostervik opened?")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"type": "eq", "key": "tall", "value": True}, {"lista.txt"}),
        ({"type": "gte", "key": "year", "value": 1896}, {"vardo.txt", "keeper.txt"}),
        ({"type": "in", "key": "year", "value": [1853, 1900]}, {"lista.txt", "keeper.txt"}),
        ({"type": "ne", "key": "tall", "value": True}, {"vardo.txt", "keeper.txt"}),
        ({"type": "eq", "key": "port", "value": "none"}, set()),
        (
            {"type": "and", "filters": [{"type": "lt", "key": "year", "value": 1900},
                                        {"type": "eq", "key": "tall", "value": False}]},
            {"vardo.txt"},
        ),
    ],
)  # fmt: skip
def test_only_files_whose_attributes_pass_are_searched(
    client: OpenAI, store: str, filters: Any, found: set[str]
) -> None:
    assert set(names(client, store, filters=filters)) == found


def test_a_document_of_the_command_line_has_no_attributes(client: OpenAI) -> None:
    assert names(client, HARBOURS, filters={"type": "eq", "key": "year", "value": 1896}) == ["vardo.txt"]
    assert names(client, HARBOURS, filters={"type": "ne", "key": "year", "value": 1896}) == ["harbours.md"]


def test_several_queries_are_one_search(client: OpenAI, store: str) -> None:
    asked = ["How high is the lighthouse of Vardo?", "Who counts ropes and tar?"]
    assert set(names(client, store, query=asked, max_num_results=2)) == {"vardo.txt", "keeper.txt"}


def test_results_are_as_many_as_are_asked_for_and_good_enough(client: OpenAI, store: str) -> None:
    assert len(names(client, store, max_num_results=1)) == 1
    asked = "How high is the lighthouse of Lista?"
    assert names(client, store, query=asked, ranking_options={"score_threshold": 1.0}) == ["lista.txt"]
    assert len(names(client, store, ranking_options={"ranker": "none"})) > 1


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"query": " "}, "query"),
        ({"query": "x" * 1_000_000}, "query"),
        ({"rewrite_query": True}, "rewrite_query"),
        ({"max_num_results": 51}, "max_num_results"),
        ({"ranking_options": {"ranker": "other"}}, "ranking_options.ranker"),
        ({"filters": {"type": "like", "key": "year", "value": 1}}, "filters"),
    ],
)
def test_a_wrong_search_is_refused(client: OpenAI, store: str, wrong: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequestError) as raised:
        client.vector_stores.search(store, **{"query": "lighthouse", **wrong})
    assert raised.value.param == param


def test_an_unknown_store_cannot_be_searched(client: OpenAI) -> None:
    with pytest.raises(NotFoundError):
        client.vector_stores.search("vs_0", query="lighthouse")
