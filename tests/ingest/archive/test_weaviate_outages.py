"""An ingest outlives what happens to its server: it waits, goes on by itself, and nothing is lost or doubled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from ingest.archive import open_archive
from ingest.archive.weaviate import Server, WeaviateArchive, server
from ingest.archive.weaviate.collection import find
from ingest.archive.weaviate.schema import tenant_of
from ingest.errors import ArchiveError, DocqaError, StorageFullError
from ingest.library import Library
from ingest.pipeline import ingest
from ingest.settings import Settings
from ingest.verify import verify
from tests.contracts.archive.samples import DIMENSION, EMBEDDER, chunk, fill, id_of
from tests.ingest.ingesting import contents, run, write_text
from tests.servers.proxy import TcpProxy
from tests.servers.weaviate import WeaviateServer

FILES = 40
PATIENCE_SECONDS = 200.0  # for what ends by itself on a machine that has much else to do
pytestmark = pytest.mark.timeout(500)
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(FILES):
        write_text(tmp_path / "in" / f"note{number:02}.txt", f"valve {number}")
    return tmp_path / "in"


@pytest.fixture(autouse=True)
def small_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small writes, so that an outage falls between some of them."""
    for name, value in {"EMBED_CHUNKS": 4, "STORE_CHUNKS": 4, "STORE_SECONDS": 0.0}.items():
        monkeypatch.setattr(import_module("ingest.pipeline.stream"), name, value)


class Disturbed(NamedTuple):
    """Settings that lead through two proxies, and what is done to both of them."""

    settings: Settings
    proxies: tuple[TcpProxy, TcpProxy]

    def both(self, change: Callable[[TcpProxy], None]) -> None:
        for proxy in self.proxies:
            change(proxy)


@pytest.fixture
def disturbed(weaviate: Settings) -> Iterator[Disturbed]:
    ports = [urlsplit(url).port or 0 for url in (weaviate.weaviate_url, weaviate.weaviate_grpc_url)]
    with TcpProxy(ports[0]) as rest, TcpProxy(ports[1]) as grpc:
        urls = {"weaviate_url": f"http://127.0.0.1:{rest.port}", "weaviate_grpc_url": f"http://127.0.0.1:{grpc.port}"}
        yield Disturbed(weaviate.model_copy(update=urls), (rest, grpc))


@contextmanager
def ingesting(library: Library, folder: Path) -> Iterator[None]:
    """An ingest that has stored its first part goes on beside the body, and has ended well after it."""
    stored, errors = threading.Event(), []

    def take_in() -> None:
        try:
            for progress in ingest(library, [folder]):
                if progress.kind == "part":
                    stored.set()
        except DocqaError as error:
            errors.append(error)
        finally:
            stored.set()

    thread = threading.Thread(target=take_in)
    thread.start()
    try:
        assert stored.wait(PATIENCE_SECONDS)
        assert errors == []
        yield
    finally:
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert errors == []


def assert_whole(library: Library, folder: Path, tmp_path: Path) -> None:
    """The library holds what an undisturbed ingest makes, each chunk once, and knows it."""
    undisturbed = library.settings.model_copy(update={"archive": "lancedb", "data_dir": tmp_path / "undisturbed"})
    with Library.open(undisturbed) as other:
        run(other, folder)
        assert contents(library) == contents(other)
    assert library.archive.count() == len(contents(library)) >= FILES
    assert verify(library, deep=True) == []


@pytest.mark.slow
def test_a_server_killed_three_times_in_an_ingest(weaviate_binary: Path, folder: Path, tmp_path: Path) -> None:
    with WeaviateServer(tmp_path / "server" / "data") as mine:
        urls = {"weaviate_url": mine.url, "weaviate_grpc_url": mine.grpc_url, "weaviate_api_key": mine.api_key}
        settings = Settings(data_dir=tmp_path / "data", archive="weaviate", **urls)
        with Library.open(settings) as library:
            with ingesting(library, folder):
                for pause in (0.0, 0.3, 0.7):
                    time.sleep(pause)
                    mine.kill()
                    mine.restart()
            assert_whole(library, folder, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [1, 12])  # the pause between two tries grows to five
def test_a_network_that_drops_everything_for_a_while(
    disturbed: Disturbed, folder: Path, tmp_path: Path, seconds: int
) -> None:
    with Library.open(disturbed.settings) as library:
        with ingesting(library, folder):
            disturbed.both(TcpProxy.drop)
            time.sleep(seconds)
            disturbed.both(TcpProxy.pass_through)
        assert_whole(library, folder, tmp_path)


