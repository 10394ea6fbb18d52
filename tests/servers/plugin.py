"""Fixtures that give a test a real server, and skip it where there can be none; in CI they fail it instead."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from tests.servers.llama import LlamaError, LlamaServer
from tests.servers.postgres import PostgresError, postgres
from tests.servers.weaviate import BuildError, WeaviateServer, build

URL = "DOCQA_TEST_WEAVIATE_URL"
GRPC_URL = "DOCQA_TEST_WEAVIATE_GRPC_URL"
API_KEY = "DOCQA_TEST_WEAVIATE_API_KEY"
POSTGRES_URL = "DOCQA_TEST_POSTGRES_URL"
BINARY = pytest.StashKey[Path | str]()  # the program, or the sentence that says why there is none


@dataclass(frozen=True)
class RunningServer:
    """How a server is reached."""

    url: str
    grpc_url: str
    api_key: str


@pytest.fixture(scope="session")
def weaviate_binary(request: pytest.FixtureRequest) -> Path:
    """The program, for tests that start servers of their own."""
    binary = request.config.stash.get(BINARY, None) or _obtain(print)
    return binary if isinstance(binary, Path) else _unavailable(binary)


@pytest.fixture(scope="session")
def weaviate_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server for the whole session: the one that ``DOCQA_TEST_WEAVIATE_URL`` names, or one of our own."""
    if url := os.environ.get(URL):
        grpc_url = os.environ.get(GRPC_URL) or f"{url.rpartition(':')[0]}:50051"
        yield RunningServer(url, grpc_url, os.environ.get(API_KEY, ""))
        return
    request.getfixturevalue("weaviate_binary")
    with WeaviateServer(tmp_path_factory.mktemp("weaviate") / "data") as server:
        yield RunningServer(server.url, server.grpc_url, server.api_key)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database for the whole session: the one that ``DOCQA_TEST_POSTGRES_URL`` names, or one of our own."""
    if url := os.environ.get(POSTGRES_URL):
        yield url
        return
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres())
        except PostgresError as error:
            _unavailable(str(error))
        yield url


@pytest.fixture(scope="session")
def llama_server() -> Iterator[str]:
    """A small language model behind llama.cpp's server for the whole session: its base URL."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(LlamaServer())
        except LlamaError as error:
            _unavailable(str(error))
        yield server.url


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build before the first test begins: in a fixture the minutes would count as the test's own, and end it."""
    asked = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    wanted = "weaviate_binary" in asked or ("weaviate_server" in asked and not os.environ.get(URL))
    if wanted and not session.config.option.collectonly:
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        session.config.stash[BINARY] = _obtain(terminal.write_line if terminal else print)


def _obtain(say: Callable[[str], object]) -> Path | str:
    try:
        return build(_machine_environment(), say)
    except BuildError as error:
        return str(error)


def _machine_environment() -> dict[str, str]:
    """The environment that pytest was started with: ``tests/conftest.py`` has pointed the proxies at nothing since."""
    started = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    entries = Path(f"/proc/{started}/environ").read_bytes().decode(errors="surrogateescape").split("\0")
    return {name: value for name, found, value in (entry.partition("=") for entry in entries) if found}


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
