"""Files on S3-compatible storage: a real server, and traffic to it that is disturbed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from ingest.errors import NotFoundError
from ingest.files import open_files
from ingest.library import Library
from ingest.pipeline import delete
from ingest.settings import Settings
from ingest.verify import verify
from tests.contracts.files import FilesContract
from tests.contracts.files.keeping import BYTES, PLACE, SHA256, read
from tests.ingest.ingesting import run
from tests.servers.proxy import TcpProxy
from tests.servers.s3 import S3Server

SAMPLES = Path(__file__).parents[3] / "sample_docs/documents"
UPLOAD = """\
import sys
from pathlib import Path
from ingest.files import open_files
from ingest.settings import Settings
open_files(Settings()).add(Path(sys.argv[1]))
"""


class TestS3(FilesContract):
    @pytest.fixture
    def settings(self, on_s3: Settings) -> Settings:
        return on_s3

    @pytest.fixture
    def put(self, s3: S3Server, bucket: str) -> Callable[[str, bytes], None]:
        client = s3.client()

        def put(path: str, data: bytes) -> None:
            client.put_object(Bucket=bucket, Key=f"some/prefix/default/{path}", Body=data)

        return put


def keys(s3: S3Server, bucket: str) -> list[str]:
    """All that is in a bucket of few objects."""
    return [each["Key"] for each in s3.client().list_objects_v2(Bucket=bucket).get("Contents", [])]


def large_file(folder: Path) -> Path:
    path = folder / "large"
    path.write_bytes(os.urandom((20 << 20) + 1))
    return path


def test_a_bucket_needs_no_prefix(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(BYTES)
    with closing(open_files(Settings(data_dir=tmp_path, files_url=f"s3://{bucket}/"))) as files:
        files.add(tmp_path / "source")
        assert list(files.all()) == [SHA256]
        assert keys(s3, bucket) == [f"default/{PLACE}"]


def test_a_large_file_goes_up_in_pieces_and_comes_back_whole(
    s3: S3Server, bucket: str, on_s3: Settings, tmp_path: Path
) -> None:
    path = large_file(tmp_path)
    with closing(open_files(on_s3)) as files:
        sha256, size = files.add(path)
        assert files.has(sha256, size)
        assert read(files, sha256) == path.read_bytes()
    tag = s3.client().list_objects_v2(Bucket=bucket)["Contents"][0]["ETag"]
    assert tag.strip('"').endswith("-3")  # pieces


def test_all_lists_more_files_than_one_answer_holds(s3: S3Server, bucket: str, on_s3: Settings) -> None:
    names = {f"{number:064x}" for number in range(0, 1_050 << 240, 1 << 240)}
    client = s3.client()

    def put(name: str) -> None:
        key = f"some/prefix/default/{name[:2]}/{name[2:4]}/{name}"
        client.put_object(Bucket=bucket, Key=key, Body=b"x")

    with ThreadPoolExecutor(8) as threads:
        assert len(list(threads.map(put, names))) == 1_050
    with closing(open_files(on_s3)) as files:
        assert sorted(files.all()) == sorted(names)


def test_an_upload_that_is_killed_on_its_way_leaves_nothing_that_shows(
    s3: S3Server, bucket: str, on_s3: Settings, tmp_path: Path
) -> None:
    path, client = large_file(tmp_path), s3.client()
    with TcpProxy(s3.port) as proxy, closing(open_files(on_s3)) as files:
        proxy.slow(0.02)
        own = {"DOCQA_FILES_URL": on_s3.files_url, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}"}
        with subprocess.Popen([sys.executable, "-c", UPLOAD, str(path)], env=os.environ | own) as uploading:
            while not client.list_multipart_uploads(Bucket=bucket).get("Uploads"):
                assert uploading.poll() is None
                time.sleep(0.01)
            uploading.kill()
        assert uploading.returncode == -signal.SIGKILL
        assert (list(files.all()), keys(s3, bucket)) == ([], [])
        assert read(files, files.add(path).sha256) == path.read_bytes()


def test_an_object_whose_bytes_have_changed_is_refused(
    s3: S3Server, bucket: str, on_s3: Settings, tmp_path: Path
) -> None:
    (tmp_path / "source").write_bytes(BYTES)
    with closing(open_files(on_s3)) as files:
        files.add(tmp_path / "source")
        s3.client().put_object(Bucket=bucket, Key=f"some/prefix/default/{PLACE}", Body=bytes(len(BYTES)))
        with pytest.raises(NotFoundError, match=r"is not what it was; run `docqa verify --repair --deep`"):
            read(files)


@pytest.mark.slow
def test_a_library_has_its_files_on_s3(s3: S3Server, bucket: str, on_s3: Settings, tmp_path: Path) -> None:
    names = ["kestrel-4-data-sheet.pdf", "board-minutes-2024-11.md"]
    paths = [Path(shutil.copy(SAMPLES / name, tmp_path)) for name in names]
    with Library.open(on_s3) as library:
        assert [each.kind for each in run(library, *paths)].count("finished") == 2
        assert len(keys(s3, bucket)) == 2
        assert delete(library, library.catalog.find(names[0])[0].id) == []
        [left] = library.catalog.find(names[1])
        assert keys(s3, bucket) == [f"some/prefix/default/{left.sha256[:2]}/{left.sha256[2:4]}/{left.sha256}"]
        assert verify(library, deep=True) == []


@pytest.mark.slow
def test_verify_finds_and_mends_a_changed_and_a_missing_object(
    s3: S3Server, bucket: str, on_s3: Settings, tmp_path: Path
) -> None:
    paths = [Path(shutil.copy(SAMPLES / name, tmp_path)) for name in ("faq.html", "station-log.txt")]
    with Library.open(on_s3) as library:
        run(library, *paths)
        lost, changed = keys(s3, bucket)
        s3.client().delete_object(Bucket=bucket, Key=lost)
        s3.client().put_object(Bucket=bucket, Key=changed, Body=b"others")
        found = verify(library, repair=True, deep=True)
        assert sorted((each.kind, each.repaired) for each in found) == [("changed file", True), ("missing file", True)]
        assert verify(library, deep=True) == []
