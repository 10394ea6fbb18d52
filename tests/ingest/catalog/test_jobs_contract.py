"""The catalog keeps the contract of jobs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from ingest.catalog.engine import open_engine
from ingest.settings import Settings
from tests.contracts.jobs import JobsContract
from tests.ingest.catalog.jobbing import Bench


@pytest.fixture(scope="module")
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    engine = open_engine(Settings(catalog_url=postgres_url))
    yield engine
    engine.dispose()


class TestSQLite(JobsContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Bench]:
        engine = open_engine(Settings(data_dir=tmp_path / "data"))
        yield Bench(engine, "default")
        engine.dispose()


class TestPostgreSQL(JobsContract):
    @pytest.fixture
    def bench(self, postgres_engine: Engine) -> Bench:
        return Bench(postgres_engine, uuid4().hex)
