"""``/v1/vector_stores/…/files``: put in, followed until they are taken in, read, taken out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pymupdf
import pytest
from openai import BadRequestError, ConflictError, NotFoundError, OpenAI
from openai.types.vector_stores import FileContentResponse, VectorStoreFile, VectorStoreFileDeleted

from docqa.registry.stores import store_id
from docqa.settings import Settings
from ingest.library import Library
from tests.docqa.api.strict import strict
from tests.servers.api import client_of, serving
from tests.servers.inprocess import work_off, working
from tests.servers.workers import workers

HARBOURS = store_id("default", "harbours")


@pytest.fixture(scope="module")
def service(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the service that the tests of this module share, with a worker beside it."""
    place = tmp_path_factory.mktemp("store-files") / "library"
    shutil.copytree(stocked, place)
    return Settings(data_dir=place)


@pytest.fixture(scope="module")
def base(service: Settings) -> Iterator[str]:
    """Its address."""
    with serving(service) as address, working(service):
        yield address


@pytest.fixture
def store(client: OpenAI, request: pytest.FixtureRequest) -> str:
    """The id of an empty store of the test's own."""
    return client.vector_stores.create(name=request.node.name[:60]).id


def upload(client: OpenAI, content: bytes | str, name: str = "log.txt") -> str:
    content = content.encode() if isinstance(content, str) else content
    return client.files.create(file=(name, content), purpose="assistants").id


def take_in(client: OpenAI, store: str, content: bytes | str, name: str = "log.txt") -> VectorStoreFile:
    file = upload(client, content, name)
    return client.vector_stores.files.create_and_poll(file, vector_store_id=store, poll_interval_ms=20)


def pdf(pages: int, password: str = "") -> bytes:
    with pymupdf.open() as document:
        for number in range(1, pages + 1):
            document.new_page().insert_text((72, 72), f"Page {number} tells of ship number {number * 11}.")
        locked = {"encryption": pymupdf.PDF_ENCRYPT_AES_256, "user_pw": password} if password else {}
        return bytes(document.tobytes(**locked))


def test_a_file_is_put_in_and_followed_until_it_is_taken_in(client: OpenAI, store: str) -> None:
    file = take_in(client, store, "The pilot boat Terna.\n")
    assert (file.status, file.last_error, file.vector_store_id) == ("completed", None, store)
    assert file.usage_bytes == len("The pilot boat Terna.\n")
    assert client.vector_stores.files.retrieve(file.id, vector_store_id=store) == file


def test_a_file_is_uploaded_and_put_in_with_one_call(client: OpenAI, store: str) -> None:
    file = client.vector_stores.files.upload_and_poll(
        vector_store_id=store, file=("ship.pdf", pdf(2)), attributes={"class": "pilot"}, poll_interval_ms=20
    )
    assert (file.status, file.attributes) == ("completed", {"class": "pilot"})


