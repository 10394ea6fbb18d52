"""Errors as answers: OpenAI's shape, a status that fits, and no word that is not for the caller.

``{"error": {"message", "type", "param", "code"}}``. What the caller can mend is said in full. Of what is the service's
own fault only the kind is said, since its sentences name folders and addresses: those go into the log.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from docqa import errors as asking
from ingest import errors

log = logging.getLogger("docqa.api")
UNFORESEEN = "Something unforeseen happened; the request's id is in the log."

KINDS: dict[type[errors.DocqaError], tuple[int, str, str]] = {
    errors.NotFoundError: (404, "not_found", ""),
    errors.JobError: (409, "conflict", ""),
    errors.UnsupportedError: (415, "unsupported_file", ""),
    errors.TooLargeError: (413, "file_too_large", ""),
    errors.EmptyError: (400, "empty_file", ""),
    errors.DocumentError: (400, "invalid_file", ""),
    errors.BusyError: (503, "busy", "Others hold what is needed at this moment; repeat the request."),
    errors.StorageFullError: (507, "storage_full", "No space is left where the service keeps its data."),
    errors.EmbedderError: (503, "embedder_unavailable", "The embedder does not answer at this moment."),
    errors.ArchiveError: (503, "archive_unavailable", "The archive cannot be used at this moment."),
    errors.CatalogError: (503, "catalog_unavailable", "The catalog cannot be used at this moment."),
    errors.FilesError: (503, "files_unavailable", "The original files cannot be read or written at this moment."),
    errors.BrokerError: (503, "broker_unavailable", "The broker cannot be reached at this moment."),
    asking.QuestionError: (400, "invalid_question", ""),
    asking.TooBusyError: (429, "too_many_runs", ""),
    asking.ContextOverflow: (400, "context_length_exceeded", ""),
    asking.ContextError: (400, "context_length_exceeded", ""),
    asking.ModelTimeout: (504, "model_timeout", "The language model took too long."),
    asking.ModelError: (502, "model_error", "The language model's server failed."),
    asking.RecallError: (503, "recall_unavailable", "Recall storage cannot be used at this moment."),
    asking.StoppedError: (503, "stopped", ""),
    asking.KeyGoneError: (401, "invalid_api_key", ""),
    asking.RegistryError: (503, "registry_unavailable", "What the service keeps cannot be used at this moment."),
    asking.RecordError: (503, "record_unavailable", "What was recorded of this cannot be read."),
    errors.DocqaError: (500, "server_error", "Something is set up wrongly; 'docqa doctor' on the server says what."),
}
"""Status, code, and what is said where the error's own sentence is not for the caller; the nearest class counts."""


INSTEAD = {
    "/v1/completions": "use /v1/chat/completions.",
    "/v1/assistants": "use /v1/responses, with the tool file_search.",
    "/v1/threads": "use /v1/conversations and /v1/responses.",
    "/v1/batches": "use /v1/responses with background=true.",
    "/v1/realtime": "use /v1/responses with stream=true.",
    "/v1/moderations": "it answers questions about documents alone.",
    "/v1/images": "it answers questions about documents alone; /v1/documents/…/pages/….png are their pages.",
    "/v1/audio": "it answers questions about documents alone.",
    "/v1/videos": "it answers questions about documents alone.",
    "/v1/fine_tuning": "its model is the one that DOCQA_LLM_MODEL names.",
}
"""Parts of OpenAI's API that docqa does not serve, and what to use."""


class ErrorDetail(BaseModel):
    """What went wrong: ``param`` names the field at fault, ``code`` can be told apart by a program."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorAnswer(BaseModel):
    """An error in OpenAI's shape."""

    error: ErrorDetail


class ApiError(Exception):
    """An error of a request.

    Args:
        status: of HTTP.
        message: a sentence for the caller, which says what to do.
        code: for programs.
        param: the field at fault.
        headers: further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "invalid_request",
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param, self.headers = status, message, code, param, headers


def not_found(kind: str, id: str) -> ApiError:
    """The error for an id that is not the caller's, whether it is another's or nobody's."""
    return ApiError(404, f"There is no {kind} '{id[:80]}'.", "not_found")


def unsupported(param: str, instead: str) -> ApiError:
    """The error for a field of OpenAI's API that docqa does not serve; ``instead`` says what to use."""
    return ApiError(400, f"'{param}' is not supported: {instead}", "unsupported_parameter", param)


