"""Where a chaos run takes place: the documents, a small disk for the data folder, a clock that can be made wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from ingest.library import Library
from ingest.pipeline import ingest
from ingest.settings import Settings
from tests.chaos.archive import Contents, contents_of
from tests.chaos.documents import make_documents

TESTS = Path(__file__).parents[1]
DISK_MB = 256
LEASE_SECONDS = 4.0
PART_PAGES = 4


class World:
    """What lasts for a whole run.

    Args:
        root: a folder of the run's own.
        documents: how many are taken in.
        archive: settings of the archive, by their names without the prefix.
    """

    def __init__(self, root: Path, documents: int, archive: Mapping[str, str]) -> None:
        self.root = root
        self.documents = documents
        self.folder = make_documents(root / "in", documents)
        self.disk = root / "disk"
        self.data = self.disk / "data"
        self.clock = root / "clock"
        self.no_disk = ""
        self._archive = dict(archive)

    def __enter__(self) -> Self:
        self.disk.mkdir(parents=True, exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(self.disk)]
        answer = subprocess.run(mount, capture_output=True, text=True, check=False)
        self.no_disk = answer.stderr.strip() if answer.returncode else ""
        return self

    def __exit__(self, *_: object) -> None:
        if not self.no_disk:
            subprocess.run(["umount", "-l", str(self.disk)], check=True)

    def settings(self, name: str, data: Path) -> Settings:
        """The settings of a library in a data folder; ``name`` tells its archive from others on the same server."""
        return Settings(data_dir=data, **self._values(name))  # type: ignore[arg-type]

    def environment(self, name: str) -> dict[str, str]:
        """The same for processes, with the clock that can be made wrong."""
        path = [str(TESTS / "chaos" / "clock"), str(TESTS / "guard"), str(TESTS.parent)]
        values = {f"DOCQA_{key.upper()}": str(value) for key, value in self._values(name).items()}
        return {**values, "PYTHONPATH": os.pathsep.join(path), "CHAOS_CLOCK": str(self.clock)}

    def undisturbed(self) -> tuple[Contents, float]:
        """What the archive of an ingest holds that nothing disturbs, and the seconds that it took."""
        data, began = self.root / "whole", time.monotonic()
        with Library.open(self.settings("Whole", data)) as library:
            for _ in ingest(library, [self.folder]):
                pass
            seconds = time.monotonic() - began
            return contents_of(library), seconds

    def clear(self) -> None:
        """Remove the data folder, and set the clock right."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.clock.write_text("0")

    def _values(self, name: str) -> dict[str, object]:
        values: dict[str, object] = {**self._archive, "part_pages": PART_PAGES, "lease_seconds": LEASE_SECONDS}
        if prefix := self._archive.get("weaviate_prefix"):
            values["weaviate_prefix"] = f"{prefix}{name}"
        return values


def weaviate(url: str, grpc_url: str, api_key: str) -> dict[str, str]:
    """The settings of an archive on a Weaviate server."""
    reached = {"weaviate_url": url, "weaviate_grpc_url": grpc_url, "weaviate_api_key": api_key}
    return {"archive": "weaviate", "weaviate_prefix": "Chaos", **reached}
