"""``/v1/uploads``: files that come in parts."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import APIStatusError, BadRequestError, ConflictError, NotFoundError, OpenAI
from openai.types import FileObject, Upload
from openai.types.uploads import UploadPart

from docqa.registry import open_registry
from docqa.settings import Settings
from ingest.library import Library
from ingest.pipeline.uploads import keep
from tests.docqa.api.strict import strict
from tests.servers.api import serving

LINES = b"".join(b"Line %d of the minutes of Ostervik.\n" % number for number in range(20_000))
MD5 = hashlib.md5(LINES, usedforsecurity=False).hexdigest()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the service that the tests of this module share; largest file: 1 MiB."""
    return Settings(data_dir=tmp_path_factory.mktemp("uploads") / "library", max_file_mb=1)


@pytest.fixture(scope="module")
def base(service: Settings) -> Iterator[str]:
    """Its address."""
    with serving(service) as address:
        yield address


def kept(settings: Settings) -> set[str]:
    """The hashes of all bytes that are kept."""
    return {path.name for path in (settings.root / "files").rglob("*") if path.is_file()}


def begin(client: OpenAI, size: int, name: str = "minutes.txt") -> Upload:
    return client.uploads.create(bytes=size, filename=name, mime_type="text/plain", purpose="assistants")


def add(client: OpenAI, upload: Upload, content: bytes) -> str:
    return client.uploads.parts.create(upload.id, data=content).id


def test_a_file_in_parts_is_put_together(client: OpenAI, service: Settings) -> None:
    done = client.uploads.upload_file_chunked(
        file=LINES, filename="minutes.txt", bytes=len(LINES), mime_type="text/plain", purpose="assistants",
        part_size=100_000, md5=MD5,
    )  # fmt: skip
    assert done.status == "completed"
    assert done.file
    assert (done.file.bytes, done.file.filename) == (len(LINES), "minutes.txt")
    assert client.files.content(done.file.id).read() == LINES
    assert kept(service) == {hashlib.sha256(LINES).hexdigest()}
    client.files.delete(done.file.id)


def test_a_path_is_uploaded_in_parts_too(client: OpenAI, tmp_path: Path) -> None:
    (tmp_path / "minutes.md").write_bytes(LINES)
    done = client.uploads.upload_file_chunked(
        file=tmp_path / "minutes.md", mime_type="text/markdown", purpose="user_data", part_size=500_000
    )
    assert done.file
    assert (done.file.purpose, done.file.filename) == ("user_data", "minutes.md")


def test_the_order_is_that_of_the_ids_and_not_of_the_arrival(client: OpenAI) -> None:
    pieces = [LINES[at : at + 50_000] for at in range(0, len(LINES), 50_000)]
    upload, ids = begin(client, len(LINES)), {}
    for number in random.Random(7).sample(range(len(pieces)), len(pieces)):
        ids[number] = add(client, upload, pieces[number])
    done = client.uploads.complete(upload.id, part_ids=[ids[number] for number in sorted(ids)], md5=MD5)
    assert done.file
    assert client.files.content(done.file.id).read() == LINES


def test_every_answer_is_as_openai_publishes_it(base: str) -> None:
    asked = {"bytes": 4, "filename": "a.txt", "mime_type": "text/plain", "purpose": "assistants"}
    with httpx.Client(base_url=f"{base}/v1") as http:
        made = strict(Upload, http.post("/uploads", json=asked).json())
        part = strict(UploadPart, http.post(f"/uploads/{made.id}/parts", files={"data": b"Text"}).json())
        assert part.upload_id == made.id
        done = strict(Upload, http.post(f"/uploads/{made.id}/complete", json={"part_ids": [part.id]}).json())
        assert isinstance(done.file, FileObject)
        assert strict(Upload, http.post("/uploads", json=asked).json()).status == "pending"
    assert 3590 < made.expires_at - time.time() <= 3600


def test_completing_once_more_gives_the_same_file(client: OpenAI) -> None:
    upload = begin(client, 4)
    part = add(client, upload, b"Text")
    done = client.uploads.complete(upload.id, part_ids=[part])
    assert client.uploads.complete(upload.id, part_ids=[part]) == done


def test_a_part_is_no_file(client: OpenAI) -> None:
    part = add(client, begin(client, 4), b"Text")
    assert part not in [file.id for file in client.files.list()]
    with pytest.raises(NotFoundError):
        client.files.content(part)


def test_bytes_other_than_those_announced_are_refused_and_the_upload_stays_open(client: OpenAI) -> None:
    upload = begin(client, 8)
    first = add(client, upload, b"Half")
    with pytest.raises(BadRequestError, match="4 bytes, and 8 were announced"):
        client.uploads.complete(upload.id, part_ids=[first])
    with pytest.raises(BadRequestError, match="more than the 8 bytes"):
        add(client, upload, b"Too much")
    with pytest.raises(BadRequestError, match="has no part") as raised:
        client.uploads.complete(upload.id, part_ids=[first, "part_0"])
    assert raised.value.param == "part_ids.1"
    with pytest.raises(BadRequestError, match="MD5") as raised:
        client.uploads.complete(upload.id, part_ids=[first, first], md5="0" * 32)
    assert raised.value.param == "md5"
    assert client.uploads.complete(upload.id, part_ids=[first, add(client, upload, b"more")]).status == "completed"


