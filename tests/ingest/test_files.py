"""The store of original bytes: whole files under their hash, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import ValidationError

from ingest.errors import DocumentError, EmptyError, NotFoundError, TooLargeError
from ingest.files import Files, open_files
from ingest.settings import Settings

BYTES = b"the original bytes" * 1_000
SHA256 = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.txt"
    path.write_bytes(BYTES)
    return path


@pytest.fixture(params=["local", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Files]:
    url = str(tmp_path / "files") if request.param == "local" else f"memory://{tmp_path.name}"
    with closing(Files(url, tmp_path / "incoming", 1 << 20)) as files:
        yield files


def test_a_file_is_kept_under_its_hash_and_read_back(files: Files, source: Path) -> None:
    assert files.add(source) == (SHA256, len(BYTES))
    with files.local(SHA256) as path:
        assert path.read_bytes() == BYTES


def test_the_same_bytes_are_kept_once(files: Files, source: Path) -> None:
    files.add(source)
    files.add(source)
    assert list(files.all()) == [SHA256]


def test_a_removed_file_is_gone_and_may_be_removed_again(files: Files, source: Path) -> None:
    files.add(source)
    files.delete(SHA256)
    files.delete(SHA256)
    assert not files.has(SHA256)
    with pytest.raises(NotFoundError, match="docqa verify --repair"), files.local(SHA256):
        pass


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(tmp_path: Path, source: Path) -> None:
    with closing(Files(str(tmp_path / "files"), tmp_path / "incoming", 1_000)) as files:
        with pytest.raises(TooLargeError, match="DOCQA_MAX_FILE_MB"):
            files.add(source)
        assert list(files.all()) == []


def test_a_file_that_cannot_be_read_is_refused(files: Files, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read: No such file"):
        files.add(tmp_path / "absent.txt")


def test_copies_of_a_dead_process_are_swept_away_and_those_of_a_living_one_stay(tmp_path: Path, source: Path) -> None:
    dead = tmp_path / "incoming" / "dead"
    dead.mkdir(parents=True)
    (dead / "lock").touch()
    (dead / "copy").write_bytes(BYTES)
    first, second = (Files(str(tmp_path / "files"), tmp_path / "incoming", 1 << 20) for _ in range(2))
    first.add(source)
    second.close()
    assert len(list((tmp_path / "incoming").iterdir())) == 1
    first.close()
    assert list((tmp_path / "incoming").iterdir()) == []


def test_tenants_do_not_share_files(tmp_path: Path, source: Path) -> None:
    with closing(open_files(Settings(data_dir=tmp_path, tenant="a"))) as files:
        files.add(source)
    assert not open_files(Settings(data_dir=tmp_path, tenant="b")).has(SHA256)


def test_a_tenant_whose_name_would_lead_elsewhere_is_refused() -> None:
    with pytest.raises(ValidationError, match="tenant"):
        Settings(tenant="a/../b")


def test_a_file_without_bytes_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    files = open_files(Settings(data_dir=tmp_path / "data"))
    with pytest.raises(EmptyError, match="no bytes"):
        files.add(tmp_path / "empty.txt")
    assert list(files.all()) == []
    files.close()
