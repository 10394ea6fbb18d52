"""What ended a response, as an error of OpenAI's shape."""

from __future__ import annotations

import logging
import traceback

from docqa.api.errors import ApiError, told, without_places
from ingest.errors import DocqaError

log = logging.getLogger("docqa.api")


def error_of(error: Exception) -> ApiError:
    """An exception as an error for the client; what is the service's own fault is logged."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, DocqaError):
        found = told(error)
        if found.status >= 500:
            log.warning("%s: %s", type(error).__name__, without_places(str(error)))
        return found
    place = traceback.extract_tb(error.__traceback__)[-1]  # its own words may hold text of a document
    log.error("%s in %s, line %s, ended a response", type(error).__name__, place.name, place.lineno)
    return ApiError(500, "Something unforeseen happened; the request's id is in the log.", "server_error")
