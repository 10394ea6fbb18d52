"""Files in a local folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.errors import NotFoundError
from ingest.files.store import hash_at, place
from ingest.files.wording import missing, reading, writing
from ingest.types import Health


class Folder:
    """A store in a folder of this machine. Reading does not check the hash: ``docqa verify --deep`` does.

    Args:
        root: the folder; made with the first file.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def size(self, sha256: str) -> int:
        """How many bytes are kept under this hash; 0 where nothing is."""
        with reading():
            try:
                return os.stat(self._root / place(sha256)).st_size
            except (FileNotFoundError, NotADirectoryError):
                return 0

    def keep(self, copy: Path, sha256: str) -> None:
        """Move a complete copy, which is on the same disk, to its place when all of it is on disk."""
        path = self._root / place(sha256)
        with writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            _sync(copy)
            os.replace(copy, path)
            _sync(path.parent)

    @contextmanager
    def local(self, sha256: str) -> Iterator[Path]:
        """The file itself; raises NotFoundError where it is not kept."""
        if not self.size(sha256):
            raise NotFoundError(missing(sha256))
        yield self._root / place(sha256)

    def delete(self, sha256: str) -> None:
        """Remove it, if it is there."""
        with writing():
            (self._root / place(sha256)).unlink(missing_ok=True)

    def all(self) -> Iterator[str]:
        """The hashes of all that is kept."""
        for path in self._root.glob("??/??/*"):
            sha256 = hash_at(path.relative_to(self._root).as_posix())
            if sha256 and self.size(sha256):
                yield sha256

    def health(self) -> Health:
        """Whether the folder, or the nearest one above it that exists, can be written."""
        above = next(path for path in (self._root, *self._root.parents) if path.exists())
        try:
            with tempfile.TemporaryFile(dir=above):
                pass
        except OSError as error:
            help = "set DOCQA_FILES_URL or DOCQA_DATA_DIR to another folder"
            return Health(False, f"{self._root} cannot be written ({error.strerror}); {help}.")
        if above != self._root:
            return Health(True, f"{self._root} does not exist yet; the first ingest makes it.")
        return Health(True, f"{self._root} can be written.")

    def close(self) -> None:
        """Nothing is open."""


def _sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
