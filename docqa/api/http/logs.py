"""Logs of the service: which request a line is about, and nothing in it that is not for whoever reads logs.

No path, no key, no text of a document: of an error that nobody foresaw the kind is told and where in the code it arose,
and not its own words, since these may hold anything.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from docqa.api.errors import without_places
from ingest.errors import DocqaError
from ingest.worker import logs

MOST_FRAMES = 12
request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that the current task or thread works for."""
_LOGGER = logging.getLogger("docqa.api")
_KNOWN = "Application startup failed. Exiting."  # uvicorn's; the reason is told by whoever started it


def log(event: str, level: int = logging.INFO, /, **fields: Any) -> None:
    """Write down that something happened; ``fields`` that are empty are left out."""
    _LOGGER.log(level, event, extra={"fields": {n: v for n, v in fields.items() if v not in ("", None)}})


def start_logging(as_json: bool) -> None:
    """Let the logs of this process go to standard error, as JSON Lines or as text."""
    logs.start_logging(as_json)
    logging.getLogger("docqa").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        handler.addFilter(purify)


def purify(record: logging.LogRecord) -> bool:
    """Add the request's id to a record, and take out what has no place in a log; False where nothing is left."""
    if record.msg == _KNOWN:
        return False
    record.msg, record.args = without_places(record.getMessage()), ()
    fields = {name: _pure(name, value) for name, value in getattr(record, "fields", {}).items()}
    if id := request_id.get():
        fields = {"request": id, **fields}
    if record.exc_info and (error := record.exc_info[1]):
        fields["error"] = trace_of(error)
    record.exc_info = record.exc_text = None
    record.fields = fields
    return True


def trace_of(error: BaseException) -> str:
    """What an error is, where it arose and what led to it: kinds, modules and lines, without words of its own."""
    frames = [
        f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    told = str(error) if isinstance(error, DocqaError) else getattr(error, "strerror", None) or ""
    named = f"{type(error).__name__}{': ' if told else ''}{without_places(told)}"
    place = f" at {' > '.join(frames[-MOST_FRAMES:])}" if frames else ""
    return "; from ".join([f"{named}{place}", *(type(each).__name__ for each in _causes(error))])


def _causes(error: BaseException) -> Iterator[BaseException]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield before
        yield from _causes(before)


def _pure(name: str, value: Any) -> Any:
    return without_places(value) if isinstance(value, str) and name != "route" else value
