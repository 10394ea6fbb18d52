"""Both databases keep the contract of the registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from docqa.settings import Settings
from tests.contracts.registry import RegistryContract
from tests.contracts.registry.samples import own_schema


class TestSQLite(RegistryContract):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(data_dir=tmp_path / "data")


class TestPostgreSQL(RegistryContract):
    @pytest.fixture
    def settings(self, tmp_path: Path, postgres_url: str) -> Iterator[Settings]:
        with own_schema(postgres_url) as url:
            yield Settings(data_dir=tmp_path / "data", catalog_url=url)
