"""What a user is told where files cannot be reached, and what goes on when they can be again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.errors import DocqaError, FilesError, SettingsError
from ingest.files import Files, open_files, remote
from ingest.settings import Settings
from tests.contracts.files.keeping import BYTES, SHA256, read
from tests.servers.proxy import TcpProxy
from tests.servers.s3 import Keys, S3Server, environment

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
NO_PAGE = BUSY.replace(b"503 Service Unavailable", b"404 Not Found")
CALLS: dict[str, Callable[[Files, Path], object]] = {
    "add": lambda files, source: files.add(source),
    "has": lambda files, source: files.has(SHA256),
    "local": lambda files, source: read(files),
    "delete": lambda files, source: files.delete(SHA256),
    "all": lambda files, source: list(files.all()),
}


@pytest.fixture(params=CALLS)
def call(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Files], object]:
    """Each thing that files are asked for."""
    (tmp_path / "source").write_bytes(BYTES)
    return lambda files: CALLS[request.param](files, tmp_path / "source")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is tried for long."""
    monkeypatch.setattr(remote, "ATTEMPTS", {"total_max_attempts": 1})
    monkeypatch.setattr(remote, "READ_SECONDS", 0.3)


@pytest.fixture
def proxy(s3: S3Server, impatient: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[TcpProxy]:
    """What the connections to the server go through."""
    with TcpProxy(s3.port) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{proxy.port}")
        yield proxy


@pytest.fixture(scope="module")
def strict_server() -> Iterator[tuple[S3Server, str, Keys, Keys]]:
    """A server that asks for keys, a bucket, and the keys of two who may do everything, and read."""
    with S3Server() as server:
        bucket, all, reading = server.bucket(), server.user("s3:*"), server.user("s3:GetObject", "s3:ListBucket")
        server.ask_for_keys()
        yield server, bucket, all, reading


def told(files: Files, call: Callable[[Files], object]) -> DocqaError:
    """The error that it ends with; the look at their health says the same."""
    with pytest.raises(DocqaError) as caught:
        call(files)
    health = files.health()
    assert not health.ok
    assert "DOCQA_FILES_URL" in health.message
    files.close()
    return caught.value


def test_a_bucket_that_does_not_exist_is_named(s3: S3Server, call: Callable[[Files], object], tmp_path: Path) -> None:
    error = told(open_files(Settings(data_dir=tmp_path, files_url="s3://absent/prefix")), call)
    assert isinstance(error, SettingsError)
    assert str(error).startswith("There is no bucket where DOCQA_FILES_URL ('s3://absent/prefix/default') points;")


@pytest.mark.parametrize("wrong", ["unknown", "wrong secret", "reading only", "none"])
def test_keys_that_do_not_open_are_told(
    strict_server: tuple[S3Server, str, Keys, Keys], wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, bucket, all, reading = strict_server
    given = {"unknown": Keys("unknown", "x"), "wrong secret": Keys(all.id, "x"), "reading only": reading, "none": None}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment(server.url, given[wrong]).items():
        monkeypatch.setenv(name, value)
    error = told(
        open_files(Settings(data_dir=tmp_path, files_url=f"s3://{bucket}")), lambda files: files.delete(SHA256)
    )
    assert isinstance(error, SettingsError)
    codes = {"unknown": "InvalidAccessKeyId", "wrong secret": "SignatureDoesNotMatch", "reading only": "AccessDenied"}
    assert f"({codes.get(wrong, 'NoCredentialsError')})" in str(error)
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in str(error)


def test_the_right_keys_open(
    strict_server: tuple[S3Server, str, Keys, Keys], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, bucket, all, _ = strict_server
    for name, value in environment(server.url, all).items():
        monkeypatch.setenv(name, value)
    with closing(open_files(Settings(data_dir=tmp_path, files_url=f"s3://{bucket}"))) as files:
        assert files.health().message == f"s3://{bucket}/default can be written and read."


def test_a_server_that_drops_connections_is_away_for_the_moment(
    proxy: TcpProxy, on_s3: Settings, call: Callable[[Files], object]
) -> None:
    proxy.drop()
    error = told(open_files(on_s3), call)
    assert isinstance(error, FilesError)
    assert str(error).startswith("The original files cannot be read or written at the moment (")
    assert "AWS_ENDPOINT_URL" in str(error)


def test_a_web_server_that_is_no_file_store_is_told(
    proxy: TcpProxy, on_s3: Settings, call: Callable[[Files], object]
) -> None:
    proxy.answer(NO_PAGE)
    assert isinstance(told(open_files(on_s3), call), FilesError)


@pytest.mark.parametrize("trouble", [TcpProxy.stall, TcpProxy.drop, lambda proxy: proxy.answer(BUSY)])
def test_the_same_object_goes_on_when_the_server_is_back(
    proxy: TcpProxy, on_s3: Settings, tmp_path: Path, trouble: Callable[[TcpProxy], None]
) -> None:
    (tmp_path / "source").write_bytes(BYTES)
    with closing(open_files(on_s3)) as files:
        files.add(tmp_path / "source")
        trouble(proxy)
        with pytest.raises(FilesError, match="at the moment"):
            read(files)
        proxy.pass_through()
        assert read(files) == BYTES


def test_a_port_where_nobody_listens_is_named(
    s3: S3Server, impatient: None, on_s3: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    error = told(open_files(on_s3), lambda files: files.has(SHA256))
    assert isinstance(error, FilesError)
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:9/' in str(error)


def test_an_endpoint_that_is_no_address_is_a_wrong_setting(
    s3: S3Server, on_s3: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    error = told(open_files(on_s3), lambda files: files.has(SHA256))
    assert isinstance(error, SettingsError)
    assert "cannot be used (Invalid endpoint: nonsense); check DOCQA_FILES_URL and AWS_ENDPOINT_URL" in str(error)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("strange://a/b", r"cannot be used \(Protocol not known: strange\)"),
        ("s3://", "neither a path nor a URL; write /path/to/folder or s3://bucket/prefix"),
        ("s3:/bucket/prefix", "neither a path nor a URL"),
        ("s3:///prefix", "names no bucket; write s3://bucket/prefix"),
        ("strange://name:secret@host/folder", r"\('strange://host/folder/default'\) cannot be used"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused_when_files_are_opened(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        open_files(Settings(data_dir=tmp_path, files_url=url))


def test_a_package_that_is_missing_is_named(tmp_path: Path) -> None:
    script = "import sys; sys.modules['s3fs'] = None\nfrom ingest.files import *\nfrom ingest.settings import *\n"
    script += "try: open_files(Settings())\nexcept Exception as error: print(type(error).__name__, error)"
    own = {"DOCQA_FILES_URL": "s3://bucket/prefix", "DOCQA_DATA_DIR": str(tmp_path)}
    answer = subprocess.run([sys.executable, "-c", script], env=os.environ | own, capture_output=True, text=True)
    assert answer.stdout.startswith("SettingsError DOCQA_FILES_URL ('s3://bucket/prefix/default') needs a package")
    assert answer.stdout.endswith("run: pip install 'docqa[s3]'.\n")


def test_other_systems_that_fsspec_knows_are_places_too(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(BYTES)
    with closing(open_files(Settings(data_dir=tmp_path, files_url=f"memory://{tmp_path.name}"))) as files:
        files.add(tmp_path / "source")
        assert (read(files), list(files.all()), files.health().ok) == (BYTES, [SHA256], True)
        files.delete(SHA256)
        files.delete(SHA256)
        assert (files.has(SHA256), list(files.all())) == (False, [])
