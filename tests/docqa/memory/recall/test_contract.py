"""All ways of keeping a conversation keep the contract."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from docqa.memory.recall import Recall, RunRecall
from docqa.settings import Settings
from tests.contracts.recall import RecallContract, StoreContract


class TestRunRecall(RecallContract):
    @pytest.fixture
    def recall(self) -> Recall:
        return RunRecall()


class TestSQLite(StoreContract):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(data_dir=tmp_path / "data")


class TestPostgreSQL(StoreContract):
    @pytest.fixture
    def settings(self, tmp_path: Path, postgres_url: str) -> Settings:
        return Settings(data_dir=tmp_path / "data", recall_url=postgres_url, tenant=uuid4().hex)
