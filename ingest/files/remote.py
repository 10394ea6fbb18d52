"""Files on S3-compatible storage, or on any other that fsspec knows."""

from __future__ import annotations

import hashlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ingest.errors import DocqaError, NotFoundError, SettingsError
from ingest.files.scratch import Scratch
from ingest.files.store import hash_at, place
from ingest.files.wording import asking, changed, missing, shown
from ingest.types import Health

PIECE = 8 << 20  # bytes of one request in a large transfer, of which a few run side by side
CONNECT_SECONDS, READ_SECONDS = 5, 15
ATTEMPTS = {"mode": "standard", "total_max_attempts": 3}
PROBE = b"docqa looks whether files can be written and read here"
_INHERITED: list[Any] = []  # what a parent process had opened; letting go of it here would close it, and wait for that


class Remote:
    """A store behind a URL. A download that does not have the hash of its name is refused.

    An upload is one request, or a multipart upload, which shows when it is complete. Nothing is remembered of what was
    listed: other processes write here too.

    Args:
        url: fsspec URL of the folder.
        scratch: where local copies go.

    Raises:
        SettingsError: nothing that is installed can read such a URL.
    """

    def __init__(self, url: str, scratch: Scratch) -> None:
        self._url = url
        self._scratch = scratch
        self._s3 = url.startswith(("s3://", "s3a://"))
        self._open: dict[int, Any] = {}
        self._root = self._root_in(self._fs)

    def size(self, sha256: str) -> int:
        """How many bytes are kept under this hash; 0 where nothing is."""
        with suppress(NotFoundError), asking(self._url, missing(sha256)):
            self._fs.invalidate_cache()
            return int(self._fs.info(self._name(sha256))["size"] or 0)
        return 0

    def keep(self, copy: Path, sha256: str) -> None:
        """Upload a complete copy."""
        with asking(self._url):
            self._put(copy, self._name(sha256))

    @contextmanager
    def local(self, sha256: str) -> Iterator[Path]:
        """A private copy; raises NotFoundError where it is not kept, or where what is kept are other bytes."""
        with self._scratch.incoming() as copy:
            with asking(self._url, missing(sha256)):
                self._fs.get_file(self._name(sha256), str(copy))
            with open(copy, "rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    raise NotFoundError(changed(sha256))
            yield copy

    def delete(self, sha256: str) -> None:
        """Remove it, if it is there."""
        with suppress(NotFoundError), asking(self._url, missing(sha256)):
            self._fs.rm_file(self._name(sha256))

    def all(self) -> Iterator[str]:
        """The hashes of all that is kept."""
        found: dict[str, Any] = {}
        with suppress(NotFoundError), asking(self._url, "There is no such folder yet."):
            self._fs.invalidate_cache()
            found = self._fs.find(self._root, detail=True)
        for path, info in found.items():
            sha256 = hash_at(path.removeprefix(f"{self._root}/"))
            if sha256 and info["size"]:
                yield sha256

    def health(self) -> Health:
        """Whether a small file can be written, listed, read and removed."""
        folder = f"{self._root}/probe"
        name = f"{folder}/{uuid.uuid4().hex}"
        try:
            with tempfile.TemporaryDirectory() as private, asking(self._url):
                sent, received = Path(private) / "sent", Path(private) / "received"
                sent.write_bytes(PROBE)
                self._put(sent, name)
                try:
                    self._fs.get_file(name, str(received))
                    whole = received.read_bytes() == PROBE and name in self._fs.find(folder)
                finally:
                    self._fs.rm_file(name)
        except DocqaError as error:
            return Health(False, str(error))
        if not whole:
            return Health(False, f"What is written below DOCQA_FILES_URL ('{shown(self._url)}') comes back as another.")
        return Health(True, f"{shown(self._url)} can be written and read.")

    def close(self) -> None:
        """Drop the connections of this process."""
        self._open.pop(os.getpid(), None)

    @property
    def _fs(self) -> Any:
        """What this process has opened: what it inherited by a fork has its connections and thread in the parent."""
        pid = os.getpid()
        if (system := self._open.get(pid)) is None:
            _INHERITED.extend(list(self._open.values()))
            system = self._open.setdefault(pid, self._system())
        return system

    def _system(self) -> Any:
        import fsspec

        config = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS, "retries": ATTEMPTS}
        pieces = {"default_block_size": PIECE, "max_concurrency": 4}
        options = {"config_kwargs": config, "use_listings_cache": False, **pieces} if self._s3 else {}
        try:
            system, _ = fsspec.core.url_to_fs(self._url, skip_instance_cache=True, **options)
        except ImportError as error:
            help = "run: pip install 'docqa[s3]'" if self._s3 else "install it, or name another place"
            raise SettingsError(
                f"DOCQA_FILES_URL ('{shown(self._url)}') needs a package that is missing ({error}); {help}."
            ) from error
        except ValueError as error:
            raise SettingsError(
                f"DOCQA_FILES_URL ('{shown(self._url)}') cannot be used ({error}); name a folder or s3://bucket/prefix."
            ) from error
        if self._s3:
            system.retries = 2  # of a request that botocore has tried as often as it may, and of a torn download
        return system

    def _root_in(self, system: Any) -> str:
        """The folder as the system calls it; asked of it, since each has a way of its own."""
        root = str(system._strip_protocol(self._url)).rstrip("/")
        if self._s3 and root.startswith("/"):
            raise SettingsError(f"DOCQA_FILES_URL ('{shown(self._url)}') names no bucket; write s3://bucket/prefix.")
        return root

    def _name(self, sha256: str) -> str:
        return f"{self._root}/{place(sha256)}"

    def _put(self, copy: Path, name: str) -> None:
        self._fs.put_file(str(copy), name, **({"chunksize": PIECE} if self._s3 else {}))
