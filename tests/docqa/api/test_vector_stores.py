"""``/v1/vector_stores``: each is a collection, and each collection is one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types import VectorStore, VectorStoreDeleted

from docqa.api.storing import attaching
from docqa.registry import open_registry
from docqa.registry.stores import store_id
from docqa.settings import Settings
from ingest.library import Library
from tests.docqa.api.strict import strict
from tests.servers.api import client_of, serving
from tests.servers.inprocess import work_off, working

TEXT = "The lighthouse of {} is {} metres high.\n"


@pytest.fixture(scope="module")
def service(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the service that the tests of this module share, with a worker beside it."""
    place = tmp_path_factory.mktemp("stores") / "library"
    shutil.copytree(stocked, place)
    return Settings(data_dir=place)


@pytest.fixture(scope="module")
def base(service: Settings) -> Iterator[str]:
    """Its address."""
    with serving(service) as address, working(service):
        yield address


def upload(client: OpenAI, place: str, height: int = 30) -> str:
    content = TEXT.format(place, height).encode()
    return client.files.create(file=(f"{place}.txt", content), purpose="assistants").id


def filled(client: OpenAI, name: str, *places: str) -> VectorStore:
    """A store with a file for each place, all of them taken in."""
    store = client.vector_stores.create(name=name)
    for place in places:
        client.vector_stores.files.create_and_poll(upload(client, place), vector_store_id=store.id, poll_interval_ms=20)
    return client.vector_stores.retrieve(store.id)


def test_a_store_is_made_shown_changed_and_deleted(client: OpenAI) -> None:
    store = client.vector_stores.create(name="Logs", metadata={"owner": "harbour office"})
    assert (store.name, store.metadata, store.status) == ("Logs", {"owner": "harbour office"}, "completed")
    assert client.vector_stores.retrieve(store.id) == store
    expiry: Any = {"anchor": "last_active_at", "days": 3}
    changed = client.vector_stores.update(store.id, name="Old logs", metadata={"a": "b"}, expires_after=expiry)
    assert (changed.name, changed.metadata) == ("Old logs", {"a": "b"})
    assert changed.expires_at == changed.last_active_at + 3 * 86_400 if changed.last_active_at else None
    assert client.vector_stores.update(store.id, expires_after=None).expires_after is None
    assert client.vector_stores.delete(store.id).deleted
    with pytest.raises(NotFoundError, match=store.id):
        client.vector_stores.retrieve(store.id)


def test_every_answer_is_as_openai_publishes_it(base: str) -> None:
    with httpx.Client(base_url=f"{base}/v1/") as http:
        made = strict(VectorStore, http.post("vector_stores", json={}).json())
        path = f"vector_stores/{made.id}"
        assert strict(VectorStore, http.get(path).json()) == made
        assert strict(VectorStore, http.post(path, json={"name": "N"}).json()).name == "N"
        listed = http.get("vector_stores", params={"limit": 1}).json()
        assert listed.keys() == {"object", "data", "first_id", "last_id", "has_more"}
        assert strict(VectorStore, listed["data"][0]).id == made.id
        assert strict(VectorStoreDeleted, http.delete(path).json()).deleted


def test_stores_are_listed_page_by_page(client: OpenAI) -> None:
    ids = [client.vector_stores.create(name=f"Page {number}").id for number in range(5)]
    assert [store.id for store in client.vector_stores.list(limit=2)][:5] == ids[::-1]
    assert [store.id for store in client.vector_stores.list(order="asc", after=ids[1], limit=2)] == ids[2:]
    before = client.vector_stores.list(order="asc", before=ids[3], limit=2)
    assert ([store.id for store in before.data], before.has_more) == (ids[1:3], True)
    with pytest.raises(NotFoundError):
        client.vector_stores.list(after="vs_0")


def test_a_collection_of_the_command_line_is_a_store_with_an_id_that_stays(client: OpenAI) -> None:
    (store,) = [each for each in client.vector_stores.list(limit=100) if each.name == "harbours"]
    assert store.id == store_id("default", "harbours")
    assert (store.file_counts.completed, store.file_counts.total) == (1, 1)
    assert store.usage_bytes > 0
    (file,) = client.vector_stores.files.list(store.id)
    assert client.files.retrieve(file.id).filename == "harbours.md"


def test_such_a_store_is_found_though_nobody_listed_it(settings: Settings) -> None:
    with serving(settings) as base, client_of(base) as client:
        assert client.vector_stores.retrieve(store_id("default", "people")).name == "people"


def test_a_store_is_made_with_files(client: OpenAI) -> None:
    ids = [upload(client, "Vardo", 20), upload(client, "Lista", 34)]
    store = client.vector_stores.create(name="Lighthouses", file_ids=ids)
    assert store.file_counts.total == 2
    for id in ids:
        client.vector_stores.files.poll(id, vector_store_id=store.id, poll_interval_ms=20)
    done = client.vector_stores.retrieve(store.id)
    assert (done.status, done.file_counts.completed) == ("completed", 2)
    assert done.usage_bytes == sum(client.files.retrieve(id).bytes for id in ids)


