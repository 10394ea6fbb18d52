"""Bytes that come block by block, as over a network: hashed and counted on their way to the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from ingest.errors import EmptyError, TooLargeError
from ingest.files.wording import writing

HEAD = 4096  # bytes that are kept at hand, from which the format is told


class Receiving:
    """A file on its way in, written to a private path. One thread at a time may use it.

    Args:
        path: where it is written.
        max_bytes: largest file taken in.
        has: whether the store has these bytes, by SHA-256 and size.
        keep: moves a complete file into the store, by path and SHA-256.
    """

    def __init__(
        self, path: Path, max_bytes: int, has: Callable[[str, int], bool], keep: Callable[[Path, str], None]
    ) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._has = has
        self._keep = keep
        self._digest = hashlib.sha256()
        self._writer: IO[bytes] | None = None
        self.size = 0
        self.head = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # of what was not kept nobody needs the rest
            self._close()

    @property
    def sha256(self) -> str:
        """The SHA-256, in hexadecimal, of what has come so far; ``size`` is its number of bytes, ``head`` its start."""
        return self._digest.hexdigest()

    def write(self, block: bytes) -> None:
        """Take the next bytes.

        Raises:
            TooLargeError: they are more than the limit together.
            StorageFullError: no space is left.
            SettingsError: the folder cannot be written.
        """
        check_size(self.size + len(block), self._max_bytes)
        with writing():
            if self._writer is None:
                self._writer = open(self._path, "wb")  # noqa: SIM115  closed at the end
            self._writer.write(block)
        self._digest.update(block)
        self.size += len(block)
        if len(self.head) < HEAD:
            self.head += block[: HEAD - len(self.head)]

    def keep(self) -> None:
        """Put the file in its place; bytes that are there already are not written again.

        Raises:
            EmptyError: it has no bytes.
            StorageFullError: no space is left.
            SettingsError, FilesError: its place cannot be written.
        """
        if not self.size:
            raise EmptyError("empty: it has no bytes")
        with writing():
            self._close()
        if not self._has(self.sha256, self.size):
            self._keep(self._path, self.sha256)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def check_size(size: int, max_bytes: int) -> None:
    """Raise TooLargeError where a file is over the limit."""
    if size > max_bytes:
        limit = max_bytes >> 20
        raise TooLargeError(f"larger than {limit:,} MiB, the limit that DOCQA_MAX_FILE_MB sets")
