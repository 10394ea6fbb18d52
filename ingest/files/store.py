"""The seam: where complete files are kept, under names made of their hash."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from ingest.errors import SettingsError
from ingest.files.scratch import Scratch
from ingest.types import Health

_PROTOCOL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HASH = re.compile("[0-9a-f]{64}")


class Store(Protocol):
    """A place of files. What a name stands for is whole: a file is there completely or not at all."""

    def size(self, sha256: str) -> int:
        """How many bytes are kept under this hash; 0 where nothing is."""

    def keep(self, copy: Path, sha256: str) -> None:
        """Put a complete local copy in its place; it may be moved there."""

    def local(self, sha256: str) -> AbstractContextManager[Path]:
        """A local path to read it from; raises NotFoundError where it is not kept."""

    def delete(self, sha256: str) -> None:
        """Remove it, if it is there."""

    def all(self) -> Iterator[str]:
        """The hashes of all that is kept."""

    def health(self) -> Health:
        """Whether it can be written and read."""

    def close(self) -> None:
        """Close what this process has opened."""


def open_store(url: str, scratch: Scratch) -> Store:
    """The store that a URL names: a local folder, or what fsspec knows by that protocol.

    Raises:
        SettingsError: nothing that is installed can read such a URL.
    """
    if folder := local_folder(url):
        from ingest.files.folder import Folder

        return Folder(folder)
    from ingest.files.remote import Remote

    return Remote(url, scratch)


def local_folder(url: str) -> Path | None:
    """The folder that a plain path or a ``file://`` URL names; None for any other URL.

    Raises:
        SettingsError: it looks like a URL and is none.
    """
    protocol, there, rest = url.rpartition("://")
    if not there and _PROTOCOL.match(url):
        raise SettingsError(
            f"DOCQA_FILES_URL ('{url}') is neither a path nor a URL; write /path/to/folder or s3://bucket/prefix."
        )
    if protocol not in ("", "file", "local"):
        return None
    return Path(rest).expanduser().absolute()


def place(sha256: str) -> str:
    """Where below its root a store keeps these bytes: in folders that stay small."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def hash_at(path: str) -> str:
    """The hash that a path below the root stands for; empty where it is not one of ours."""
    name = path.rpartition("/")[2]
    return name if _HASH.fullmatch(name) and path == place(name) else ""
