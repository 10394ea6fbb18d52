"""Services with two documents that came in over the API, and the environment of other projects' clients."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from docqa.settings import Settings
from tests.clients.foreign import LACKING, is_installed
from tests.clients.library import Stocked, stock
from tests.servers.api import client_of, serving
from tests.servers.inprocess import working
from tests.servers.serve import served

NO_CACHE = {"DOCQA_ANSWER_CACHE": "false"}
"""Each client is answered anew."""


@pytest.fixture(scope="session")
def clients() -> None:
    """Other projects' clients; without them a test is skipped, in CI it fails."""
    if not is_installed():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(LACKING)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    """A service of this process, which the tests of a module share."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("clients") / "library", answer_cache=False)
    with serving(settings) as base, working(settings), client_of(base) as client:
        yield stock(client)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    """A service as users start it, with its worker and broker, which the tests of a module share."""
    data = tmp_path_factory.mktemp("clients") / "library"
    with served(data, settings=NO_CACHE) as process, client_of(process.base) as client:
        yield stock(client)
