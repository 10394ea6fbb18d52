"""The description of the API: which errors each route names, and in what shape."""

from __future__ import annotations

from typing import Any

import pytest

from docqa.api.app import create_app
from docqa.settings import Settings


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def answers(described: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """What a route says that it may answer, by status."""
    found: dict[str, Any] = described["paths"][path][method]["responses"]
    return found


def test_every_error_of_every_route_has_openais_shape(described: dict[str, Any]) -> None:
    found = [
        answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for methods in described["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
        if status >= "400"
    ]
    assert set(found) == {"ErrorAnswer", "Ready"}
    assert found.count("Ready") == 1


def test_no_route_names_what_it_never_answers(described: dict[str, Any]) -> None:
    assert "422" not in str(described["paths"])
    assert "HTTPValidationError" not in described["components"]["schemas"]


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("get", "/livez", ["200", "400", "500"]),
        ("get", "/v1/models", ["200", "400", "401", "403", "429", "500", "503"]),
        ("get", "/v1/files/{file_id}", ["200", "400", "401", "403", "404", "429", "500", "503"]),
        ("post", "/v1/jobs/{job}/retry", ["200", "400", "401", "403", "404", "409", "429", "500", "503", "507"]),
    ],
)
def test_a_route_names_the_errors_that_its_key_its_id_and_its_body_can_bring(
    described: dict[str, Any], method: str, path: str, statuses: list[str]
) -> None:
    assert list(answers(described, method, path)) == statuses


def test_routes_that_take_a_body_say_that_it_can_be_slow_large_or_compressed(described: dict[str, Any]) -> None:
    assert {"408", "413", "415"} <= answers(described, "post", "/v1/chat/completions").keys()


def test_a_stream_is_described_event_by_event(described: dict[str, Any]) -> None:
    content = answers(described, "post", "/v1/chat/events")["200"]["content"]
    assert content["text/event-stream"]["itemSchema"]["properties"]["data"]["contentMediaType"] == "application/json"


def test_the_description_is_made_once() -> None:
    app = create_app(Settings())
    assert app.openapi() is app.openapi()
