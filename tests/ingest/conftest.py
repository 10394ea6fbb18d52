"""Catalogs on both databases and small libraries, each test with one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.catalog import Catalog, open_catalog
from ingest.library import Library
from ingest.settings import Settings
from tests.ingest.databases import new_database
from tests.ingest.ingesting import library_at

ON_BOTH = ["sqlite", "postgresql"]


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of an empty database on a real server."""
    with new_database(postgres_url) as url:
        yield url


@pytest.fixture
def on_postgres(tmp_path: Path, postgres_database: str) -> Settings:
    """Settings with an empty catalog in a database of PostgreSQL."""
    return Settings(data_dir=tmp_path / "data", catalog_url=postgres_database)


@pytest.fixture(params=ON_BOTH)
def on_both(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings with an empty catalog in a file, and in a database of PostgreSQL."""
    if request.param == "postgresql":
        settings: Settings = request.getfixturevalue("on_postgres")
        return settings
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def catalog(on_both: Settings) -> Iterator[Catalog]:
    """An empty catalog, on either database."""
    catalog = open_catalog(on_both)
    yield catalog
    catalog.close()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library, with parts of two pages."""
    with library_at(tmp_path / "library") as library:
        yield library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, for files that are taken in."""
    (tmp_path / "in").mkdir()
    return tmp_path / "in"
