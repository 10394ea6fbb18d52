"""What is in watched folders, look by look: which files are there, which stand still, and what became of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.parse import SUFFIXES
from ingest.pipeline.discover import discover


@dataclass(slots=True)
class Seen:
    """What is remembered of a file: how it looked, whether it stood still, when it is to be offered to the pipeline
    again though it has not changed, and why it failed.
    """

    stamp: str = ""
    settled: bool = False
    again: float = 0.0
    reason: str = ""


class Folders:
    """Some folders and the files below them, as they were at the last look.

    ``files`` is what is remembered, by path. ``absent`` are the folders that cannot be read, with the reason; files
    below them stay remembered. ``refused`` are paths that cannot be looked at, with the reason. ``vanished`` tells
    whether a file was there at the look before and is not now.

    Args:
        folders: absolute paths of the folders.
        every: seconds for which a file has to stand still.
        own: docqa's data folder, whose files are not looked at unless a folder inside of it is watched.
    """

    def __init__(self, folders: Sequence[Path], every: float, own: Path) -> None:
        self.folders = folders
        self.files: dict[str, Seen] = {}
        self.absent: dict[Path, str] = {}
        self.refused: dict[str, str] = {}
        self.vanished = False
        self._every = every
        prefix = inside(os.path.abspath(own))
        self._own = () if any(inside(folder).startswith(prefix) for folder in folders) else (prefix,)
        self._present: dict[Path, tuple[int, int]] = {}  # device and inode
        self._filled: dict[Path, tuple[int, int]] = {}  # those of the folder in which a file was last seen

    def look(self) -> None:
        """Walk the folders and bring everything up to date."""
        self._visit()
        files: dict[str, Seen] = {}
        self.refused = {}
        for found in discover(list(self._present), SUFFIXES):
            name = str(found.path)
            if found.reason:
                if found.named and found.path not in self.folders:  # a folder without files is an empty inbox
                    self.refused[name] = found.reason
            elif not name.startswith(self._own) and (seen := self._seen(name)):
                files[name] = seen
        self._filled |= {folder: self._present[folder] for folder in self._present if _any_below(folder, files)}
        self.vanished = self._keep_absent(files)
        self.files = files

    def emptied(self, folder: Path) -> bool:
        """Whether there is no file in a folder, nor was before in this very one: at other times a disk may be there."""
        return self._filled.get(folder) != self._present.get(folder)

    def unsettled(self) -> list[str]:
        """The paths of the files that may still be written."""
        return [name for name, seen in self.files.items() if not seen.settled]

    def lost(self, path: Path) -> bool:
        """Whether there is certainly no file at a path."""
        return str(path) not in self.files and missing(path)

    def _visit(self) -> None:
        self._present, self.absent = {}, {}
        for folder in self.folders:
            try:
                os.scandir(folder).close()
                status = os.stat(folder)
                self._present[folder] = (status.st_dev, status.st_ino)
            except OSError as error:
                self.absent[folder] = error.strerror or str(error)

    def _seen(self, name: str) -> Seen | None:
        """A file as it is now: settled if it is as at the last look, or has not changed for long enough."""
        try:
            status = os.stat(name)
        except OSError:
            return None
        stamp = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
        known = self.files.get(name)
        if known and known.stamp == stamp:
            known.settled = True
            return known
        changed = max(status.st_mtime_ns, status.st_ctime_ns)
        return Seen(stamp, time.time_ns() - changed >= self._every * 1e9)

    def _keep_absent(self, files: dict[str, Seen]) -> bool:
        """Carry over what is known of files below absent folders; whether other files are no longer there."""
        away, vanished = tuple(inside(folder) for folder in self.absent), False
        for name, seen in self.files.items():
            if name in files:
                continue
            if name.startswith(away):
                seen.settled = False
                files[name] = seen
            else:
                vanished = True
        return vanished


def inside(folder: Path | str) -> str:
    """What the paths of all that is below a folder begin with."""
    return os.path.join(folder, "")


def missing(path: Path) -> bool:
    """Whether there is certainly nothing at a path; one that cannot be reached may hold something."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _any_below(folder: Path, names: Iterable[str]) -> bool:
    prefix = inside(folder)
    return any(name.startswith(prefix) for name in names)
