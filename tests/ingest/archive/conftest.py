"""What the tests of archives share: contract assertions that explain themselves, and settings for a real server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.archive.weaviate import Server
from ingest.settings import Settings
from tests.servers.plugin import RunningServer

pytest.register_assert_rewrite("tests.contracts.archive")


@pytest.fixture(scope="session")
def weaviate_prefix(weaviate_server: RunningServer) -> Iterator[str]:
    """A name for this session's collections, which are removed at its end: the server may be somebody's own."""
    prefix = f"Test{uuid.uuid4().hex[:12]}"
    yield prefix
    remove_collections(Settings(**address(weaviate_server), weaviate_prefix=prefix))


@pytest.fixture
def weaviate(weaviate_server: RunningServer, weaviate_prefix: str, tmp_path: Path) -> Settings:
    """The settings of an archive on a real server that does not exist yet: a tenant of this test's own."""
    kept = {"data_dir": tmp_path / "data", "archive": "weaviate", "part_pages": 2}
    tenant = f"t{uuid.uuid4().hex}"
    return Settings(**address(weaviate_server), **kept, tenant=tenant, weaviate_prefix=weaviate_prefix)


@pytest.fixture
def own_prefix(weaviate: Settings) -> Iterator[Settings]:
    """The same with collections that no other test uses, removed at the end."""
    settings = weaviate.model_copy(update={"weaviate_prefix": f"Own{uuid.uuid4().hex[:12]}"})
    yield settings
    remove_collections(settings)


def remove_collections(settings: Settings) -> None:
    """Remove every collection whose name begins with the prefix, and what stands for it."""
    with closing(Server(settings)) as server:
        for alias in server.client.alias.list_all():
            if alias.startswith(settings.weaviate_prefix):
                server.client.alias.delete(alias_name=alias)
        for name in server.client.collections.list_all():
            if name.startswith(settings.weaviate_prefix):
                server.client.collections.delete(name)


def address(server: RunningServer) -> dict[str, str]:
    """The settings that name a server."""
    return {"weaviate_url": server.url, "weaviate_grpc_url": server.grpc_url, "weaviate_api_key": server.api_key}
