"""``/v1/vector_stores/…/file_batches``: files that go into a store together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types.vector_stores import VectorStoreFile, VectorStoreFileBatch

from docqa.settings import Settings
from tests.docqa.api.strict import strict
from tests.servers.api import client_of, serving
from tests.servers.inprocess import working


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the service that the tests of this module share, with a worker beside it."""
    return Settings(data_dir=tmp_path_factory.mktemp("batches") / "library")


@pytest.fixture(scope="module")
def base(service: Settings) -> Iterator[str]:
    """Its address."""
    with serving(service) as address, working(service):
        yield address


@pytest.fixture
def store(client: OpenAI, request: pytest.FixtureRequest) -> str:
    """The id of an empty store of the test's own."""
    return client.vector_stores.create(name=request.node.name[:60]).id


def upload(client: OpenAI, content: str, name: str = "log.txt") -> str:
    return client.files.create(file=(name, content.encode()), purpose="assistants").id


def test_a_batch_is_followed_until_all_of_it_is_taken_in(client: OpenAI, store: str) -> None:
    ids = [upload(client, f"Log number {number}.\n") for number in range(3)]
    broken = client.files.create(file=("broken.pdf", b"%PDF-1.7\nbroken"), purpose="assistants").id
    batch = client.vector_stores.file_batches.create_and_poll(store, file_ids=[*ids, broken], poll_interval_ms=20)
    assert batch.status == "completed"
    assert (batch.file_counts.completed, batch.file_counts.failed, batch.file_counts.total) == (3, 1, 4)
    files = client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store, limit=2)
    assert {file.id for file in files} == {*ids, broken}
    failed = client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store, filter="failed")
    assert [file.id for file in failed] == [broken]


def test_files_are_uploaded_and_put_in_with_one_call(client: OpenAI, store: str) -> None:
    uploaded = upload(client, "It was here before.\n")
    files = [(f"{number}.txt", f"Uploaded number {number}.\n".encode()) for number in range(3)]
    batch = client.vector_stores.file_batches.upload_and_poll(
        store, files=files, file_ids=[uploaded], poll_interval_ms=20
    )
    assert (batch.status, batch.file_counts.completed) == ("completed", 4)


def test_each_file_may_have_attributes_of_its_own(client: OpenAI, store: str) -> None:
    one, other = upload(client, "One.\n"), upload(client, "Other.\n")
    asked: Any = [{"file_id": one, "attributes": {"year": 2023}}, {"file_id": other}]
    client.vector_stores.file_batches.create_and_poll(store, files=asked, poll_interval_ms=20)
    attributes = {file.id: file.attributes for file in client.vector_stores.files.list(store)}
    assert attributes == {one: {"year": 2023}, other: {}}


def test_the_attributes_of_a_batch_are_those_of_all_its_files(client: OpenAI, store: str) -> None:
    ids = [upload(client, f"Of all {number}.\n") for number in range(2)]
    client.vector_stores.file_batches.create_and_poll(
        store, file_ids=ids, attributes={"port": "Vardo"}, poll_interval_ms=20
    )
    assert [file.attributes for file in client.vector_stores.files.list(store)] == [{"port": "Vardo"}] * 2


def test_every_answer_is_as_openai_publishes_it(base: str, client: OpenAI, store: str) -> None:
    file = upload(client, "Strictly.\n")
    with httpx.Client(base_url=f"{base}/v1/vector_stores/{store}/") as http:
        made = strict(VectorStoreFileBatch, http.post("file_batches", json={"file_ids": [file]}).json())
        path = f"file_batches/{made.id}"
        assert strict(VectorStoreFileBatch, http.get(path).json()).created_at == made.created_at
        listed = http.get(f"{path}/files").json()
        assert listed.keys() == {"object", "data", "first_id", "last_id", "has_more"}
        assert strict(VectorStoreFile, listed["data"][0]).id == file
        assert strict(VectorStoreFileBatch, http.post(f"{path}/cancel").json()).id == made.id


def test_a_cancelled_batch_takes_nothing_more_in(settings: Settings) -> None:
    with serving(settings) as base, client_of(base) as client:
        store = client.vector_stores.create(name="Cancelled").id
        ids = [upload(client, f"Never {number}.\n") for number in range(2)]
        batches = client.vector_stores.file_batches
        batch = batches.create(store, file_ids=ids)
        assert (batch.status, batch.file_counts.in_progress) == ("in_progress", 2)
        cancelled = batches.cancel(batch.id, vector_store_id=store)
        assert (cancelled.status, cancelled.file_counts.cancelled) == ("cancelled", 2)
        assert client.vector_stores.retrieve(store).file_counts.cancelled == 2
        with working(settings):
            again = client.vector_stores.files.create_and_poll(ids[0], vector_store_id=store, poll_interval_ms=20)
        assert again.status == "completed"


def test_cancelling_a_batch_that_is_over_changes_nothing(client: OpenAI, store: str) -> None:
    batches = client.vector_stores.file_batches
    batch = batches.create_and_poll(store, file_ids=[upload(client, "Over.\n")], poll_interval_ms=20)
    assert batches.cancel(batch.id, vector_store_id=store) == batch


@pytest.mark.parametrize("wrong", [{}, {"file_ids": ["file-0"], "files": [{"file_id": "file-0"}]}, {"file_ids": []}])
def test_a_batch_takes_either_ids_or_files(client: OpenAI, store: str, wrong: Any) -> None:
    with pytest.raises(BadRequestError) as raised:
        client.vector_stores.file_batches.create(store, **wrong)
    assert raised.value.param == "file_ids"


def test_a_batch_with_an_unknown_file_is_refused_as_a_whole(client: OpenAI, store: str) -> None:
    file = upload(client, "Known.\n")
    with pytest.raises(NotFoundError) as raised:
        client.vector_stores.file_batches.create(store, files=[{"file_id": file}, {"file_id": "file-0"}])
    assert raised.value.param == "files.1.file_id"
    assert list(client.vector_stores.files.list(store)) == []


def test_an_unknown_batch_is_not_found(client: OpenAI, store: str) -> None:
    batches = client.vector_stores.file_batches
    other = batches.create(client.vector_stores.create().id, file_ids=[upload(client, "Other.\n")]).id
    for id in ("vsfb_0", other):
        for act in (batches.retrieve, batches.cancel, batches.list_files):
            with pytest.raises(NotFoundError):
                act(id, vector_store_id=store)
