"""``/v1/search``: a snapshot, and pages that are cut from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from docqa.registry import open_registry
from docqa.settings import Settings
from ingest.library import Library
from ingest.pipeline import delete, ingest
from tests.servers.api import serving


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of a library with twelve notes on twelve pumps."""
    place = tmp_path_factory.mktemp("search")
    for number in range(12):
        text = f"# Note {number}\n\nThe pump number {number} stands in hall {number * 7} and weighs {number * 31} kg.\n"
        (place / f"note{number}.md").write_text(text)
    settings = Settings(data_dir=place / "data")
    with Library.open(settings) as library:
        assert list(ingest(library, [place]))[-1].totals.finished == 12
    return settings


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[httpx.Client]:
    with serving(settings) as base, httpx.Client(base_url=f"{base}/v1", timeout=60) as client:
        yield client


def found(api: httpx.Client, **asked: Any) -> dict[str, Any]:
    answer = api.post("/search", json={"query": "the weight of the pump", "page_size": 5, **asked})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def ids(page: dict[str, Any]) -> list[str]:
    return [hit["chunk"]["id"] for hit in page["data"]]


def test_the_pages_of_a_snapshot_hold_each_passage_once(api: httpx.Client) -> None:
    first = found(api)
    pages = [first, *(api.get(f"/search/{first['snapshot']}", params={"page": n, "page_size": 5}).json()
                      for n in (2, 3))]  # fmt: skip
    seen = [id for page in pages for id in ids(page)]
    assert len(seen) == len(set(seen)) == first["total"] == 12
    assert [page["has_more"] for page in pages] == [True, True, False]


def test_a_hit_says_where_it_stands(api: httpx.Client) -> None:
    hit = found(api, query="pump number 7")["data"][0]
    assert "pump number 7" in hit["chunk"]["text"]
    assert (hit["filename"], hit["collection"], hit["chunk"]["page"]) == ("note7.md", "default", 1)
    assert httpx.get(hit["page_url"]).headers["content-type"] == "image/png"


def test_an_unknown_snapshot_is_not_found(api: httpx.Client) -> None:
    assert api.get("/search/snap_0").json()["error"]["code"] == "not_found"


def test_a_snapshot_is_its_users_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with open_registry(settings) as registry:
        ada, bob = (registry.keys.create("default", user, ("read",))[1] for user in ("ada", "bob"))
    with serving(settings) as base, httpx.Client(base_url=f"{base}/v1", timeout=60) as client:
        headers = [{"Authorization": f"Bearer {key}"} for key in (ada, bob)]
        snapshot = client.post("/search", json={"query": "pump"}, headers=headers[0]).json()["snapshot"]
        assert [client.get(f"/search/{snapshot}", headers=who).status_code for who in headers] == [200, 404]


def test_an_unknown_collection_is_not_found(api: httpx.Client) -> None:
    answer = api.post("/search", json={"query": "pump", "model": "nowhere"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (404, "model")


@pytest.mark.parametrize("query", ["", "x" * 20_001])
def test_a_query_that_is_empty_or_endless_is_refused(api: httpx.Client, query: str) -> None:
    answer = api.post("/search", json={"query": query})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "query")


def test_what_was_deleted_since_is_left_out_of_later_pages(api: httpx.Client, settings: Settings) -> None:
    first = found(api, page_size=11)
    last = api.get(f"/search/{first['snapshot']}", params={"page": 2, "page_size": 11}).json()
    with Library.open(settings) as library:
        delete(library, last["data"][0]["chunk"]["document"])
    again = api.get(f"/search/{first['snapshot']}", params={"page": 2, "page_size": 11}).json()
    assert (len(last["data"]), again["data"]) == (1, [])


def test_an_empty_library_has_no_passages(tmp_path: Path) -> None:
    with serving(Settings(data_dir=tmp_path)) as base:
        answer = httpx.post(f"{base}/v1/search", json={"query": "pump"}, timeout=60).json()
    assert (answer["total"], answer["data"], answer["has_more"]) == (0, [], False)
