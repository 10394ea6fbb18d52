"""What the tests of the broker share: settings, and servers of docqa's own that end with the test."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from ingest.broker import Broker, open_broker
from ingest.broker.valkey import Valkey
from ingest.settings import Settings
from tests.ingest.broker.running import Embedded


@pytest.fixture(autouse=True)
def _own_temp_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For the sockets of data folders whose paths are long."""
    with tempfile.TemporaryDirectory(prefix="docqa-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setenv("TMPDIR", folder)
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """No broker is named: docqa's own, in this test's data folder."""
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def embedded(settings: Settings) -> Iterator[Embedded]:
    """Makes objects of the server in the data folder, which are stopped at the end."""
    with ExitStack() as stack:

        def make() -> Valkey:
            server = Valkey(settings)
            stack.callback(server.stop)
            return server

        yield make


@pytest.fixture
def opened() -> Iterator[Callable[[str], Broker]]:
    """Opens the broker of a URL, closed at the end."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(closing(open_broker(Settings(broker_url=url))))
