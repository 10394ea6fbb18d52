"""What has expired or was left behind goes without anybody asking for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from docqa.api.service import Service
from docqa.api.storing import sweeping
from docqa.api.storing.stores import has_expired
from docqa.registry.attachments import Attachment
from docqa.registry.tables import runs, stores
from docqa.settings import Settings
from ingest.catalog.uploads import Upload
from ingest.errors import NotFoundError
from ingest.pipeline.uploads import keep


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service.open(Settings(data_dir=tmp_path / "library"))
    yield service
    service.close()


def received(service: Service, content: bytes, tenant: str = "default", expires: float | None = None) -> Upload:
    """A file of a tenant; one that has expired was kept before."""
    library = service.library(tenant)
    with library.files.receive() as receiving:
        receiving.write(content)
        if expires is None:
            return keep(library, receiving, "a.txt", "assistants")
        upload = Upload(f"file-{'1' * 32}", receiving.sha256, receiving.size, "a.txt", "assistants", expires=expires)
        library.catalog.uploads.begin(upload)
        receiving.keep()
        library.catalog.uploads.ready(upload.id)
        return upload


@pytest.mark.parametrize("tenant", ["default", "another"])
def test_an_expired_file_goes_with_its_bytes_and_out_of_its_stores(service: Service, tenant: str) -> None:
    old, other = received(service, b"Old.\n", tenant, time.time() - 1), received(service, b"Other.\n", tenant)
    store = service.registry.stores.create(tenant, "Papers")
    service.registry.attachments.add(tenant, [Attachment(store.id, each.id, each.sha256, "a") for each in (old, other)])
    sweeping.sweep(service)
    assert list(service.library(tenant).files.all()) == [other.sha256]
    assert [each.file for each in service.registry.attachments.page(tenant, store.id)] == [other.id]


def test_the_parts_of_an_expired_upload_go(service: Service) -> None:
    library = service.library("default")
    upload = service.registry.uploads.create("default", "a.txt", "assistants", 4, "text/plain")
    with library.files.receive() as receiving:
        receiving.write(b"Text")
        part = keep(library, receiving, "part", "part", id="part_1")
    service.registry.uploads.add_part("default", upload.id, part.sha256, part.size, part.id)
    with service.registry.database.writing() as connection:
        connection.exec_driver_sql("UPDATE service_uploads SET expires = 0")
    sweeping.sweep(service)
    assert service.registry.uploads.expired() == []
    assert list(library.files.all()) == []


def test_an_expired_store_goes_and_others_stay(service: Service) -> None:
    old, young = (service.registry.stores.create("default", name, expires_after_days=1) for name in ("Old", "Young"))
    with service.registry.database.writing() as connection:
        connection.execute(stores.update().where(stores.c.id == old.id).values(last_active=0))
    assert has_expired(service.registry.stores.get("default", old.id))
    sweeping.sweep(service)
    assert service.registry.stores.get("default", young.id) == young
    with pytest.raises(NotFoundError):
        service.registry.stores.get("default", old.id)


def test_what_happened_in_answers_goes_after_the_days_that_are_set(service: Service) -> None:
    old, young = (service.registry.runs.begin("default", "ada", "chat", "Who?") for _ in range(2))
    for run in (old, young):
        service.registry.runs.end("default", run.id, "completed")
    with service.registry.database.writing() as connection:
        days = (service.settings.run_days + 1) * sweeping.DAY
        connection.execute(runs.update().where(runs.c.id == old.id).values(ended=time.time() - days))
    sweeping.sweep(service)
    assert [run.id for run in service.registry.runs.page("default")] == [young.id]


def test_what_cannot_be_removed_at_this_moment_is_left_to_the_next_time(service: Service) -> None:
    file, path = received(service, b"Old.\n", expires=time.time() - 1), service.settings.root / "service.sqlite"
    service.registry.database.close()
    whole = path.read_bytes()
    path.write_bytes(b"no database")
    sweeping.sweep(service)
    assert service.library("default").catalog.uploads.expired() == [("default", file.id)]
    service.registry.database.close()
    path.write_bytes(whole)
    sweeping.sweep(service)
    assert service.library("default").catalog.uploads.expired() == []
