"""What a run says as server-sent events, and what ends a stream that cannot go on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from docqa.answering import Live
from docqa.api.answers.citing import Citer
from docqa.api.errors import ErrorAnswer, detail_of, error_of
from docqa.api.http.streaming import event
from docqa.events import Answered
from docqa.recording.codec import decode, dumps

_INNER_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def headers_of(live: Live) -> dict[str, str]:
    """The headers that tell of a run."""
    return {"X-Docqa-Run": live.run, "X-Docqa-Cache": "hit" if live.cached else "miss"}


def name_of(kind: str) -> str:
    """How a kind of events is called in a stream: ``run_started`` for ``RunStarted``."""
    return _INNER_CAPITAL.sub("_", kind).lower()


class Teller:
    """Tells what happens in a run. ``citer`` completes the citations of its answer."""

    def __init__(self, citer: Citer) -> None:
        self._citer = citer

    def data(self, kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """What an event says: ``value`` is its record as ``docqa.recording.codec.encode`` makes it of one.

        Raises:
            DocqaError: the catalog cannot be used.
        """
        data = {"type": name_of(kind), **value}
        if kind == Answered.__name__:
            passages = self._citer.passages(decode(Answered, value).citations)
            data["citations"] = [
                {**cited, **passage.model_dump(mode="json")}
                for cited, passage in zip(value["citations"], passages, strict=True)
            ]
        return data

    def line(self, number: int, kind: str, value: Mapping[str, Any]) -> str:
        """An event as it is sent: with its name, and its number as id."""
        return event(dumps(self.data(kind, value)), name_of(kind), str(number))


def failure(error: Exception, name: str = "") -> str:
    """The event that ends a stream with an error, in OpenAI's shape; what is the service's own fault is logged."""
    return event(ErrorAnswer(error=detail_of(error_of(error))).model_dump_json(), name)
