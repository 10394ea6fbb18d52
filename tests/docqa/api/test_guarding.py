"""Limits on what comes in, and headers on what goes out, at a started server."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from docqa.settings import Settings
from tests.servers.api import serving

PATH = "/v1/embeddings"
PAGE = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with small limits."""
    data = tmp_path_factory.mktemp("guarded") / "data"
    settings = Settings(data_dir=data, max_body_kb=16, body_seconds=0.5, cors_origins="http://localhost:3000")
    with serving(settings) as address:
        yield address


@contextmanager
def sending(base: str, *lines: str, path: str = PATH) -> Iterator[socket.socket]:
    """A connection over which the head of a POST was sent."""
    place = urlsplit(base)
    with socket.create_connection((place.hostname or "", place.port or 0), 20) as connection:
        head = "\r\n".join([f"POST {path} HTTP/1.1", f"Host: {place.netloc}", *lines, "", ""])
        connection.sendall(head.encode())
        yield connection


def answer_of(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """The status and the error of an answer after which the server ends the connection."""
    got = b""
    try:
        while block := connection.recv(65536):
            got += block
    except ConnectionError:
        pass
    head, _, body = got.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    return int(head.split()[1]), json.loads(body)["error"]


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error, which has OpenAI's shape and nothing more."""
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    return answer.status_code, error["code"]


def test_a_body_over_the_limit_is_refused_and_the_setting_named(base: str) -> None:
    answer = httpx.post(f"{base}{PATH}", json={"input": "x" * 20_000})
    assert error_of(answer) == (413, "request_too_large")
    assert "DOCQA_MAX_BODY_KB" in answer.json()["error"]["message"]


def test_a_chunked_body_that_never_ends_is_cut(base: str) -> None:
    with sending(base, "Content-Type: application/json", "Transfer-Encoding: chunked") as connection:
        chunks = (b"1000\r\n" + b"x" * 4096 + b"\r\n") * 10_000
        with pytest.raises(ConnectionError):
            connection.sendall(chunks)


def test_a_body_that_stands_still_is_given_up(base: str) -> None:
    with sending(base, "Content-Type: application/json", "Content-Length: 100") as connection:
        connection.sendall(b'{"input"')
        status, error = answer_of(connection)
    assert (status, error["code"]) == (408, "request_timeout")


def test_what_is_sent_after_the_answer_is_not_read(base: str) -> None:
    with sending(base, "Transfer-Encoding: chunked", path="/v1/nothing/files") as connection:
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 404")
    with sending(base, "Content-Type: text/plain", "Content-Length: 1000000", path="/v1/files") as connection:
        status, error = answer_of(connection)
    assert (status, error["code"]) == (400, "invalid_form")


@pytest.mark.parametrize(
    ("headers", "content", "expected"),
    [
        ({}, b'{"input": "\xff"}', (400, "invalid_encoding")),
        ({}, b'{"input": ' + b"[" * 9000, (400, "invalid_json")),
        ({}, b'{"input": NaN}', (400, "invalid_json")),
        ({}, b'{"input": ', (400, "invalid_json")),
        ({"Content-Encoding": "gzip"}, b"\x1f\x8b", (415, "unsupported_encoding")),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    base: str, headers: dict[str, str], content: bytes, expected: tuple[int, str]
) -> None:
    answer = httpx.post(f"{base}{PATH}", content=content, headers={"Content-Type": "application/json", **headers})
    assert error_of(answer) == expected


@pytest.mark.parametrize("path", ["/v1/files/%00", "/v1/models?after=%00"])
def test_no_address_has_the_character_that_nothing_can_store(base: str, path: str) -> None:
    assert error_of(httpx.get(f"{base}{path}")) == (400, "invalid_url")


@pytest.mark.parametrize("path", ["/v1/models", "/nothing", "/livez"])
def test_answers_have_headers_that_keep_browsers_from_harm(base: str, path: str) -> None:
    headers = httpx.get(f"{base}{path}").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-store"


def test_the_page_that_describes_the_api_may_load_its_own_scripts_only(base: str) -> None:
    page = httpx.get(f"{base}/docs")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for place in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert httpx.get(f"{base}{place}").status_code == 200


def test_a_page_of_an_origin_that_the_settings_name_may_call(base: str) -> None:
    allowed = httpx.options(f"{base}{PATH}", headers=PAGE)
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:3000"
    called = httpx.get(f"{base}/v1/models", headers={"Origin": "http://localhost:3000"})
    assert "X-Docqa-Run" in called.headers["access-control-expose-headers"]
    refused = httpx.options(f"{base}{PATH}", headers={**PAGE, "Origin": "http://localhost:3001"})
    assert "access-control-allow-origin" not in refused.headers


def test_no_page_of_another_origin_may_call_by_default(tmp_path: Path) -> None:
    with serving(Settings(data_dir=tmp_path / "data", public_url="https://docqa.example.org")) as base:
        answer = httpx.options(f"{base}{PATH}", headers=PAGE)
        assert answer.status_code == 405
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["strict-transport-security"].startswith("max-age=")