def test_a_collection_is_called_like_its_store_where_it_can(client: OpenAI, service: Settings) -> None:
    names = ["Charts", "Charts", "not: a name", "docqa"]
    stores = [client.vector_stores.create(name=name) for name in names]
    with open_registry(service) as registry:
        collections = [registry.stores.get("default", store.id).collection for store in stores]
    assert collections == ["Charts", *(store.id for store in stores[1:])]


def test_deleting_a_store_deletes_its_documents_and_not_its_files(client: OpenAI, service: Settings) -> None:
    store = filled(client, "Tides", "Hammer")
    (file,) = client.vector_stores.files.list(store.id)
    client.vector_stores.delete(store.id)
    assert "lighthouse of Hammer" in client.files.content(file.id).text
    with Library.open(service) as library:
        assert library.catalog.documents(["Tides"]) == []
    assert "Tides" not in [each.name for each in client.vector_stores.list(limit=100)]


def test_the_documents_of_a_large_store_are_deleted_by_a_job(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attaching, "AT_ONCE", 0)
    id = store_id("default", "harbours")
    with serving(settings) as base, client_of(base) as client:
        client.vector_stores.delete(id)
        assert id not in [store.id for store in client.vector_stores.list()]
        with pytest.raises(NotFoundError):
            client.vector_stores.retrieve(id)
    work_off(settings)
    with Library.open(settings) as library:
        assert [row.collection for row in library.catalog.documents()] == ["people"]


def test_deleting_a_store_cancels_what_is_taken_into_it(settings: Settings) -> None:
    with serving(settings) as base, client_of(base) as client:
        store = client.vector_stores.create(name="Never", file_ids=[upload(client, "Utsira")])
        client.vector_stores.delete(store.id)
        with Library.open(settings) as library:
            (job,) = [job for job in library.catalog.jobs.newest() if job.collection == "Never"]
            assert job.state == "cancelled"
            assert library.catalog.documents(["Never"]) == []


def test_a_store_expires_with_its_documents(settings: Settings) -> None:
    expiry: Any = {"anchor": "last_active_at", "days": 1}
    with serving(settings) as base, client_of(base) as client:
        id = client.vector_stores.create(name="Short", expires_after=expiry).id
        with open_registry(settings) as registry:
            _make_old(registry, id)
        assert id not in [store.id for store in client.vector_stores.list()]
        with pytest.raises(NotFoundError):
            client.vector_stores.retrieve(id)
        with open_registry(settings) as registry:
            assert id not in [store.id for store in registry.stores.page("default", most=100)]


def test_a_store_that_has_expired_does_not_answer_and_one_that_is_asked_does_not_expire(settings: Settings) -> None:
    ids = [store_id("default", name) for name in ("harbours", "people")]
    with serving(settings) as base, client_of(base) as client, open_registry(settings) as registry:
        for id in ids:
            client.vector_stores.retrieve(id)
            registry.stores.update("default", id, expires_after_days=1)
            _make_old(registry, id, 0 if id == ids[0] else time.time() - 3600)
        for model in ("harbours", ids[0]):
            with pytest.raises(NotFoundError, match="GET /v1/models"):
                client.models.retrieve(model)
        client.models.retrieve("people")
        assert registry.stores.get("default", ids[1]).last_active > time.time() - 3000


def _make_old(registry: Any, id: str, used: float = 0) -> None:
    from docqa.registry.tables import stores

    with registry.database.writing() as connection:
        connection.execute(stores.update().where(stores.c.id == id).values(last_active=used))


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"file_ids": [f"file-{'0' * 32}"]}, "file_ids.0"),
        ({"chunking_strategy": {"type": "static"}}, "chunking_strategy"),
        ({"description": "What it is for"}, "description"),
        ({"metadata": {"k": 1}}, "metadata.k"),
        ({"metadata": {f"k{number}": "" for number in range(17)}}, "metadata"),
        ({"expires_after": {"anchor": "last_active_at", "days": 0}}, "expires_after.days"),
        ({"nmae": "A typing error"}, "nmae"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused_with_the_field_at_fault(base: str, wrong: dict[str, Any], param: str) -> None:
    answer = httpx.post(f"{base}/v1/vector_stores", json={"name": "Wrong", **wrong})
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["param"] == param
    assert "Wrong" not in httpx.get(f"{base}/v1/vector_stores?limit=100").text


def test_another_chunking_names_the_settings_and_the_own_one_is_taken(client: OpenAI) -> None:
    own: Any = {"type": "static", "static": {"max_chunk_size_tokens": 224, "chunk_overlap_tokens": 32}}
    other: Any = {"type": "static", "static": {"max_chunk_size_tokens": 225, "chunk_overlap_tokens": 32}}
    assert client.vector_stores.create(chunking_strategy=own).id
    assert client.vector_stores.create(chunking_strategy={"type": "auto"}).id
    with pytest.raises(BadRequestError, match=r"DOCQA_CHUNK_TOKENS \(224\)"):
        client.vector_stores.create(chunking_strategy=other)


def test_an_unknown_store_is_not_found(client: OpenAI) -> None:
    for act in (client.vector_stores.retrieve, client.vector_stores.delete, client.vector_stores.update):
        with pytest.raises(NotFoundError, match="There is no vector store 'vs_0'"):
            act("vs_0")
