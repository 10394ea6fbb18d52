"""What is deleted while it is being put into a store is in no store after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from docqa.api.answers.citing import file_and_name
from docqa.api.service import Service
from docqa.api.storing.attaching import attach, detach, remove_documents
from docqa.api.storing.filing import adopt, files_of_ids
from docqa.api.storing.standing import counts_of, counts_of_batch
from docqa.api.storing.sweeping import sweep
from docqa.registry.attachments import Attachment
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


def received(service: Service, content: bytes, name: str = "a.txt") -> Upload:
    library = service.library("default")
    with library.files.receive() as receiving:
        receiving.write(content)
        return keep(library, receiving, name, "assistants")


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


def test_a_store_whose_deletion_was_killed_takes_nothing_in_and_goes_with_the_next_sweep(
    service: Service, store: VectorStore
) -> None:
    attach(service, store, [(received(service, b"In time.\n"), {})], "ada")
    service.registry.stores.leave("default", store.id)
    with pytest.raises(NotFoundError):
        attach(service, store, [(received(service, b"Too late.\n"), {})], "ada")
    assert service.registry.stores.page("default") == []
    sweep(service)
    work_off(service.settings)
    assert service.library("default").catalog.documents() == []
    assert service.registry.stores.leaving() == []


def test_many_documents_are_out_of_sight_before_a_job_removes_them(service: Service, store: VectorStore) -> None:
    files = [received(service, b"Number %d.\n" % number) for number in range(51)]
    job = attach(service, store, [(file, {}) for file in files], "ada")
    work_off(service.settings)
    catalog = service.library("default").catalog
    remove_documents(service, "default", catalog.documents_of(job))
    assert catalog.documents() == []
    assert len(catalog.visibility().hidden) == 51
    work_off(service.settings)
    assert catalog.visibility().hidden == ()


def test_a_file_that_is_put_in_again_stays_in_its_batch_with_its_attributes(
    service: Service, store: VectorStore
) -> None:
    file, batches = received(service, b"Twice.\n"), []
    for batch, attributes in (("vsfb_1", {"year": 2024}), ("vsfb_2", {})):
        job = attach(service, store, [(file, dict(attributes))], "ada", batch)
        batches.append(service.registry.batches.create("default", store.id, job, batch))
    attach(service, store, [(file, {})], "ada")
    assert [counts_of_batch(service, store, batch).total for batch in batches] == [1, 1]
    assert service.registry.attachments.get("default", store.id, file.id).attributes == {"year": 2024}


def test_files_without_a_document_are_counted_by_their_jobs(service: Service, store: VectorStore) -> None:
    file = received(service, b"Counted.\n")
    rows = [Attachment(store.id, f"file-{n}", f"{n:064}", "a.txt", job=f"gone-{n}") for n in range(150)]
    service.registry.attachments.add("default", rows)
    job = attach(service, store, [(file, {})], "ada")
    service.library("default").catalog.jobs.cancel(job)
    assert counts_of(service, store).by_state == {"in_progress": 0, "completed": 0, "failed": 150, "cancelled": 1}


def test_a_document_is_called_like_the_file_that_is_left_of_two(service: Service, store: VectorStore) -> None:
    first, second = received(service, b"Same.\n", "first.txt"), received(service, b"Same.\n", "second.txt")
    attach(service, store, [(first, {}), (second, {})], "ada")
    work_off(service.settings)
    [row] = service.library("default").catalog.documents()
    gone = service.registry.attachments.get("default", store.id, file_and_name(service, "default", row)[0])
    detach(service, "default", store, gone)
    [left] = {(each.id, each.name) for each in (first, second)} - {(gone.file, gone.name)}
    assert file_and_name(service, "default", row) == left


def test_the_file_of_a_document_is_made_one_of_its_own_only_once(service: Service, store: VectorStore) -> None:
    attach(service, store, [(received(service, b"Adopted.\n"), {})], "ada")
    work_off(service.settings)
    [row] = service.library("default").catalog.documents()
    id = f"file-{row.id.replace('-', '')}"
    virtual = files_of_ids(service, "default", [id])[id]
    for _ in range(2):
        adopt(service, "default", virtual)
    assert files_of_ids(service, "default", [id])[id].state == "ready"
