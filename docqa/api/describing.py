"""The description of the API: FastAPI's, completed by the errors that routes answer with, which are alike for all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from docqa.api.errors import ErrorAnswer

ERRORS = {
    400: "The request is wrong; `param` names the field.",
    401: "No key, or a wrong one.",
    403: "The key lacks a scope.",
    404: "There is no such thing, or it is somebody else's.",
    408: "The body comes too slowly.",
    413: "The body is too large.",
    415: "The body is compressed.",
    429: "Too many requests.",
    500: "Something unforeseen; the log of the service has it under the request's id.",
    503: "Something that the service needs is away for the moment.",
    507: "No space is left where the service keeps its data.",
}
"""Statuses that routes answer with, and why; what a route says of one itself comes before it."""
ALWAYS: dict[int | str, dict[str, Any]] = {400: {"model": ErrorAnswer, "description": ERRORS[400]}}
"""What FastAPI is told of every route, so that it describes the model too."""
ERROR = {"application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorAnswer.__name__}"}}}
Json = dict[str, Any]


def install(app: FastAPI) -> None:
    """Have an application give its completed description."""
    plain = app.openapi

    def openapi() -> Json:
        return app.openapi_schema or completed(plain())

    app.openapi = openapi  # type: ignore[method-assign]


def completed(described: Json) -> Json:
    """A description in which each route names the errors that it may answer with, in their one shape."""
    for methods in described["paths"].values():
        for method, operation in methods.items():
            answers: Json = operation["responses"]
            answers.pop("422", None)  # what FastAPI would answer to a wrong request is 400 here
            for status in _errors(method, operation):
                answers.setdefault(str(status), {"description": ERRORS[status]})
            for code, answer in answers.items():
                if code >= "400" and "application/json" not in answer.get("content", {}):
                    answer["content"] = ERROR
            operation["responses"] = dict(sorted(answers.items()))
    for name in ("HTTPValidationError", "ValidationError"):
        described["components"]["schemas"].pop(name, None)
    return described


def _errors(method: str, operation: Json) -> Iterator[int]:
    yield from (400, 500)
    named = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
    named |= {each["name"] for each in operation.get("parameters", ()) if each["name"] in ("after", "before")}
    if named or "requestBody" in operation:
        yield 404
    if "requestBody" in operation:
        yield from (408, 413, 415)
    if "security" in operation:
        yield from (401, 403, 429, 503)
        if method != "get":
            yield 507
