"""How long a call may take, and how long to wait before a request is repeated.

Exponential backoff with jitter; a server's ``Retry-After`` (RFC 9110, section 10.2.3: seconds or a date) goes before
it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from docqa.errors import ModelTimeout
from docqa.llm import stopping

FIRST, MOST = 0.5, 20.0  # seconds before the first repetition and at most; doubled each time
MOST_ASKED = 120.0  # seconds that a server may ask for; one that asks for more is tried after these


class Deadline:
    """The end of a call's time; ``seconds`` of 0 never end."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds if seconds > 0 else float("inf")

    @property
    def left(self) -> float:
        """Seconds that are left, infinite without a limit, never negative."""
        return max(0.0, self._end - time.monotonic())

    def check(self, server: str, last: str = "") -> None:
        """Go on while there is time.

        Raises:
            ModelTimeout: there is none; ``last`` says what went wrong in it.
        """
        if not self.left:
            raise self.passed(server, last)

    def passed(self, server: str, last: str = "") -> ModelTimeout:
        """The error that says that the time is over."""
        because = f" Last: {last}" if last else ""
        return ModelTimeout(f"{server} did not finish within the {self.seconds:g} seconds left to it.{because}")

    def sleep(self, seconds: float, server: str, last: str) -> None:
        """Wait before a repetition.

        Raises:
            ModelTimeout: the wait would go beyond the end, so that it is useless.
            StoppedError: the run is to end.
        """
        if seconds >= self.left:
            raise self.passed(server, last)
        stopping.current().wait(seconds)


def pause(attempt: int, asked: float | None) -> float:
    """Seconds to wait after a failed attempt (0, 1, …); ``asked`` by the server or None."""
    if asked is not None:
        return min(asked, MOST_ASKED)
    return min(MOST, FIRST * 2.0**attempt) * random.uniform(0.75, 1.25)


def asked_pause(headers: Mapping[str, str]) -> float | None:
    """What a response's ``Retry-After`` asks for, in seconds; None where there is none that can be read."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value)) if float(value) == float(value) else None
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
