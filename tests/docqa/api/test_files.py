"""``/v1/files``: uploaded, listed, fetched, deleted; whatever is wrong leaves nothing behind."""

from __future__ import annotations

import hashlib
import shutil
import socket
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pymupdf
import pytest
from openai import BadRequestError, ConflictError, NotFoundError, OpenAI
from openai.types import FileDeleted, FileObject

from docqa.settings import Settings
from ingest.catalog.uploads import Upload
from ingest.library import Library
from tests.docqa.api.strict import strict
from tests.servers.api import client_of, serving

TEXT = b"The harbour of Ostervik was opened in 1911.\n"
HOUR = {"anchor": "created_at", "seconds": 3600}


@pytest.fixture(scope="module")
def service(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the service that the tests of this module share; largest file: 1 MiB."""
    place = tmp_path_factory.mktemp("files") / "library"
    shutil.copytree(stocked, place)
    return Settings(data_dir=place, max_file_mb=1, body_seconds=2)


@pytest.fixture(scope="module")
def base(service: Settings) -> Iterator[str]:
    """Its address."""
    with serving(service) as address:
        yield address


def upload(client: OpenAI, content: bytes = TEXT, name: str = "harbour.txt", **more: Any) -> FileObject:
    return client.files.create(file=(name, content), purpose=more.pop("purpose", "assistants"), **more)


def post(base: str, name: str, content: bytes, purpose: str = "assistants") -> httpx.Response:
    """An upload without the client, which would have its own idea of names."""
    return httpx.post(f"{base}/v1/files", data={"purpose": purpose}, files={"file": (name, content)}, timeout=60)


def kept(settings: Settings) -> set[str]:
    """What is in the folders of files: hashes, and files that are on their way."""
    folders = (settings.root / "files" / "default", settings.root / "incoming")
    return {path.name for folder in folders for path in folder.rglob("*") if path.is_file() and path.name != "lock"}


def test_a_file_comes_back_as_it_was_uploaded(client: OpenAI) -> None:
    file = upload(client, purpose="user_data")
    assert (file.bytes, file.filename, file.purpose, file.status) == (
        len(TEXT),
        "harbour.txt",
        "user_data",
        "processed",
    )
    assert client.files.retrieve(file.id) == file == client.files.wait_for_processing(file.id)
    assert client.files.content(file.id).read() == TEXT
    assert client.files.delete(file.id).deleted
    with pytest.raises(NotFoundError, match=file.id):
        client.files.retrieve(file.id)


def test_every_answer_is_as_openai_publishes_it(base: str) -> None:
    made = post(base, "a.txt", TEXT).json()
    assert strict(FileObject, made).id == made["id"]
    assert strict(FileObject, httpx.get(f"{base}/v1/files/{made['id']}").json()) == strict(FileObject, made)
    listed = httpx.get(f"{base}/v1/files", params={"limit": 1}).json()
    assert listed.keys() == {"object", "data", "first_id", "last_id", "has_more"}
    assert strict(FileObject, listed["data"][0]).id == listed["first_id"] == made["id"]
    strict(FileDeleted, httpx.delete(f"{base}/v1/files/{made['id']}").json())


def test_the_same_bytes_are_kept_until_the_last_file_of_them_goes(client: OpenAI, service: Settings) -> None:
    content = b"Twice the same.\n"
    one, other = upload(client, content), upload(client, content, "other.txt")
    client.files.delete(one.id)
    assert client.files.content(other.id).read() == content
    client.files.delete(other.id)
    assert hashlib.sha256(content).hexdigest() not in kept(service)


def test_files_are_listed_by_time_and_page_by_page(client: OpenAI) -> None:
    ids = [upload(client, name=f"{number}.txt").id for number in range(5)]
    newest_first = [file.id for file in client.files.list(limit=2)]
    assert newest_first[:5] == ids[::-1]
    assert [file.id for file in client.files.list(order="asc", after=ids[1])] == ids[2:]
    assert [len(page.data) for page in client.files.list(limit=2, order="asc", after=ids[0]).iter_pages()] == [2, 2]
    with pytest.raises(NotFoundError):
        client.files.list(after="file-0")


def test_files_are_listed_by_purpose(client: OpenAI) -> None:
    mine, other = upload(client, purpose="user_data"), upload(client)
    assert mine.id in [file.id for file in client.files.list(purpose="user_data")]
    assert other.id not in [file.id for file in client.files.list(purpose="user_data")]
    assert list(client.files.list(purpose="part")) == list(client.files.list(purpose="vision")) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../../etc/passwd", "passwd"), ("..", "file"), ("x" * 300 + ".txt", None)],
)
def test_a_name_leads_nowhere(base: str, service: Settings, name: str, shown: str | None) -> None:
    answer = post(base, name, b"# A name\n")
    assert answer.status_code == 200
    assert answer.json()["filename"] == (shown or "x" * 196 + ".txt")
    assert not (service.root.parent / "etc").exists()


def test_a_pdf_is_known_by_its_content_whatever_it_is_called(client: OpenAI) -> None:
    with pymupdf.open() as document:
        document.new_page().insert_text((72, 72), "The harbour of Ostervik")
        content = document.tobytes()
    assert upload(client, content, "upload").bytes == len(content)
    assert client.files.create(file=BytesIO(content), purpose="assistants").filename == "upload"


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("picture.pdf", b"\x89PNG\r\n\x1a\n" + bytes(2000), 415, "unsupported_file"),
        ("text.pdf", TEXT, 415, "unsupported_file"),
        ("report.docx", b"PK\x03\x04" + bytes(2000), 415, "unsupported_file"),
        ("binary.txt", bytes(range(256)) * 20, 415, "unsupported_file"),
        ("empty.txt", b"", 400, "empty_file"),
        ("large.txt", b"large " * 200_000, 413, "file_too_large"),
    ],
)
def test_what_cannot_be_taken_in_is_refused_and_leaves_nothing(
    base: str, service: Settings, name: str, content: bytes, status: int, code: str
) -> None:
    before = kept(service)
    answer = post(base, name, content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert kept(service) == before


@pytest.mark.parametrize(
    ("purpose", "told"), [("vision", "use 'assistants'"), ("anything", "There is no purpose 'anything'")]
)
def test_another_purpose_is_refused_and_names_those_that_there_are(client: OpenAI, purpose: str, told: str) -> None:
    with pytest.raises(BadRequestError, match=told) as raised:
        upload(client, purpose=purpose)
    assert raised.value.param == "purpose"


def test_a_form_without_a_purpose_names_the_field(base: str) -> None:
    answer = httpx.post(f"{base}/v1/files", files={"file": ("a.txt", TEXT)})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "purpose")


def test_a_body_that_never_ends_is_ended_at_the_limit(base: str, service: Settings) -> None:
    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        while True:
            yield b"never ends " * 1000

    before = kept(service)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    try:
        answer = httpx.post(f"{base}/v1/files", content=endless(), headers=headers, timeout=60)
        assert answer.status_code == 413
    except httpx.WriteError:
        pass  # it was still sending when the connection was closed
    assert kept(service) == before


def test_nothing_remains_of_a_file_whose_client_left(settings: Settings) -> None:
    head = b"POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000000\r\n"
    form = b'Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; name="file"; '
    with serving(settings) as base:
        before, address = kept(settings), httpx.URL(base)
        with socket.create_connection((address.host, address.port or 80)) as connection:
            connection.sendall(head + form + b'filename="a.txt"\r\n\r\n' + b"Half a file. " * 200_000)
            while kept(settings) == before:
                time.sleep(0.02)
        while kept(settings) != before:
            time.sleep(0.02)


def test_a_full_disk_is_told_and_what_fits_comes_in_after(
    small_disk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = Settings(data_dir=tmp_path_factory.mktemp("elsewhere"), files_url=str(small_disk / "files"))
    with serving(settings) as base, client_of(base) as client:
        answer = post(base, "large.txt", b"It is too much. " * 400_000)
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
        assert upload(client).bytes == len(TEXT)
        assert len([path for path in small_disk.rglob("*") if path.is_file() and path.name != "lock"]) == 1


def test_a_file_expires(client: OpenAI, base: str, service: Settings) -> None:
    file = upload(client, b"Soon gone.\n", expires_after=HOUR)
    assert file.expires_at
    assert abs(file.expires_at - time.time() - 3600) < 60
    with Library.open(service) as library, library.files.receive() as receiving:
        receiving.write(b"Gone.\n")
        gone = Upload(f"file-{'0' * 32}", receiving.sha256, 6, "gone.txt", "assistants", expires=time.time() - 1)
        library.catalog.uploads.begin(gone)
        receiving.keep()
        library.catalog.uploads.ready(gone.id)
    assert gone.id not in [each.id for each in client.files.list()]
    assert httpx.get(f"{base}/v1/files/{gone.id}/content").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"anchor": "created_at", "seconds": 5}, "expires_after[seconds]"),
        ({"anchor": "created_at", "seconds": "many"}, "expires_after[seconds]"),
        ({"anchor": "created_at"}, "expires_after[seconds]"),
        ({"anchor": "now", "seconds": 3600}, "expires_after[anchor]"),
    ],
)
def test_a_wrong_expiry_is_refused(client: OpenAI, wrong: Any, param: str) -> None:
    with pytest.raises(BadRequestError) as raised:
        upload(client, expires_after=wrong)
    assert raised.value.param == param


def test_a_document_of_the_command_line_is_a_file_too(settings: Settings) -> None:
    with Library.open(settings) as library:
        (row,) = library.catalog.documents(["harbours"])
    id = f"file-{row.id.replace('-', '')}"
    with serving(settings) as base, client_of(base) as client:
        assert client.files.retrieve(id).filename == "harbours.md"
        assert b"1911" in client.files.content(id).read()
        assert client.files.delete(id).deleted
        assert [store.file_counts.total for store in client.vector_stores.list() if store.name == "harbours"] == []


def test_a_document_that_is_attached_as_well_is_deleted_by_the_attached_file(settings: Settings) -> None:
    with Library.open(settings) as library:
        (row,) = library.catalog.documents(["harbours"])
        with library.files.local(row.sha256) as path:
            content = path.read_bytes()
    id = f"file-{row.id.replace('-', '')}"
    with serving(settings) as base, client_of(base) as client:
        (store,) = [each for each in client.vector_stores.list() if each.name == "harbours"]
        file = upload(client, content, "same.md")
        client.vector_stores.files.create(store.id, file_id=file.id)
        with pytest.raises(ConflictError, match=file.id):
            client.files.delete(id)
        client.files.delete(file.id)
        assert client.files.delete(id).deleted


@pytest.mark.parametrize("id", ["file-1", f"file-{'f' * 32}", f"part_{'0' * 32}", "ü" * 50])
def test_an_unknown_id_is_not_found(base: str, id: str) -> None:
    for method, path in (("GET", id), ("GET", f"{id}/content"), ("DELETE", id)):
        answer = httpx.request(method, f"{base}/v1/files/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
