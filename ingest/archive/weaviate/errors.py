"""What a Weaviate client raises, in plain words, and whether waiting helps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import grpc
import httpx
from weaviate import exceptions

from ingest.errors import ArchiveError, DocqaError, StorageFullError
from ingest.settings import Settings

_PASSING_CODES = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
}
_PASSING_ERRORS = (
    httpx.TransportError,
    exceptions.WeaviateConnectionError,
    exceptions.WeaviateTimeoutError,
    exceptions.WeaviateRetryError,
)
_PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}
# Weaviate answers most of its own troubles with the code UNKNOWN and a text.
_PASSING_WORDS = re.compile(
    r"connection (refused|reset)|leader not found|no leader|not enough|cannot (achieve|reach) consistency|"
    r"replicas|broadcast|shutting down|shut down|deadline exceeded|timed? ?out|unavailable|too many requests|"
    r"memory|status code: 5\d\d|\bEOF\b|not ready|is loading|broken pipe|no such host|node .* down|"
    r"alias name \S+ already exists",  # the node that was asked does not know a new alias yet
    re.IGNORECASE,
)
_FULL = re.compile(r"read-?only|no space left|disk usage too high", re.IGNORECASE)
_AUTH_CODES = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}
_ABSENT = re.compile(r"tenant not found", re.IGNORECASE)
LONGEST_REASON = 300  # characters
AGAIN = "run the same command again: it goes on where it stopped."


class Refused(Exception):
    """Some objects of a batch were not stored. ``reasons`` has the server's word for each, by id."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__(_listed(reasons))
        self.reasons = reasons


class Trouble(NamedTuple):
    """What is wrong, what helps, and whether the same call may succeed later by itself."""

    said: str
    advice: str = ""
    passing: bool = False
    kind: type[DocqaError] = ArchiveError

    @property
    def error(self) -> DocqaError:
        """It as an error for the user."""
        return self.kind(f"{self.said}. {self.advice}".strip())


def is_absent(error: Exception) -> bool:
    """Whether an error says that the tenant has nothing yet."""
    return bool(_ABSENT.search(str(error)))


def explain(error: Exception, settings: Settings) -> Trouble:
    """An error of the client in plain words."""
    place = f"Weaviate at {settings.weaviate_url}"
    text = _text(error)
    if _is_auth(error):
        return Trouble(*wrong_key(settings))
    if _FULL.search(text):
        said = f"{place} is read-only, as it becomes when its disk or memory is nearly full ({text})"
        return Trouble(said, f"Make room there, and {AGAIN}", True, StorageFullError)
    if isinstance(error, Refused):
        lasting = {id: reason for id, reason in error.reasons.items() if not _PASSING_WORDS.search(reason)}
        return Trouble(f"{place} did not store {_listed(lasting or error.reasons)}", "", not lasting)
    if "larger than max" not in text and _is_passing(error, text):
        return Trouble(f"{place} does not answer ({text})", f"When it is back, {AGAIN}", True)
    return Trouble(f"{place} refused a request: {text}")


def wrong_key(settings: Settings) -> tuple[str, str]:
    """What to say of a key that is missing or wrong, and what helps."""
    key = "the key in DOCQA_WEAVIATE_API_KEY" if settings.weaviate_api_key else "a request without a key"
    return f"Weaviate at {settings.weaviate_url} refused {key}", "Set DOCQA_WEAVIATE_API_KEY to one that it knows."


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that it came from: the client wraps what gRPC raised."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _codes(error: Exception) -> set[object]:
    found: set[object] = set()
    for each in _chain(error):
        if isinstance(each, grpc.RpcError) and hasattr(each, "code"):
            found.add(each.code())
        if isinstance(each, exceptions.UnexpectedStatusCodeError):
            found.add(each.status_code)
    return found


def _is_auth(error: Exception) -> bool:
    codes = _codes(error)
    return bool(codes & (_AUTH_CODES | {401, 403})) or isinstance(error, exceptions.AuthenticationFailedError)


def _is_passing(error: Exception, text: str) -> bool:
    if _codes(error) & (_PASSING_CODES | _PASSING_STATUS):
        return True
    return any(isinstance(each, _PASSING_ERRORS) for each in _chain(error)) or bool(_PASSING_WORDS.search(text))


def _text(error: BaseException) -> str:
    """The server's own words, without what the client puts around them."""
    text = " ".join(str(error).split())
    if details := re.search(r'details = "(.*?)"', text):
        text = details[1]
    text = re.sub(r"^Query call with protocol GRPC \w+ failed with message ", "", text)
    return text.rstrip(". ")[:LONGEST_REASON] or type(error).__name__


def _listed(reasons: Mapping[str, str]) -> str:
    """Ids by the reason that they share."""
    by_reason: dict[str, list[str]] = {}
    for id, reason in reasons.items():
        by_reason.setdefault(" ".join(reason.split())[:LONGEST_REASON], []).append(id)
    return "; ".join(f"{', '.join(ids)} ({reason})" for reason, ids in by_reason.items())