def test_a_network_that_forwards_nothing_for_a_while(disturbed: Disturbed, folder: Path, tmp_path: Path) -> None:
    hasty = disturbed.settings.model_copy(update={"weaviate_insert_timeout": 2, "weaviate_query_timeout": 2})
    with Library.open(hasty) as library, ingesting(library, folder):
        disturbed.both(TcpProxy.stall)
        time.sleep(5)
        disturbed.both(TcpProxy.pass_through)
    with Library.open(disturbed.settings) as library:
        assert_whole(library, folder, tmp_path)


def test_a_server_that_answers_503_for_a_while(disturbed: Disturbed, folder: Path, tmp_path: Path) -> None:
    with Library.open(disturbed.settings) as library:
        with ingesting(library, folder):
            disturbed.both(lambda proxy: proxy.answer(BUSY))
            time.sleep(3)
            disturbed.both(TcpProxy.pass_through)
        assert_whole(library, folder, tmp_path)


def test_a_slow_server(disturbed: Disturbed, folder: Path, tmp_path: Path) -> None:
    with Library.open(disturbed.settings) as library:
        disturbed.both(lambda proxy: proxy.slow(0.05))
        with ingesting(library, folder):
            pass
        disturbed.both(TcpProxy.pass_through)
        assert_whole(library, folder, tmp_path)


@contextmanager
def read_only(settings: Settings) -> Iterator[None]:
    """The tenant's shard refuses writes, as it does when the server's disk is nearly full."""
    with closing(Server(settings)) as other, Library.open(settings) as library:
        place = find(other, library.embedder.name, library.embedder.dimension)
        config = other.client.collections.use(place.collection).config
        shard = tenant_of(settings.tenant)
        config.update_shards("READONLY", [shard])
        try:
            yield
        finally:
            config.update_shards("READY", [shard])


def test_a_server_that_is_read_only_for_a_while(weaviate: Settings, folder: Path, tmp_path: Path) -> None:
    with Library.open(weaviate) as library:
        with ingesting(library, folder), read_only(weaviate):
            time.sleep(3)
            assert "read-only" in library.archive.health().message
        assert_whole(library, folder, tmp_path)


def test_a_server_that_stays_read_only_ends_the_ingest_and_the_next_one_goes_on(
    weaviate: Settings, folder: Path, tmp_path: Path
) -> None:
    hasty = weaviate.model_copy(update={"weaviate_patience": 1})
    first = write_text(tmp_path / "first.txt", "pump")
    with Library.open(weaviate) as library:
        run(library, first)
        refused = pytest.raises(StorageFullError, match="run the same command again")
        with Library.open(hasty) as hurried, read_only(weaviate), refused:
            run(hurried, folder)
        assert run(library, folder)[-1].totals.finished == FILES
        assert verify(library, deep=True) == []


def test_a_search_at_a_server_that_went_away_ends_with_a_sentence(
    disturbed: Disturbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = disturbed.settings.model_copy(update={"weaviate_query_timeout": 1})
    with closing(open_archive(hasty, EMBEDDER, DIMENSION)) as archive:
        fill(archive, [chunk(1)])
        monkeypatch.setattr(server, "READ_PATIENCE", 0.5)
        disturbed.both(TcpProxy.stall)
        with pytest.raises(ArchiveError, match="does not answer"):
            archive.count()
        assert not archive.health().ok
        disturbed.both(TcpProxy.pass_through)
        monkeypatch.setattr(server, "READ_PATIENCE", PATIENCE_SECONDS)
        assert archive.count() == 1


def test_what_a_server_has_confirmed_is_not_sent_again(weaviate: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    with closing(open_archive(weaviate, EMBEDDER, DIMENSION)) as archive:
        assert isinstance(archive, WeaviateArchive)
        use = archive._use

        class Flaky:
            """Stands between archive and client: the first answer says that two chunks were not stored."""

            data: object

            def insert_many(self, objects: list[object]) -> object:
                answer = use().data.insert_many(objects)
                sent.append(len(objects))
                if len(sent) == 1:
                    error = type("Error", (), {"message": "connection refused by replica"})()
                    return type("Answer", (), {"errors": {3: error, 5: error}})()
                return answer

        flaky = Flaky()
        flaky.data = flaky
        monkeypatch.setattr(archive, "_use", lambda: flaky)
        fill(archive, [chunk(n) for n in range(10)])
        monkeypatch.undo()
        assert sent == [10, 2]
        assert sorted(archive.ids()) == [id_of(n) for n in range(10)]


def test_closing_ends_a_write_that_waits_for_its_server(disturbed: Disturbed) -> None:
    archive = open_archive(disturbed.settings, EMBEDDER, DIMENSION)
    ended: list[Exception] = []

    def write() -> None:
        try:
            fill(archive, [chunk(n) for n in range(2_000)])  # more batches than writers
        except ArchiveError as error:
            ended.append(error)

    disturbed.both(TcpProxy.drop)
    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(1)
    archive.close()
    writer.join(PATIENCE_SECONDS)
    assert (writer.is_alive(), len(ended)) == (False, 1)
