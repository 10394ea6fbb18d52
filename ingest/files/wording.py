"""What goes wrong with files, in our words: the disk's errors, and those of servers behind fsspec."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.errors import DocqaError, FilesError, NotFoundError, SettingsError, StorageFullError

FULL = "No space is left for the original files; free some, or point DOCQA_FILES_URL elsewhere, and repeat."
LONGEST = 200  # characters of a server's own words

# S3's error codes, and the names of its client's exceptions where it did not come to an answer.
_ABSENT = {"", "NoSuchKey"}  # a bare 404 is the answer of something else than a file store
_KEYS = {
    "ExpiredToken", "InvalidAccessKeyId", "InvalidSecurity", "InvalidToken", "NoCredentialsError",
    "PartialCredentialsError", "SignatureDoesNotMatch", "TokenRefreshRequired",
}  # fmt: skip
_DENIED = {"403", "AccessDenied", "AccountProblem", "AllAccessDisabled", "Forbidden"}
_WRONG = {
    "301", "400", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "InvalidBucketName",
    "ParamValidationError", "PermanentRedirect", "ProfileNotFound", "RequestTimeTooSkewed", "ValueError",
}  # fmt: skip
_FULL = {"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"}


def missing(sha256: str) -> str:
    """The sentence about a file that is not kept."""
    return f"The original file {sha256} is missing; run `docqa verify --repair`."


def changed(sha256: str) -> str:
    """The sentence about a file whose bytes are others than they were."""
    return f"The original file {sha256} is not what it was; run `docqa verify --repair --deep`."


@contextmanager
def writing() -> Iterator[None]:
    """Put what can go wrong in writing to a disk into our words: StorageFullError or SettingsError."""
    try:
        yield
    except OSError as error:
        if _full(error):
            raise StorageFullError(FULL) from error
        raise SettingsError(
            f"The original files cannot be written ({error}); check DOCQA_DATA_DIR and DOCQA_FILES_URL."
        ) from error


@contextmanager
def reading() -> Iterator[None]:
    """Put what can go wrong in reading from a disk into our words: FilesError."""
    try:
        yield
    except OSError as error:
        raise FilesError(
            f"The original files cannot be read at the moment ({error}); check DOCQA_DATA_DIR and DOCQA_FILES_URL."
        ) from error


@contextmanager
def asking(url: str, absent: str = "") -> Iterator[None]:
    """Put what can go wrong with a server into our words.

    Args:
        url: what DOCQA_FILES_URL and the tenant come to.
        absent: the sentence for what is asked for and not there; empty where nothing can be absent.

    Raises:
        NotFoundError: it does not have what is asked for.
        SettingsError: the URL, the keys or what they allow are wrong.
        FilesError: it cannot be reached, or fails, at the moment.
        StorageFullError: it, or the local disk, has no space left.
    """
    try:
        yield
    except DocqaError:
        raise
    except Exception as error:  # what lies behind fsspec has errors of many kinds without a common class
        raise _told(error, url, absent) from error


def shown(url: str) -> str:
    """A URL without user name and password."""
    return re.sub(r"//[^/@]*@", "//", url)


def _told(error: Exception, url: str, absent: str) -> DocqaError:
    code, at, s3 = _code(error), f"DOCQA_FILES_URL ('{shown(url)}')", re.match("s3a?:", url)
    if absent and isinstance(error, FileNotFoundError) and code in _ABSENT:
        return NotFoundError(absent)
    if code in _FULL or _full(error):
        return StorageFullError(FULL)
    if code == "NoSuchBucket":
        return SettingsError(
            f"There is no bucket where {at} points; make it, or correct DOCQA_FILES_URL or AWS_ENDPOINT_URL."
        )
    if code in _KEYS:
        return SettingsError(
            f"The keys for {at} are missing or not accepted ({code}); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
            "in the environment."
        )
    if code in _DENIED:
        return SettingsError(
            f"Access to {at} is denied ({code}); check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they may "
            "list the bucket and read, write and delete what is in it."
        )
    reason, address = _reason(error), " and AWS_ENDPOINT_URL" if s3 else ""
    if code in _WRONG:
        return SettingsError(f"{at} cannot be used ({reason}); check DOCQA_FILES_URL{address}.")
    return FilesError(
        f"The original files cannot be read or written at the moment ({reason}); see whether what {at} names is "
        f"running, check DOCQA_FILES_URL{address}, and repeat."
    )


def _code(error: Exception) -> str:
    """The server's own name for an error; else that of its class, or nothing for one that any system may raise."""
    for each in (error, error.__cause__):
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
    return "" if isinstance(error, OSError) else type(error).__name__


def _full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _reason(error: Exception) -> str:
    """An error in its own words: on one line, of bounded length, without the parameters of a request."""
    words = re.sub(r"\?[^\s\"']*", "", " ".join(str(error).split())) or type(error).__name__
    return words if len(words) <= LONGEST else words[:LONGEST].rstrip() + "…"
