"""What the tests of files share: a real S3 server, and settings that lead to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.settings import Settings
from tests.servers.s3 import S3Server, environment

pytest.register_assert_rewrite("tests.contracts.files")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A server for the whole session that takes any keys."""
    with S3Server() as server:
        yield server


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The same, named by the usual variables, which child processes see as well."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment(s3_server.url).items():
        monkeypatch.setenv(name, value)
    return s3_server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """A bucket of this test's own."""
    return s3.bucket()


@pytest.fixture
def on_s3(bucket: str, tmp_path: Path) -> Settings:
    """Settings with the files in it, below a prefix."""
    return Settings(data_dir=tmp_path / "data", files_url=f"s3://{bucket}/some/prefix", part_pages=2)
