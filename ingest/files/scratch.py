"""Private local paths for files on their way, in a folder for each process that is locked for as long as it lives."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

from ingest.files.wording import writing


class _Own(NamedTuple):
    """The folder of a process, and the open file whose lock says that it lives."""

    folder: Path
    lock: IO[bytes]

    def remove(self) -> None:
        self.lock.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Scratch:
    """A folder of such folders. Safe to use from any thread and from several processes, forked ones among them.

    Args:
        root: the folder; made when it is needed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._own: dict[int, _Own] = {}  # by process: a forked one inherits this object, but not the right to a folder

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """A path for a file that is removed at the end, if it is still there.

        Raises:
            StorageFullError, SettingsError: the folder cannot be made.
        """
        with writing():
            own = self._own.get(os.getpid()) or self._settle()
        path = own.folder / uuid.uuid4().hex
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder of this process, and those that dead processes left."""
        if own := self._own.pop(os.getpid(), None):
            own.remove()
        self.sweep()

    def sweep(self) -> None:
        """Remove the folders that dead processes left."""
        for folder in self._root.glob("*/"):
            with suppress(OSError), open(folder / "lock", "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)

    def _settle(self) -> _Own:
        """The folder of this process, made now; without a lock among threads, which a fork could leave locked."""
        for parent in [pid for pid in self._own if pid != os.getpid()]:
            self._own.pop(parent).lock.close()  # the parent has it open too, and it stays locked for as long as that is
        made = self._make()
        own = self._own.setdefault(os.getpid(), made)
        if own is not made:  # another thread was quicker
            made.remove()
        return own

    def _make(self) -> _Own:
        while True:
            folder = self._root / uuid.uuid4().hex
            folder.mkdir(parents=True)
            lock = open(folder / "lock", "wb")  # noqa: SIM115  held until close
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (folder / "lock").exists():  # else another process took it for a dead one's before it was locked
                return _Own(folder, lock)
            lock.close()
