"""Structured logs of workers: what happened, with the ids of job, document and part, as text or as JSON Lines."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

_LOGGER = logging.getLogger("docqa.worker")
_EXPECTED = ("celery.worker.consumer", "celery.worker.request")
"""Celery's reports of connections and processes that were lost: where in Celery that was noticed tells nothing."""


def log(event: str, level: int = logging.INFO, /, **fields: Any) -> None:
    """Write down that something happened.

    Args:
        event: what, in a few words.
        level: of ``logging``.
        fields: what it is about: ``job``, ``document``, ``part``, ``seconds`` and the like.
    """
    _LOGGER.log(
        level, event, extra={"fields": {name: value for name, value in fields.items() if value not in ("", None)}}
    )


def start_logging(as_json: bool) -> None:
    """Let the logs of this process go to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if as_json else _Text())
    root = logging.getLogger()
    root.handlers[:] = logging.getLogger("multiprocessing").handlers[:] = [handler]  # the second one is the pool's
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    _LOGGER.setLevel(logging.INFO)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {"at": round(record.created, 3), "level": record.levelname.lower(), "event": _line(record)}
        entry |= {"process": record.process, **getattr(record, "fields", {})}
        if record.exc_info and not _expected(record):
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str).encode("utf-8", "replace").decode()


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%H:%M:%S", time.localtime(record.created))
        fields = "".join(
            f" {name}={' '.join(str(value).split())}" for name, value in getattr(record, "fields", {}).items()
        )
        text = f"{at} {record.process} {record.levelname.lower()} {_line(record)}{fields}"
        trace = self.formatException(record.exc_info) if record.exc_info and not _expected(record) else ""
        return f"{text}\n{trace}".rstrip()


def _expected(record: logging.LogRecord) -> bool:
    return record.name.startswith(_EXPECTED)


def _line(record: logging.LogRecord) -> str:
    return " ".join(record.getMessage().split())