def test_what_is_no_document_is_found_when_it_is_put_together(client: OpenAI) -> None:
    upload = begin(client, 8, "picture.pdf")
    part = add(client, upload, b"\x89PNG\r\n\x1a\n")
    with pytest.raises(APIStatusError) as raised:
        client.uploads.complete(upload.id, part_ids=[part])
    assert (raised.value.status_code, raised.value.code) == (415, "unsupported_file")


def test_a_cancelled_upload_takes_nothing_more_and_leaves_nothing(client: OpenAI, service: Settings) -> None:
    upload, content = begin(client, 40), b"The parts of what is cancelled."
    part = add(client, upload, content)
    assert hashlib.sha256(content).hexdigest() in kept(service)
    assert client.uploads.cancel(upload.id).status == client.uploads.cancel(upload.id).status == "cancelled"
    assert hashlib.sha256(content).hexdigest() not in kept(service)
    with pytest.raises(ConflictError, match="cancelled"):
        add(client, upload, b"more")
    with pytest.raises(APIStatusError):
        client.uploads.complete(upload.id, part_ids=[part])


def test_a_complete_upload_cannot_be_cancelled(client: OpenAI) -> None:
    upload = begin(client, 4)
    client.uploads.complete(upload.id, part_ids=[add(client, upload, b"Text")])
    with pytest.raises(ConflictError, match="completed"):
        client.uploads.cancel(upload.id)


def test_an_upload_that_waits_too_long_expires(client: OpenAI, service: Settings) -> None:
    with open_registry(service) as registry:
        old = registry.uploads.create("default", "a.txt", "assistants", 4, "text/plain", lifetime=-1)
    with pytest.raises(ConflictError, match="expired"):
        client.uploads.parts.create(old.id, data=b"Text")
    with pytest.raises(ConflictError, match="expired"):
        client.uploads.cancel(old.id)


@pytest.mark.parametrize(
    ("wrong", "status", "param"),
    [
        ({"bytes": 2 << 20}, 413, None),
        ({"bytes": 0}, 400, "bytes"),
        ({"purpose": "vision"}, 400, "purpose"),
        ({"filename": ""}, 400, "filename"),
        ({"expires_after": {"anchor": "created_at", "seconds": 60}}, 400, "expires_after.seconds"),
    ],
)
def test_a_wrong_announcement_is_refused(base: str, wrong: dict[str, object], status: int, param: str | None) -> None:
    asked = {"bytes": 4, "filename": "a.txt", "mime_type": "text/plain", "purpose": "assistants"}
    answer = httpx.post(f"{base}/v1/uploads", json={**asked, **wrong})
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)


def test_the_file_of_an_upload_expires_when_that_was_asked_for(client: OpenAI) -> None:
    hour: Any = {"anchor": "created_at", "seconds": 3600}
    about: Any = {"bytes": 4, "filename": "a.txt", "mime_type": "text/plain", "purpose": "assistants"}
    upload = client.uploads.create(**about, expires_after=hour)
    part = client.uploads.parts.create(upload.id, data=b"Text")
    file = client.uploads.complete(upload.id, part_ids=[part.id]).file
    assert file
    assert file.expires_at
    assert abs(file.expires_at - file.created_at - 3600) <= 1


def test_an_unknown_upload_is_not_found(client: OpenAI) -> None:
    with pytest.raises(NotFoundError):
        client.uploads.cancel("upload_0")
    with pytest.raises(NotFoundError):
        client.uploads.parts.create("upload_0", data=b"Text")
    with pytest.raises(NotFoundError):
        client.uploads.complete("upload_0", part_ids=["part_0"])


def test_of_several_that_complete_an_upload_at_once_nobody_gets_another_file(client: OpenAI, base: str) -> None:
    upload = begin(client, 4)
    asked = {"part_ids": [add(client, upload, b"Race")]}
    with ThreadPoolExecutor(6) as threads:
        path = f"{base}/v1/uploads/{upload.id}/complete"
        answers = list(threads.map(lambda _: httpx.post(path, json=asked, timeout=60), range(6)))
    done = [answer.json()["file"]["id"] for answer in answers if answer.status_code == 200]
    assert len(set(done)) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}


def test_a_file_whose_upload_was_never_told_complete_goes_with_it(client: OpenAI, service: Settings) -> None:
    upload, content = begin(client, 30), b"Killed when it was together.\n"
    add(client, upload, content)
    with Library.open(service) as library, library.files.receive() as receiving:
        receiving.write(content)
        keep(library, receiving, "a.txt", "assistants", id=f"file-{upload.id.removeprefix('upload_')}")
    client.uploads.cancel(upload.id)
    assert hashlib.sha256(content).hexdigest() not in kept(service)
