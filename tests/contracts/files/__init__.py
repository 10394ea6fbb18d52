"""What every place of original files promises, as tests that a backend inherits.

A backend's test class inherits ``FilesContract`` and gives two fixtures: ``settings``, of a place that holds nothing
yet, and ``put``, which puts bytes at a path below the place of ``settings.tenant``, past docqa.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.files import Files, open_files
from ingest.settings import Settings
from tests.contracts.files.keeping import BYTES, KeepingContract
from tests.contracts.files.sharing import SharingContract


class FilesContract(KeepingContract, SharingContract):
    """All of it."""

    @pytest.fixture
    def files(self, settings: Settings) -> Iterator[Files]:
        with closing(open_files(settings)) as files:
            yield files

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        path = tmp_path / "source.txt"
        path.write_bytes(BYTES)
        return path
