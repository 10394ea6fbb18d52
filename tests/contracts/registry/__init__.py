"""What the registry promises, as tests that each database inherits.

``RegistryContract`` wants a fixture ``settings`` of an installation that holds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from docqa.registry import Registry, open_registry
from docqa.settings import Settings
from tests.contracts.registry.attaching import AttachingContract
from tests.contracts.registry.caching import CachingContract
from tests.contracts.registry.conversing import ConversingContract
from tests.contracts.registry.isolating import IsolatingContract
from tests.contracts.registry.keeping import KeepingContract
from tests.contracts.registry.opening import OpeningContract
from tests.contracts.registry.paging import PagingContract
from tests.contracts.registry.queueing import QueueingContract
from tests.contracts.registry.running import RunningContract
from tests.contracts.registry.storing import StoringContract
from tests.contracts.registry.uploading import UploadingContract


class RegistryContract(
    OpeningContract,
    StoringContract,
    AttachingContract,
    UploadingContract,
    KeepingContract,
    QueueingContract,
    RunningContract,
    ConversingContract,
    CachingContract,
    PagingContract,
    IsolatingContract,
):
    """All of it."""

    @pytest.fixture
    def registry(self, settings: Settings) -> Iterator[Registry]:
        with open_registry(settings) as registry:
            yield registry

    @pytest.fixture
    def other(self, registry: Registry, settings: Settings) -> Iterator[Registry]:
        """As another process sees the same."""
        with open_registry(settings) as other:
            yield other
