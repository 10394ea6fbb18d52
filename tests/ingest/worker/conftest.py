"""A worker with two processes, which most tests here share: each works in a collection of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.worker.working import Workshop, workshop


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with workshop(tmp_path_factory.mktemp("shop"), DOCQA_WORKER_MEMORY_MB="1024") as shop, shop.workers():
        yield shop


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Workshop]:
    """A library of the test's own, for which no worker runs yet."""
    with workshop(tmp_path) as shop:
        yield shop