def told(error: errors.DocqaError) -> ApiError:
    """An error of docqa's as one of a request."""
    kind = next(each for each in type(error).__mro__ if each in KINDS)
    status, code, instead = KINDS[kind]
    headers = {"Retry-After": "5"} if status in (429, 503) else None
    return ApiError(status, instead or str(error), code, headers=headers)


def error_of(error: Exception) -> ApiError:
    """What ended an answer or a request as an error for the client; what is the service's own fault is logged."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, errors.DocqaError):
        found = told(error)
        if found.status >= 500:
            log.warning("%s: %s", type(error).__name__, without_places(str(error)))
        return found
    place = traceback.extract_tb(error.__traceback__)[-1]  # its own words may hold text of a document
    log.error("%s in %s, line %s, ended an answer", type(error).__name__, place.name, place.lineno)
    return ApiError(500, UNFORESEEN, "server_error")


def detail_of(error: ApiError) -> ErrorDetail:
    """What an answer, or an event of a stream, says of an error."""
    return ErrorDetail(message=error.message, type=_type(error.status), param=error.param, code=error.code)


def answer(error: ApiError) -> JSONResponse:
    """The answer for an error."""
    body = ErrorAnswer(error=detail_of(error)).model_dump()
    return JSONResponse(body, error.status, dict(error.headers or {}))


def install(app: FastAPI) -> None:
    """Have every error of an application answered in this way."""

    @app.exception_handler(ApiError)
    async def of_request(_: Request, error: ApiError) -> JSONResponse:
        return answer(error)

    @app.exception_handler(errors.DocqaError)
    async def of_docqa(_: Request, error: errors.DocqaError) -> JSONResponse:
        return answer(error_of(error))

    @app.exception_handler(RequestValidationError)
    async def of_validation(_: Request, error: RequestValidationError) -> JSONResponse:
        return answer(_of_validation(error.errors()))

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> JSONResponse:
        return answer(_of_http(request, error))

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> JSONResponse:
        return answer(ApiError(500, UNFORESEEN, "server_error"))


def without_places(text: str) -> str:
    """A sentence without the paths, addresses and keys that may stand in it."""
    text = re.sub(r"\bdq-[\w-]{8,}", "dq-…", text)
    return re.sub(r"(?<![\w.])(?:[a-z][a-z0-9+.-]*:/)?/[^\s'\",;()]*[^\s'\",;():.]", "…", text, flags=re.IGNORECASE)


def _of_validation(found: Sequence[Any]) -> ApiError:
    first = found[0]
    place = [str(each) for each in first["loc"]][1:] or [str(each) for each in first["loc"]]
    param = ".".join(place)
    if first["type"] == "json_invalid":
        return ApiError(400, "The body is not valid JSON.", "invalid_json")
    if place == ["body"]:
        told = "The body has to be a JSON object, with the header Content-Type: application/json."
        return ApiError(400, told, "invalid_value", "body")
    if first["type"] == "extra_forbidden":
        return ApiError(400, f"Unknown field '{param[:200]}'.", "unknown_parameter", param[:200])
    return ApiError(400, f"'{param[:200]}': {first['msg']}.", "invalid_value", param[:200])


def _of_http(request: Request, error: HTTPException) -> ApiError:
    if error.status_code == 404 and (
        other := next((use for part, use in INSTEAD.items() if part in request.url.path), "")
    ):
        return ApiError(404, f"docqa does not serve {request.url.path[:200]}: {other}", "unknown_url")
    if error.status_code == 404:
        return ApiError(404, f"There is no {request.method} {request.url.path[:200]}; /docs lists what there is.",
                        "unknown_url")  # fmt: skip
    if error.status_code == 405:
        return ApiError(405, f"{request.url.path[:200]} does not take {request.method}.", "method_not_allowed",
                        headers={"Allow": ", ".join(_methods(request))})  # fmt: skip
    if error.status_code == 400:
        return ApiError(400, "The body cannot be read.", "invalid_body")
    return ApiError(error.status_code, str(error.detail) or HTTPStatus(error.status_code).phrase, headers=error.headers)


def _methods(request: Request) -> list[str]:
    """The methods that the path of a request takes: those of all routes that have it, or else that fit it."""
    path, routes = request.scope["path"], [each for each in iter_route_contexts(request.app.routes) if each.methods]
    fitting = [each for each in routes if compile_path(str(each.path))[0].match(path)]
    exact = [each for each in fitting if each.path == path]
    return sorted({method for each in exact or fitting for method in each.methods or ()})


def _type(status: int) -> str:
    """OpenAI's kinds of errors."""
    special = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    return special.get(status, "server_error" if status >= 500 else "invalid_request_error")
