"""Errors: in OpenAI's shape, with a status that fits, and without what is not for the caller."""

from __future__ import annotations

import httpx
import pytest

from docqa.api.errors import KINDS, told, without_places
from docqa.errors import StoppedError
from ingest import errors


def every_kind(kind: type[errors.DocqaError]) -> list[type[errors.DocqaError]]:
    return [kind, *(below for each in kind.__subclasses__() for below in every_kind(each))]


@pytest.mark.parametrize("kind", every_kind(errors.DocqaError))
def test_every_error_has_a_status_and_says_nothing_of_the_machine(kind: type[errors.DocqaError]) -> None:
    error = told(kind("It is at /srv/data/catalog.sqlite."))
    assert 400 <= error.status < 600
    if error.status >= 500 and kind is not StoppedError:  # whose sentences are docqa's own
        assert "/srv" not in error.message


def test_the_kinds_are_looked_up_from_the_nearest_class_on() -> None:
    assert told(errors.EncryptedError("it needs a password")).code == KINDS[errors.DocumentError][1]
    assert told(errors.TooLargeError("too large")).status == 413


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cannot open /srv/data/x.sqlite: full", "cannot open …: full"),
        ("redis://user:word@host:6379/0 is away", "… is away"),
        ("the key dq-abcdefgh1234567 is wrong", "the key dq-… is wrong"),
        ("3/4 of all 10-K/A forms", "3/4 of all 10-K/A forms"),
    ],
)
def test_places_and_keys_are_taken_out_of_what_is_logged(text: str, shown: str) -> None:
    assert without_places(text) == shown


def test_an_unknown_address_and_a_wrong_method_are_told(base: str) -> None:
    unknown, wrong = httpx.get(f"{base}/v1/nothing"), httpx.put(f"{base}/v1/models")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_url")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert "GET" in wrong.headers["allow"]


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (b"{", "invalid_json", None),
        (b'{"query": 7}', "invalid_value", "query"),
        (b'{"query": "x", "colour": 1}', "unknown_parameter", "colour"),
        (b"[]", "invalid_value", "body"),
    ],
)
def test_a_wrong_body_is_told_with_the_field_at_fault(base: str, body: bytes, code: str, param: str | None) -> None:
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{base}/v1/search", content=body, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"], error["param"]) == (
        400, "invalid_request_error", code, param)  # fmt: skip


@pytest.mark.parametrize("path", ["assistants", "threads/t/runs", "completions", "images/generations"])
def test_what_openai_has_and_docqa_does_not_serve_names_what_to_use(base: str, path: str) -> None:
    answer = httpx.post(f"{base}/v1/{path}", json={})
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith(f"docqa does not serve /v1/{path}: ")
