"""What the rest of docqa sees of the original files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ingest.errors import DocumentError, EmptyError
from ingest.files.receiving import Receiving, check_size
from ingest.files.scratch import Scratch
from ingest.files.store import local_folder, open_store
from ingest.files.wording import writing
from ingest.settings import Settings
from ingest.types import Health

BLOCK = 1 << 20


class Stored(NamedTuple):
    """What a file's bytes are known by: their SHA-256 in hexadecimal, and how many there are."""

    sha256: str
    size: int


class Files:
    """The files of one tenant. Safe to use from any thread, from several processes, and on both sides of a fork.

    Every method that looks at them raises SettingsError where their place cannot be used as it is set, and FilesError
    where it cannot be reached at the moment.

    Args:
        url: fsspec URL of the folder; a plain path for a local one.
        scratch: local folder for files on their way, and for local copies where ``url`` is not local.
        max_bytes: largest file taken in.

    Raises:
        SettingsError: nothing that is installed can read such a URL.
    """

    def __init__(self, url: str, scratch: Path, max_bytes: int) -> None:
        self._scratch = Scratch(scratch)
        self._store = open_store(url, self._scratch)
        self._max_bytes = max_bytes

    def add(self, source: Path) -> Stored:
        """Copy a file in and return its hash and size; bytes that are there already are not written again.

        Raises:
            DocumentError: the file cannot be read.
            EmptyError: it has no bytes.
            TooLargeError: it is larger than the limit.
            StorageFullError: no space is left.
        """
        with self._scratch.incoming() as copy:
            stored = self._copy(source, copy)
            if not stored.size:
                raise EmptyError("empty: it has no bytes")
            if not self.has(*stored):
                self._store.keep(copy, stored.sha256)
        return stored

    @contextmanager
    def receive(self) -> Iterator[Receiving]:
        """What takes in bytes that come block by block; left without ``keep`` nothing remains of them."""
        with (
            self._scratch.incoming() as copy,
            Receiving(copy, self._max_bytes, self.has, self._store.keep) as receiving,
        ):
            yield receiving

    def has(self, sha256: str, size: int | None = None) -> bool:
        """Whether these bytes are kept: something that is empty, or of another size than ``size``, is not they."""
        kept = self._store.size(sha256)
        return bool(kept) and size in (None, kept)

    def local(self, sha256: str) -> AbstractContextManager[Path]:
        """A local path to read these bytes from, for as long as the context lasts.

        Raises:
            NotFoundError: they are not kept here, or what was downloaded are others.
            StorageFullError: there is no space for a local copy.
        """
        return self._store.local(sha256)

    def delete(self, sha256: str) -> None:
        """Remove these bytes, if they are there."""
        self._store.delete(sha256)

    def all(self) -> Iterator[str]:
        """The SHA-256 of every file that is kept; what has another name, another place or no bytes is left out."""
        return self._store.all()

    def health(self) -> Health:
        """Whether files can be written and read here; a folder that can be made is well."""
        return self._store.health()

    def sweep(self) -> None:
        """Remove what processes that are dead have left on the way, whichever tenant's it was."""
        self._scratch.sweep()

    def close(self) -> None:
        """Close what this process has opened, remove its private folder, and those that dead processes left."""
        self._store.close()
        self._scratch.close()

    def _copy(self, source: Path, target: Path) -> Stored:
        digest, size = hashlib.sha256(), 0
        try:
            reader = open(source, "rb")  # noqa: SIM115  its errors are told apart from the writer's
        except OSError as error:
            raise DocumentError(f"cannot be read: {error.strerror}") from error
        with reader, writing(), open(target, "wb") as writer:
            check_size(os.fstat(reader.fileno()).st_size, self._max_bytes)
            while block := _read(reader):
                size += len(block)
                check_size(size, self._max_bytes)
                digest.update(block)
                writer.write(block)
        return Stored(digest.hexdigest(), size)


def open_files(settings: Settings) -> Files:
    """The files of ``settings.tenant``: in the data folder, or below ``DOCQA_FILES_URL``. Nothing is connected yet.

    Raises:
        SettingsError: nothing that is installed can read such a URL.
    """
    scratch, base = settings.root / "incoming", settings.files_url or str(settings.root / "files")
    if settings.files_url and (folder := local_folder(base)):
        scratch = folder / ".incoming"  # on the same disk, from which a file can be moved; no tenant has such a name
    return Files(f"{base.rstrip('/')}/{settings.tenant}", scratch, settings.max_file_mb << 20)


def _read(reader: Any) -> bytes:
    try:
        return bytes(reader.read(BLOCK))
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror}") from error