def test_every_answer_is_as_openai_publishes_it(base: str, client: OpenAI, store: str) -> None:
    file = upload(client, "The buoys of Ostervik.\n")
    with httpx.Client(base_url=f"{base}/v1/vector_stores/{store}/") as http:
        made = strict(VectorStoreFile, http.post("files", json={"file_id": file, "attributes": {"n": 1}}).json())
        client.vector_stores.files.poll(file, vector_store_id=store, poll_interval_ms=20)
        assert strict(VectorStoreFile, http.get(f"files/{file}").json()).id == made.id == file
        assert strict(VectorStoreFile, http.post(f"files/{file}", json={"attributes": None}).json()).attributes == {}
        listed = http.get("files").json()
        assert listed.keys() == {"object", "data", "first_id", "last_id", "has_more"}
        assert strict(VectorStoreFile, listed["data"][0]).id == file
        content = http.get(f"files/{file}/content").json()
        assert content.keys() == {"object", "data", "has_more", "next_page"}
        assert strict(FileContentResponse, content["data"][0]).text == "The buoys of Ostervik."
        strict(VectorStoreFileDeleted, http.delete(f"files/{file}").json())


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (pdf(1, "secret"), "locked.pdf", "password"),
        (b"%PDF-1.7\nbroken", "broken.pdf", "damaged"),
        (b" \n \n", "blank.txt", "no text"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(client: OpenAI, store: str, content: bytes, name: str, told: str) -> None:
    file = take_in(client, store, content, name)
    assert file.status == "failed"
    assert file.last_error
    assert file.last_error.code == "invalid_file"
    assert told in file.last_error.message
    assert client.vector_stores.retrieve(store).file_counts.failed == 1


def test_a_file_that_failed_is_tried_anew_when_it_is_put_in_again(client: OpenAI, store: str) -> None:
    file = take_in(client, store, pdf(1, "secret"), "locked.pdf")
    client.vector_stores.files.create_and_poll(file.id, vector_store_id=store, poll_interval_ms=20)
    assert client.vector_stores.files.retrieve(file.id, vector_store_id=store).status == "failed"
    assert client.vector_stores.retrieve(store).file_counts.total == 1


def test_files_are_listed_page_by_page_and_by_state(client: OpenAI, store: str) -> None:
    good = [take_in(client, store, f"The berth number {number}.\n").id for number in range(4)]
    bad = take_in(client, store, b"%PDF-1.7\nbroken", "broken.pdf").id
    files = client.vector_stores.files
    assert [file.id for file in files.list(store, limit=2)] == [bad, *good[::-1]]
    assert [file.id for file in files.list(store, order="asc", after=good[1], limit=1)] == [*good[2:], bad]
    assert [file.id for file in files.list(store, filter="completed", limit=2)] == good[::-1]
    assert [file.id for file in files.list(store, filter="failed")] == [bad]
    assert list(files.list(store, filter="cancelled")) == []
    page = files.list(store, order="asc", before=good[3], limit=2)
    assert ([file.id for file in page.data], page.has_more) == (good[1:3], True)
    with pytest.raises(NotFoundError):
        files.list(store, after="file-0")


def test_documents_of_the_command_line_come_after_the_files(client: OpenAI) -> None:
    files = client.vector_stores.files
    (document,) = files.list(HARBOURS)
    attached = take_in(client, HARBOURS, "Something new of the harbour.\n").id
    assert [file.id for file in files.list(HARBOURS, limit=1)] == [attached, document.id]
    assert list(files.list(HARBOURS, after=document.id)) == []
    with pytest.raises(BadRequestError, match="'after'"):
        files.list(HARBOURS, before=document.id)
    assert "1911" in str(files.content(document.id, vector_store_id=HARBOURS).data[0].text)


def test_such_a_document_gets_attributes_and_goes_into_other_stores(client: OpenAI, store: str) -> None:
    files, harbours = client.vector_stores.files, client.vector_stores.create(name="Copy")
    (document, *_) = [file for file in files.list(HARBOURS) if client.files.retrieve(file.id).filename == "harbours.md"]
    assert files.update(document.id, vector_store_id=HARBOURS, attributes={"kind": "guide"}).status == "completed"
    assert files.retrieve(document.id, vector_store_id=HARBOURS).attributes == {"kind": "guide"}
    copied = files.create_and_poll(document.id, vector_store_id=harbours.id, poll_interval_ms=20)
    assert (copied.id, copied.status) == (document.id, "completed")
    assert client.vector_stores.retrieve(harbours.id).file_counts.total == 1


def test_a_document_of_the_command_line_is_taken_out_by_its_own_id(settings: Settings) -> None:
    with serving(settings) as base, client_of(base) as client:
        (document,) = client.vector_stores.files.list(HARBOURS)
        assert client.vector_stores.files.delete(document.id, vector_store_id=HARBOURS).deleted
        assert list(client.vector_stores.files.list(HARBOURS)) == []


def test_files_with_the_same_bytes_are_one_document_that_goes_with_the_last(
    client: OpenAI, store: str, service: Settings
) -> None:
    one, other = (take_in(client, store, "The same log twice.\n", name).id for name in ("a.txt", "b.txt"))
    assert client.vector_stores.retrieve(store).file_counts.completed == 2
    client.vector_stores.files.delete(one, vector_store_id=store)
    assert client.vector_stores.files.retrieve(other, vector_store_id=store).status == "completed"
    client.vector_stores.files.delete(other, vector_store_id=store)
    assert client.vector_stores.search(store, query="The same log").data == []
    assert client.files.retrieve(other).filename == "b.txt"


def test_a_file_that_the_command_line_has_too_stays_when_the_upload_is_taken_out(settings: Settings) -> None:
    with Library.open(settings) as library:
        (row,) = library.catalog.documents(["harbours"])
        with library.files.local(row.sha256) as path:
            content = path.read_bytes()
    with serving(settings) as base, client_of(base) as client:
        files = client.vector_stores.files
        (document,) = files.list(HARBOURS)
        file = files.create(HARBOURS, file_id=upload(client, content, "same.md"))
        assert file.status == "completed"
        assert [each.id for each in files.list(HARBOURS)] == [file.id]
        with pytest.raises(ConflictError, match=file.id):
            files.delete(document.id, vector_store_id=HARBOURS)
        files.delete(file.id, vector_store_id=HARBOURS)
        assert [each.id for each in files.list(HARBOURS)] == [document.id]


def test_deleting_a_file_takes_it_out_of_every_store(client: OpenAI, service: Settings) -> None:
    stores = [client.vector_stores.create(name=f"Everywhere {number}").id for number in range(2)]
    file = upload(client, "It is everywhere.\n")
    for store in stores:
        client.vector_stores.files.create_and_poll(file, vector_store_id=store, poll_interval_ms=20)
    client.files.delete(file)
    assert [client.vector_stores.retrieve(store).file_counts.total for store in stores] == [0, 0]
    with Library.open(service) as library:
        assert library.catalog.documents(["Everywhere 0", "Everywhere 1"]) == []


def test_the_content_is_the_text_page_by_page(client: OpenAI, store: str) -> None:
    file = take_in(client, store, pdf(40), "ships.pdf")
    content = client.vector_stores.files.content(file.id, vector_store_id=store).data
    expected = [f"Page {number} tells of ship number {number * 11}." for number in range(1, 41)]
    assert [(each.type, each.text) for each in content] == [("text", text) for text in expected]


def test_a_long_page_comes_whole_though_its_chunks_overlap(client: OpenAI, store: str) -> None:
    text = " ".join(f"Sentence number {number} is about berth {number * 7}." for number in range(120))
    file = take_in(client, store, text)
    pages = client.vector_stores.files.content(file.id, vector_store_id=store).data
    assert " ".join(word for page in pages for word in str(page.text).split()) == text


def test_a_file_that_waits_has_no_content_yet_and_can_be_taken_out(settings: Settings) -> None:
    with serving(settings) as base, client_of(base) as client:
        store = client.vector_stores.create(name="Waiting")
        file = client.vector_stores.files.create(store.id, file_id=upload(client, "Not yet.\n"))
        assert (file.status, file.usage_bytes) == ("in_progress", 0)
        assert client.vector_stores.retrieve(store.id).status == "in_progress"
        with pytest.raises(ConflictError, match="has not been taken in"):
            client.vector_stores.files.content(file.id, vector_store_id=store.id)
        client.vector_stores.files.delete(file.id, vector_store_id=store.id)
        work_off(settings)
        assert client.vector_stores.retrieve(store.id).file_counts.total == 0


def test_wrong_attributes_are_refused(client: OpenAI, base: str, store: str) -> None:
    file = upload(client, "Attributes.\n")
    for wrong in ({"k" * 65: 1}, {"k": "v" * 513}, {"k": None}, {"k": [1]}, {str(n): n for n in range(17)}):
        answer = httpx.post(f"{base}/v1/vector_stores/{store}/files", json={"file_id": file, "attributes": wrong})
        assert answer.status_code == 400
        assert answer.json()["error"]["param"].startswith("attributes")


def test_what_is_not_there_is_not_found(client: OpenAI, store: str) -> None:
    files, elsewhere = client.vector_stores.files, upload(client, "Elsewhere.\n")
    for file in ("file-0", elsewhere):
        for act in (files.retrieve, files.delete, files.content):
            with pytest.raises(NotFoundError):
                act(file, vector_store_id=store)
    with pytest.raises(NotFoundError) as raised:
        files.create(store, file_id="file-0")
    assert raised.value.param == "file_id"


@pytest.mark.slow
def test_a_worker_is_woken_by_what_is_put_in(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with workers(settings.root, tmp_path), serving(settings) as base, client_of(base) as client:
        store = client.vector_stores.create(name="Awake").id
        assert take_in(client, store, "The worker Brage was asleep.\n").status == "completed"
        assert client.vector_stores.search(store, query="Who was asleep?").data[0].filename == "log.txt"
