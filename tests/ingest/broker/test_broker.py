"""What a broker is asked, and what is said of one that cannot be used."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from celery import Celery
from redis import OutOfMemoryError, Redis

from ingest.broker import Broker, broker_health, broker_url, open_broker
from ingest.broker.address import address_of
from ingest.broker.trouble import explain
from ingest.errors import BrokerError
from ingest.settings import Settings
from tests.ingest.broker.running import Embedded
from tests.servers.proxy import TcpProxy
from tests.servers.valkey import valkey

Opened = Callable[[str], Broker]


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    with valkey() as url:
        yield url


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    with valkey("--requirepass", "secret") as url:
        yield url


def with_login(url: str, login: str) -> str:
    return url.replace("//", f"//{login}@")


def health_of(url: str) -> tuple[bool, str]:
    health = broker_health(Settings(broker_url=url))
    return health.ok, health.message


def reached_by_celery(url: str) -> None:
    """Send a message and take it, as Celery does."""
    with Celery(broker=url).connection_for_write() as connection, closing(connection.SimpleQueue("there")) as queue:
        queue.put({"told": "all"})
        message = queue.get(timeout=5)
        message.ack()
        assert message.payload == {"told": "all"}


def test_lengths_are_those_of_what_celery_sends(settings: Settings, embedded: Embedded) -> None:
    embedded().ensure()
    app = Celery(broker=broker_url(settings))
    for priority in (0, 2, 3, 5, 9):
        app.send_task("docqa.part", queue="embed", priority=priority)
    app.send_task("docqa.open", queue="parse")
    with closing(open_broker(settings)) as broker:
        everything = broker.lengths(["embed", "parse", "other"], [0, 3, 6, 9])
        assert [broker.lengths(["embed"], [step])["embed"] for step in (0, 3, 6, 9)] == [2, 2, 0, 1]
    assert everything == {"embed": 5, "parse": 1, "other": 0}


def test_a_broker_that_works_says_what_it_is(plain: str) -> None:
    health = broker_health(Settings(broker_url=plain))
    assert health.ok
    assert health.message.startswith("Valkey ")
    assert "after a restart of it the catalog sends the work again" in health.message
    assert health.details["url"] == plain
    assert (health.details["policy"], health.details["persistence"]) == ("noeviction", "none")


def test_docqas_own_broker_is_healthy(settings: Settings, embedded: Embedded) -> None:
    embedded().ensure()
    health = broker_health(settings)
    assert health.ok
    assert health.details["persistence"] == "append-only file"
    assert health.details["memory"].endswith(" of 64 MiB")


def test_without_a_worker_there_is_no_broker_yet(settings: Settings) -> None:
    health = broker_health(settings)
    assert health.ok
    assert health.message == f"No worker runs; 'docqa worker' starts a Valkey in {settings.root / 'broker'}."
    assert not settings.root.exists()


def test_a_broker_that_writes_snapshots_says_so() -> None:
    with valkey("--save", "3600 1") as url:
        health = broker_health(Settings(broker_url=url))
    assert health.ok
    assert health.details["persistence"] == "snapshots"


def test_used_memory_grows_with_what_waits(plain: str, opened: Opened) -> None:
    broker = opened(plain)
    before = broker.used_memory()
    with Redis.from_url(plain) as redis:
        redis.lpush("large", "x" * 1_000_000)
    assert broker.used_memory() >= before + 1_000_000


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_broker_that_evicts_is_refused(policy: str) -> None:
    with valkey("--maxmemory-policy", policy) as url:
        ok, message = health_of(url)
    assert not ok
    assert f"(maxmemory-policy is {policy})" in message
    assert message.endswith("set its maxmemory-policy to noeviction.")


def test_a_full_broker_is_told_of() -> None:
    with valkey("--maxmemory", "512kb") as url:  # less than it uses for itself
        ok, message = health_of(url)
        assert not ok
        assert message.endswith("its memory of 0.5 MiB is full: set its maxmemory higher.")
        with pytest.raises(OutOfMemoryError) as raised, Redis.from_url(url) as redis:
            redis.lpush("embed", "message")
        told = explain(raised.value, address_of(Settings(broker_url=url)))
    assert told.endswith("takes no work, since its memory is full: set its maxmemory higher.")


def test_a_replica_is_refused(plain: str) -> None:
    with valkey("--replicaof", plain.split("/")[2].replace(":", " ")) as url:
        ok, message = health_of(url)
    assert not ok
    assert "is a replica, which takes no work: name its primary" in message


def test_a_cluster_is_refused() -> None:
    with valkey("--cluster-enabled", "yes") as url:
        ok, message = health_of(url)
    assert not ok
    assert "is a cluster, which Celery cannot use" in message


def test_a_missing_password_is_asked_for(guarded: str, opened: Opened) -> None:
    with pytest.raises(BrokerError, match="asks for a password: put it into DOCQA_BROKER_URL"):
        opened(guarded).ping()


@pytest.mark.parametrize("login", [":wrong-pass", "nobody:wrong-pass"])
def test_a_wrong_password_is_told_of_and_never_shown(guarded: str, opened: Opened, login: str) -> None:
    with pytest.raises(BrokerError, match="refused the user or the password in DOCQA_BROKER_URL") as raised:
        opened(with_login(guarded, login)).ping()
    assert "wrong-pass" not in str(raised.value)


def test_a_password_that_is_not_asked_for_is_told_of(plain: str, opened: Opened) -> None:
    with pytest.raises(BrokerError, match="asks for no password: take it out"):
        opened(with_login(plain, ":needless")).ping()


def test_health_shows_no_password(guarded: str) -> None:
    health = broker_health(Settings(broker_url=with_login(guarded, ":secret")))
    assert health.ok
    assert health.details["url"] == guarded
    assert "secret" not in repr(health)


def test_missing_rights_are_named_and_those_that_are_named_suffice(plain: str, opened: Opened) -> None:
    url = with_login(plain, "docqa:word")
    with Redis.from_url(plain) as admin:
        admin.execute_command(*"ACL SETUSER docqa on >word +ping".split())
        with pytest.raises(BrokerError, match=r"let the user 'docqa' do what is needed .*'llen'") as raised:
            opened(url).lengths(["embed"], [0])
        assert "'info'" in health_of(url)[1]
        admin.execute_command(*str(raised.value).rpartition("run ")[2].rstrip(".").split())
    assert health_of(url)[0]
    assert broker_health(Settings(broker_url=url)).details["persistence"] == "unknown"
    reached_by_celery(broker_url(Settings(broker_url=url)))


def test_a_broker_that_is_not_there_is_told_of(opened: Opened) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}/0"
    with pytest.raises(BrokerError, match="start it, or correct DOCQA_BROKER_URL") as raised:
        opened(f"redis://me:secret@{place}").ping()
    assert str(raised.value).startswith(f"The broker redis://me@{place} cannot be reached")


def test_docqas_own_broker_that_does_not_run_names_the_worker(settings: Settings) -> None:
    with closing(open_broker(settings)) as broker, pytest.raises(BrokerError, match="'docqa worker' starts one"):
        broker.ping()


def test_a_server_that_never_answers_is_told_of(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.broker.client.ANSWER_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(BrokerError, match="cannot be reached"):
        opened(f"redis://127.0.0.1:{silent.getsockname()[1]}/0").ping()


def test_a_web_server_is_told_apart(opened: Opened) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(BrokerError, match="does not speak Redis' protocol"):
                opened(f"redis://127.0.0.1:{server.server_port}/0").ping()
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-Server\r\n", b"\x15\x03\x03\r\n", b""]
)
def test_a_server_of_another_kind_is_told_of(opened: Opened, reply: bytes) -> None:
    with TcpProxy(0) as server:
        server.answer(reply)
        with pytest.raises(BrokerError, match=r"does not speak Redis' protocol.* DOCQA_BROKER_URL"):
            opened(f"redis://127.0.0.1:{server.port}/0").ping()


def test_a_server_that_is_still_loading_is_told_of() -> None:
    debug = ("--enable-debug-command", "yes", "--rdbcompression", "no")
    with valkey(*debug) as url, Redis.from_url(url) as redis, ThreadPoolExecutor(1) as beside:
        redis.execute_command("DEBUG", "POPULATE", 100, "key", 1024)
        redis.config_set("loading-process-events-interval-bytes", 1024)
        redis.config_set("key-load-delay", 20_000)
        with closing(Redis.from_url(url)) as other:
            reloaded = beside.submit(other.execute_command, "DEBUG", "RELOAD")
            while (told := health_of(url))[0]:
                pass
            redis.config_set("key-load-delay", 0)
            reloaded.result()
    assert told[1].endswith("is still reading its data: try again in a moment.")


def test_a_database_that_is_not_there_is_told_of(plain: str, opened: Opened) -> None:
    with pytest.raises(BrokerError, match=r"refused a request: .*DB index is out of range"):
        opened(plain.removesuffix("0") + "99").ping()
