"""What no client should send, in every place of every route: an error that says so, and nothing of the machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import pymupdf
import pytest

from docqa.api.app import create_app
from docqa.errors import ModelError
from docqa.llm import Completion
from docqa.llm.scripted import ScriptedModel
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.api.asking import PATIENCE, QUESTION, SEARCH, lines, told, user
from tests.docqa.api.belongings import Owner, owner, stock
from tests.docqa.api.probing import Route, routes_of
from tests.docqa.api.test_guarding import answer_of, sending
from tests.servers.api import client_of, serving
from tests.servers.inprocess import work_off

ROUTES = [route for route in routes_of(create_app(Settings())) if route.path.startswith("/v1")]
OF_THE_MACHINE = ("Traceback", 'File "', "site-packages", ".py", "/tmp/", "sqlite", "lance", "127.0.0.1:8000")


@dataclass(frozen=True)
class World:
    """A service, its settings, and somebody who has one of everything there."""

    settings: Settings
    base: str
    one: Owner


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("bad")
    settings = Settings(data_dir=place / "data", body_seconds=1, max_pages=2)
    with (
        open_registry(settings) as registry,
        serving(settings) as base,
        owner(base, registry, settings.tenant, admin=True) as one,
    ):
        stock(settings, one, place)
        yield World(settings, base, one)


def wrong(answer: httpx.Response, *statuses: int) -> list[str]:
    """What is wrong with an answer: an error of another shape or status, or one that tells of the machine."""
    faults = [f"tells '{each}'" for each in OF_THE_MACHINE if answer.is_error and each in answer.text]
    if answer.is_error and set(answer.json().get("error", ())) != {"message", "type", "param", "code"}:
        faults.append("has another shape")
    if answer.status_code not in statuses:
        faults.append(f"is {answer.status_code}: {answer.text[:200]}")
    return [f"{answer.request.method} {str(answer.request.url)[:200]} {each}" for each in faults]


BODIED = [route for route in ROUTES if not route.is_form and route.body({}) is not None]


def sent(world: World, route: Route, body: bytes) -> httpx.Response:
    """The answer to a body of whatever bytes."""
    kind = {"Content-Type": "application/json"}
    return world.one.client.request(route.method, route.filled(world.one.ids, {}), content=body, headers=kind)


@pytest.mark.parametrize(
    ("value", "statuses"),
    [
        pytest.param("\ud800", (400,), id="half of a surrogate pair"),
        pytest.param("a\0b", (400,), id="U+0000"),
        pytest.param(10**400, (400,), id="a huge number"),
        pytest.param([[[]]], (400,), id="lists"),
        pytest.param("x" * 1_000_000, (200, 400, 404), id="1 MB"),
        pytest.param("\U0001f40b\u202e\uffff", (200, 400, 404), id="unusual characters"),
    ],
)
def test_whatever_stands_where_a_text_belongs(world: World, value: Any, statuses: tuple[int, ...]) -> None:
    faults = []
    for route in BODIED:
        for place in (place for place in route.holding("string") if place.where == "body"):
            answer = sent(world, route, json.dumps(route.body({place: value})).encode())
            faults += [f"{place}: {fault}" for fault in wrong(answer, *statuses)]
    assert faults == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half of it"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"\xff": "\xc3("}', id="no UTF-8"),
        pytest.param(b'{"a": ' * 100_000 + b"1" + b"}" * 100_000, id="100,000 levels"),
        pytest.param(b"[" * 100_000, id="100,000 levels without an end"),
        pytest.param(b'{"a": 1e999, "b": NaN}', id="numbers that JSON does not have"),
    ],
)
def test_bodies_that_are_none(world: World, body: bytes) -> None:
    assert [fault for route in BODIED for fault in wrong(sent(world, route, body), 400)] == []


@pytest.mark.parametrize("number", [2**63, -(2**63), 10**400, "1e999", "one", "", "١"], ids=lambda each: str(each)[:20])
def test_whatever_stands_where_a_number_belongs(world: World, number: Any) -> None:
    faults = []
    for route in ROUTES:
        for place in route.holding("integer"):
            if place.where == "body":  # some fields have no effect, whatever they hold
                answer = sent(world, route, json.dumps(route.body({place: number})).encode())
                faults += wrong(answer, 200, 400, 404, 413)
            else:
                faults += wrong(route.call(world.one.client, world.one.ids, {place: str(number)}), 400, 404)
    assert faults == []


@pytest.mark.parametrize(
    "text",
    [
        "%ff%fe", "%ed%a0%80", "%00", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e", "x" * 8000, "9" * 400, "-1",
        "%F0%9F%90%8B", "'; DROP TABLE keys; --", "{file_id}", "%25s%25n", "%C2%85",
    ],
)  # fmt: skip
def test_whatever_stands_where_an_id_belongs(world: World, text: str) -> None:
    faults = []
    for route in ROUTES:
        for place in (place for place in route.places() if place.where != "body"):
            path = route.filled(world.one.ids, {place: text})
            query = f"?{place.names[0]}={text}" if place.where == "query" else ""
            answer = world.one.client.request(route.method, path + query, json=route.body({}))
            faults += wrong(answer, *((200, 400, 404) if query else (400, 404)))
    assert faults == []


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("Authorization", b"Bearer \xff\xfe", 401),
        ("Authorization", b"Bearer " + b"x" * 30_000, 401),
        ("Authorization", b"Basic " + b"eDp5" * 10, 401),
        ("Authorization", b"Bearer dq-" + "é".encode() * 21 + b"x", 401),
        ("Last-Event-ID", b"9" * 400, 400),
        ("Last-Event-ID", b"\xff", 400),
        ("Host", b"\xff\xfe", 200),
        ("X-Request-Id", b"\xff" * 1000, 200),
    ],
)
def test_headers_that_nobody_sends(world: World, name: str, value: bytes, status: int) -> None:
    path = f"/v1/responses/{world.one.ids['response']}"
    assert wrong(world.one.client.get(path, headers={name.encode(): value}), status) == []


@pytest.mark.parametrize("path", ["/v1/files", "/v1/uploads/{upload}/parts"])
def test_a_form_that_stands_still_is_given_up(world: World, path: str) -> None:
    lines = ["Content-Type: multipart/form-data; boundary=x", "Content-Length: 9999"]
    lines.append(f"Authorization: Bearer {world.one.key}")
    with sending(world.base, *lines, path=path.format(**world.one.ids)) as connection:
        connection.sendall(b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nA')
        status, error = answer_of(connection)
    assert (status, error["code"], error["type"]) == (408, "request_timeout", "invalid_request_error")


def bomb() -> bytes:
    """A DOCX whose text takes a thousand times its bytes."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as file, file.open("word/document.xml", "w", force_zip64=True) as text:
        for _ in range(128):
            text.write(bytes(1 << 20))
    return packed.getvalue()


