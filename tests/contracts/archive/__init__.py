"""What every archive promises, as tests that a backend inherits.

A backend's test class inherits ``ArchiveContract`` and gives one fixture, ``settings``: those of an archive that does
not exist yet.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ingest.archive import Archive, open_archive
from ingest.settings import Settings
from tests.contracts.archive.filtering import FilteringContract
from tests.contracts.archive.keeping import KeepingContract
from tests.contracts.archive.samples import DIMENSION, EMBEDDER
from tests.contracts.archive.searching import SearchingContract
from tests.contracts.archive.writing import WritingContract


class ArchiveContract(KeepingContract, SearchingContract, FilteringContract, WritingContract):
    """All of it."""

    """Inherit it and define a fixture ``settings`` of an archive that does not exist yet."""

    @pytest.fixture
    def archive(self, settings: Settings) -> Iterator[Archive]:
        archive = open_archive(settings, EMBEDDER, DIMENSION)
        yield archive
        archive.close()
