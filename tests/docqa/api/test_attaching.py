"""What is deleted while it is being put into a store is in no store after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from docqa.api.attaching import attach
from docqa.api.service import Service
from docqa.registry.stores import VectorStore
from docqa.settings import Settings
from ingest.catalog.uploads import Upload
from ingest.errors import NotFoundError
from ingest.pipeline.uploads import keep, remove
from tests.servers.inprocess import work_off


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service.open(Settings(data_dir=tmp_path / "library"))
    yield service
    service.close()


@pytest.fixture
def store(service: Service) -> VectorStore:
    return service.registry.stores.create("default", "Papers")


def received(service: Service, content: bytes) -> Upload:
    library = service.library("default")
    with library.files.receive() as receiving:
        receiving.write(content)
        return keep(library, receiving, "a.txt", "assistants")


def test_a_store_that_is_deleted_meanwhile_takes_nothing_in(service: Service, store: VectorStore) -> None:
    file, catalog = received(service, b"Too late.\n"), service.library("default").catalog
    service.registry.stores.delete("default", store.id)
    with pytest.raises(NotFoundError):
        attach(service, store, [(file, {})], "ada")
    work_off(service.settings)
    assert catalog.documents() == []
    assert [job.state for job in catalog.jobs.newest()] == ["cancelled"]


def test_a_file_that_is_deleted_meanwhile_is_not_in_the_store(service: Service, store: VectorStore) -> None:
    stays, goes = received(service, b"It stays.\n"), received(service, b"It goes.\n")
    remove(service.library("default"), goes.id)
    attach(service, store, [(stays, {}), (goes, {})], "ada")
    work_off(service.settings)
    assert [each.file for each in service.registry.attachments.page("default", store.id)] == [stays.id]
    assert [row.sha256 for row in service.library("default").catalog.documents()] == [stays.sha256]


def test_a_file_that_was_put_in_twice_is_there_once(service: Service, store: VectorStore) -> None:
    file = received(service, b"Once.\n")
    for _ in range(2):
        attach(service, store, [(file, {})], "ada")
    work_off(service.settings)
    assert [each.file for each in service.registry.attachments.page("default", store.id)] == [file.id]
    assert [row.state for row in service.library("default").catalog.documents()] == ["live"]