def test_a_zip_bomb_is_not_unpacked_whatever_it_is_called(world: World) -> None:
    content, client = bomb(), world.one.client
    for name in ("report.docx", "report.pdf", "report.txt", "report"):
        answer = client.post("/v1/files", files={"file": (name, content)}, data={"purpose": "assistants"})
        assert wrong(answer, 415) == []
    begun = {"bytes": len(content), "filename": "report.docx", "mime_type": "application/pdf", "purpose": "assistants"}
    upload = client.post("/v1/uploads", json=begun).json()["id"]
    part = client.post(f"/v1/uploads/{upload}/parts", files={"data": ("part", content)}).json()["id"]
    assert wrong(client.post(f"/v1/uploads/{upload}/complete", json={"part_ids": [part]}), 415) == []


def test_a_document_of_too_many_pages_is_refused_when_it_is_read_and_says_so(world: World) -> None:
    with pymupdf.open() as document:
        for number in range(3):
            document.new_page().insert_text((72, 72), f"Page {number}.")
        content = bytes(document.tobytes())
    with client_of(world.base, world.one.key) as client:
        file = client.files.create(file=("long.pdf", content), purpose="assistants")
        store = client.vector_stores.create(name="long", file_ids=[file.id])
        work_off(world.settings)
        (held,) = client.vector_stores.files.list(store.id).data
        assert held.status == "failed"
        assert held.last_error
        assert (held.last_error.code, "DOCQA_MAX_PAGES" in held.last_error.message) == ("invalid_file", True)
        assert wrong(world.one.client.get(f"/v1/vector_stores/{store.id}/files/{file.id}/content"), 409) == []
        assert client.files.content(file.id).read() == content


def test_what_cites_a_file_that_was_deleted_can_still_be_read(settings: Settings) -> None:
    with (
        serving(settings) as base,
        httpx.Client(base_url=f"{base}/v1", timeout=PATIENCE) as client,
    ):
        asked = {"model": "docqa", "messages": user(), "docqa": {"citations": True}}
        answered = client.post("/chat/completions", json=asked).json()["docqa"]
        (cited,) = answered["citations"]
        assert client.delete(f"/files/{cited['file_id']}").json()["deleted"]
        (again,) = client.get(f"/runs/{answered['run']}").json()["answer"]["citations"]
        assert (again["quote"], again["page"]) == (cited["quote"], cited["page"])
        (*_, (_, name, data)) = told(lines(base, f"/runs/{answered['run']}/events"))
        assert (name, data["citations"][0]["quote"]) == ("answered", cited["quote"])
        assert wrong(client.get(cited["page_url"]), 404) == []
        assert client.post("/chat/completions", json=asked).headers["X-Docqa-Cache"] == "miss"


def breaking(error: Exception) -> Callable[..., Completion]:
    """A model that searches, and fails then."""
    steps = iter([SEARCH])

    def play(*_: object) -> Completion:
        if step := next(steps, None):
            return step
        raise error

    return play


@pytest.mark.parametrize("error", [ModelError("http://127.0.0.1:8000/v1 failed"), ZeroDivisionError("/tmp/x.sqlite")])
@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/chat/completions", {"messages": user(), "stream": True}),
        ("/responses", {"input": QUESTION, "stream": True}),
        ("/chat/events", {"question": QUESTION}),
    ],
)
def test_a_model_that_fails_in_mid_stream_ends_it_with_an_error_and_what_was_done_is_kept(
    settings: Settings, path: str, asked: dict[str, Any], error: Exception
) -> None:
    with serving(settings, ScriptedModel(breaking(error))) as base:
        text = "\n".join(lines(base, path, json={"model": "docqa", **asked}))
        run = httpx.get(f"{base}/v1/runs").json()["data"][0]
        kept = httpx.get(f"{base}/v1/runs/{run['id']}").text
    assert '"error":{' in text
    assert run["state"] == "failed"
    assert "tool_called" in kept
    assert [each for each in OF_THE_MACHINE if each in text or each in kept] == []
