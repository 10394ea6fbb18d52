"""Who may do what: keys, scopes, limits, and what is open without a key."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from docqa.api.http.addresses import is_loopback
from docqa.registry import Registry, open_registry
from docqa.settings import Settings
from tests.servers.api import serving
from tests.servers.valkey import valkey


@pytest.fixture
def registry(settings: Settings) -> Iterator[Registry]:
    with open_registry(settings) as registry:
        yield registry


@pytest.fixture
def base(settings: Settings) -> Iterator[str]:
    with serving(settings) as base:
        yield base


def status(base: str, secret: str = "", path: str = "/v1/models", method: str = "GET") -> tuple[int, str]:
    """Status and code of an answer to a request with a key."""
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    answer = httpx.request(method, f"{base}{path}", headers=headers, timeout=60)
    return answer.status_code, "" if answer.is_success else answer.json()["error"]["code"]


def test_without_any_key_programs_of_this_machine_are_let_in(base: str) -> None:
    assert status(base) == (200, "")
    assert status(base, "whatever a client has to send") == (200, "")


@pytest.mark.parametrize("headers", [{"Origin": "https://example.org"}, {"Host": "example.org"}, {"Origin": "null"}])
def test_without_any_key_pages_of_other_origins_are_refused(base: str, headers: dict[str, str]) -> None:
    answer = httpx.get(f"{base}/v1/models", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")


def test_once_a_key_was_made_one_is_needed(base: str, registry: Registry) -> None:
    _, secret = registry.keys.create("default")
    assert status(base) == (401, "invalid_api_key")
    assert status(base, f"{secret[:-1]}x") == (401, "invalid_api_key")
    assert status(base, secret) == (200, "")


def test_a_key_that_was_revoked_or_has_expired_is_refused(base: str, registry: Registry) -> None:
    revoked, one = registry.keys.create("default")
    registry.keys.revoke(revoked.id)
    _, other = registry.keys.create("default", expires=time.time() - 1)
    assert {status(base, one), status(base, other)} == {(401, "invalid_api_key")}


@pytest.mark.parametrize(
    ("scope", "expected"), [("read", [200, 403, 403]), ("write", [200, 404, 403]), ("admin", [200, 404, 400])]
)
def test_a_scope_holds_those_below_it(base: str, registry: Registry, scope: str, expected: list[int]) -> None:
    _, secret = registry.keys.create("default", scopes=(scope,))
    asked = [("/v1/models", "GET"), ("/v1/documents/nothing", "DELETE"), ("/v1/jobs", "POST")]
    assert [status(base, secret, path, method)[0] for path, method in asked] == expected


def test_a_key_sees_its_tenant_alone(base: str, registry: Registry) -> None:
    _, own = registry.keys.create("default")
    _, other = registry.keys.create("another")
    listed = [
        httpx.get(f"{base}/v1/models", headers={"Authorization": f"Bearer {secret}"}).json()["data"]
        for secret in (own, other)
    ]
    assert [[model["id"] for model in each] for each in listed] == [["docqa", "harbours", "people"], ["docqa"]]


def test_a_key_may_ask_so_often_a_minute(settings: Settings, registry: Registry) -> None:
    _, secret = registry.keys.create("default", per_minute=3)
    with valkey() as url, serving(settings.model_copy(update={"broker_url": url})) as base:
        codes = [status(base, secret) for _ in range(4)]
    assert codes == [(200, "")] * 3 + [(429, "rate_limit_exceeded")]


@pytest.mark.parametrize(("host", "loopback"), [
    ("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("[::1]", True), ("localhost", True),
    ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("docqa.example", False), ("", False),
])  # fmt: skip
def test_loopback_addresses_are_told_from_others(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_without_any_key_a_page_of_another_port_of_this_machine_is_refused(base: str) -> None:
    other, own = {"Origin": "http://127.0.0.1:1"}, {"Origin": base}
    assert httpx.get(f"{base}/v1/models", headers=other).status_code == 403
    assert httpx.get(f"{base}/v1/models", headers=own).status_code == 200


def test_background_answers_count_among_those_of_a_key(base: str, registry: Registry) -> None:
    _, secret = registry.keys.create("default", concurrent=1)
    headers, asked = {"Authorization": f"Bearer {secret}"}, {"model": "docqa", "input": "Why?", "background": True}
    codes = [httpx.post(f"{base}/v1/responses", headers=headers, json=asked, timeout=60).status_code for _ in range(2)]
    assert codes == [200, 429]
