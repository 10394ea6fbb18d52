"""The original bytes of documents, kept under their SHA-256: in the data folder, or wherever an fsspec URL points.

A file is copied to a private name first and gets its own name when it is complete and on disk, so that a name always
stands for whole bytes. Copies that a killed process left behind are swept away by the next one.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from ingest.errors import DocumentError, EmptyError, NotFoundError, SettingsError, StorageFullError, TooLargeError
from ingest.settings import Settings

BLOCK = 1 << 20


class Stored(NamedTuple):
    """What a file's bytes are known by: their SHA-256 in hexadecimal, and how many there are."""

    sha256: str
    size: int


class Files:
    """The files of one tenant. Safe to use from any thread and from several processes.

    Args:
        url: fsspec URL of the folder; a plain path for a local one.
        scratch: local folder for files on their way, and for local copies where ``url`` is not local.
        max_bytes: largest file taken in.
    """

    def __init__(self, url: str, scratch: Path, max_bytes: int) -> None:
        import fsspec

        self._fs, root = fsspec.core.url_to_fs(url)
        self._root = str(root).rstrip("/")
        self._local = "file" in (self._fs.protocol if isinstance(self._fs.protocol, tuple) else (self._fs.protocol,))
        self._scratch = scratch
        self._max_bytes = max_bytes
        self._own: Path | None = None
        self._lock: Any = None
        self._making = threading.Lock()

    def add(self, source: Path) -> Stored:
        """Copy a file in and return its hash and size; bytes that are there already are not written again.

        Raises:
            DocumentError: the file cannot be read.
            EmptyError: it has no bytes.
            TooLargeError: it is larger than the limit.
            StorageFullError: no space is left.
        """
        with self._incoming() as copy:
            stored = self._copy(source, copy)
            if not stored.size:
                raise EmptyError("empty: it has no bytes")
            if not self.has(stored.sha256):
                with _writing():
                    self._keep(copy, stored.sha256)
        return stored

    def has(self, sha256: str) -> bool:
        """Whether these bytes are kept."""
        return bool(self._fs.exists(self._name(sha256)))

    @contextmanager
    def local(self, sha256: str) -> Iterator[Path]:
        """A local path to read these bytes from, for as long as the context lasts.

        Raises:
            NotFoundError: they are not kept here.
        """
        if self._local:
            path = Path(self._name(sha256))
            if not path.exists():
                raise NotFoundError(f"The original file {sha256} is missing; run `docqa verify --repair`.")
            yield path
            return
        with self._incoming() as copy:
            try:
                self._fs.get_file(self._name(sha256), str(copy))
            except FileNotFoundError:
                raise NotFoundError(f"The original file {sha256} is missing; run `docqa verify --repair`.") from None
            yield copy

    def delete(self, sha256: str) -> None:
        """Remove these bytes, if they are there."""
        with suppress(FileNotFoundError):
            self._fs.rm_file(self._name(sha256))

    def all(self) -> Iterator[str]:
        """The SHA-256 of every file that is kept."""
        with suppress(FileNotFoundError):
            for name in self._fs.find(self._root):
                yield str(name).rpartition("/")[2]

    def close(self) -> None:
        """Remove the private folder of this process, and those that dead processes left."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        self._own = None
        for folder in self._scratch.glob("*/"):
            with suppress(OSError), open(folder / "lock", "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)

    def _name(self, sha256: str) -> str:
        return f"{self._root}/{sha256[:2]}/{sha256[2:4]}/{sha256}"

    @contextmanager
    def _incoming(self) -> Iterator[Path]:
        """A private path for a file on its way, in a folder that is locked for as long as this process lives."""
        with self._making, _writing():
            own = self._own or self._make_own()
        path = own / uuid.uuid4().hex
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _make_own(self) -> Path:
        while self._own is None:
            own = self._scratch / uuid.uuid4().hex
            own.mkdir(parents=True)
            lock = open(own / "lock", "wb")  # noqa: SIM115  held until close
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (own / "lock").exists():  # else another process took it for a dead one's before it was locked
                self._own, self._lock = own, lock
        return self._own

    def _copy(self, source: Path, target: Path) -> Stored:
        digest, size = hashlib.sha256(), 0
        try:
            reader = open(source, "rb")  # noqa: SIM115  its errors are told apart from the writer's
        except OSError as error:
            raise DocumentError(f"cannot be read: {error.strerror}") from error
        with reader, _writing(), open(target, "wb") as writer:
            self._check(os.fstat(reader.fileno()).st_size)
            while block := _read(reader):
                size += len(block)
                self._check(size)
                digest.update(block)
                writer.write(block)
        return Stored(digest.hexdigest(), size)

    def _check(self, size: int) -> None:
        if size > self._max_bytes:
            limit = self._max_bytes >> 20
            raise TooLargeError(f"larger than {limit:,} MiB, the limit that DOCQA_MAX_FILE_MB sets")

    def _keep(self, copy: Path, sha256: str) -> None:
        """Give a complete copy its name."""
        name = self._name(sha256)
        if not self._local:
            self._fs.put_file(str(copy), name)
            return
        folder = Path(name).parent
        folder.mkdir(parents=True, exist_ok=True)
        _sync(copy)
        os.replace(copy, name)
        _sync(folder)


def open_files(settings: Settings) -> Files:
    """The files of ``settings.tenant``: in the data folder, or below ``DOCQA_FILES_URL``."""
    tenant = quote(settings.tenant, safe="")
    base = settings.files_url.rstrip("/") or str(settings.root / "files")
    return Files(f"{base}/{tenant}", settings.root / "incoming", settings.max_file_mb << 20)


def _sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(reader: Any) -> bytes:
    try:
        return bytes(reader.read(BLOCK))
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror}") from error


@contextmanager
def _writing() -> Iterator[None]:
    """Put what can go wrong in writing into our words; what goes wrong in reading is a DocumentError already."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFullError(
                "No space is left for the original files; free some, or point DOCQA_FILES_URL elsewhere, and repeat."
            ) from error
        raise SettingsError(
            f"The original files cannot be written ({error}); check DOCQA_DATA_DIR and DOCQA_FILES_URL."
        ) from error
