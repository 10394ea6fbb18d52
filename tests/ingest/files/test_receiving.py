"""Bytes that come block by block, into a folder and onto S3."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.errors import EmptyError, StorageFullError, TooLargeError
from ingest.files import Files, Receiving, open_files
from ingest.settings import Settings

ROOT = Path(__file__).parents[3]
BLOCKS = [b"a", b"", b"b" * 5000, b"c" * (1 << 20)]
BYTES = b"".join(BLOCKS)
SHA256 = hashlib.sha256(BYTES).hexdigest()
KILLED = """\
import os, signal
from ingest.files import open_files
from ingest.settings import Settings
with open_files(Settings()).receive() as receiving:
    receiving.write(b"x" * 1000000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(params=["folder", "s3"])
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    if request.param == "s3":
        settings: Settings = request.getfixturevalue("on_s3")
        return settings
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def files(settings: Settings) -> Iterator[Files]:
    with closing(open_files(settings)) as files:
        yield files


def on_the_way(settings: Settings) -> list[Path]:
    return [path for path in settings.root.glob("incoming/*/*") if path.name != "lock"]


def write(receiving: Receiving, mebibytes: int) -> None:
    for _ in range(mebibytes):
        receiving.write(b"x" * (1 << 20))


def test_what_comes_in_blocks_is_kept_as_a_whole_under_its_hash(files: Files, settings: Settings) -> None:
    with files.receive() as receiving:
        for block in BLOCKS:
            receiving.write(block)
        assert (receiving.sha256, receiving.size, receiving.head) == (SHA256, len(BYTES), BYTES[:4096])
        assert list(files.all()) == []
        receiving.keep()
    with files.local(SHA256) as path:
        assert path.read_bytes() == BYTES
    assert on_the_way(settings) == []


def test_what_is_left_without_being_kept_leaves_nothing(files: Files, settings: Settings) -> None:
    with files.receive() as receiving:
        receiving.write(BYTES)
        assert len(on_the_way(settings)) == 1
    assert (on_the_way(settings), list(files.all())) == ([], [])


def test_bytes_that_are_there_are_not_written_again(files: Files) -> None:
    for _ in range(2):
        with files.receive() as receiving:
            receiving.write(BYTES)
            receiving.keep()
    assert list(files.all()) == [SHA256]


def test_the_block_that_passes_the_limit_is_refused_and_the_limit_named(tmp_path: Path) -> None:
    with closing(open_files(Settings(data_dir=tmp_path, max_file_mb=1))) as files, files.receive() as receiving:
        receiving.write(b"x" * (1 << 20))
        with pytest.raises(TooLargeError, match="larger than 1 MiB, the limit that DOCQA_MAX_FILE_MB sets"):
            receiving.write(b"x")
        assert receiving.size == 1 << 20


def test_nothing_is_no_file(files: Files) -> None:
    with files.receive() as receiving, pytest.raises(EmptyError, match="it has no bytes"):
        receiving.keep()


def test_a_full_disk_is_told_and_leaves_nothing(small_disk: Path) -> None:
    settings = Settings(data_dir=small_disk)
    with closing(open_files(settings)) as files:
        with files.receive() as receiving, pytest.raises(StorageFullError, match="No space is left"):
            write(receiving, mebibytes=9)
        assert on_the_way(settings) == []


def test_what_a_killed_process_had_received_is_swept_away(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    environment = os.environ | {"DOCQA_DATA_DIR": str(settings.root)}
    assert subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, env=environment, check=False).returncode == -9
    assert len(on_the_way(settings)) == 1
    with closing(open_files(settings)) as files, files.receive() as receiving:
        receiving.write(BYTES)
        files.sweep()
        assert [path.stat().st_size for path in on_the_way(settings)] == [len(BYTES)]
