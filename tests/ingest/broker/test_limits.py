"""Limits that all processes keep together."""

from __future__ import annotations

import logging
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from redis import Redis

from ingest.broker.limits import PREFIX, Limiter
from ingest.settings import Settings
from tests.ingest.broker.running import Embedded
from tests.servers.valkey import valkey


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with valkey() as url:
        yield url


@pytest.fixture
def limiter(url: str) -> Iterator[Limiter]:
    with closing(Limiter(Settings(broker_url=url))) as limiter:
        yield limiter


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def move(url: str, name: str, milliseconds: int) -> None:
    """Let what is counted under a name have happened, or last, so much later."""
    with Redis.from_url(url) as redis:
        for member, at in redis.zrange(f"{PREFIX}{name}", 0, -1, withscores=True):
            redis.zadd(f"{PREFIX}{name}", {member: at + milliseconds})


def test_so_many_a_minute_are_allowed_and_the_next_has_to_wait_for_the_first_to_be_a_minute_old(
    limiter: Limiter, url: str, key: str
) -> None:
    assert [limiter.take(key, 3) for _ in range(3)] == [0, 0, 0]
    move(url, f"rate:{key}", -20_000)
    assert 0 < limiter.take(key, 3) <= 40
    assert limiter.take(key, 4) == 0
    move(url, f"rate:{key}", -41_000)
    assert [limiter.take(key, 3) == 0 for _ in range(3)] == [True, True, False]


def test_what_was_refused_is_not_counted(limiter: Limiter, url: str, key: str) -> None:
    assert [limiter.take(key, 1) > 0 for _ in range(5)] == [False, True, True, True, True]
    move(url, f"rate:{key}", -61_000)
    assert limiter.take(key, 1) == 0


def test_a_limit_that_was_lowered_lets_all_but_the_last_few_pass_away_first(
    limiter: Limiter, url: str, key: str
) -> None:
    for _ in range(3):
        assert limiter.take(key, 3) == 0
        move(url, f"rate:{key}", -10_000)
    assert 40 < limiter.take(key, 1) <= 50
    assert 0 < limiter.take(key, 2) <= 40


def test_keys_have_limits_of_their_own_and_none_is_no_limit(limiter: Limiter, key: str) -> None:
    assert [limiter.take(key, 1), limiter.take(f"{key}2", 1)] == [0, 0]
    assert limiter.take(key, 1) > 0
    assert [limiter.take(key, 0) for _ in range(9)] == [0] * 9
    assert all(limiter.enter(key, 0, str(number), 60) for number in range(9))


def test_threads_and_processes_together_get_no_more_than_is_allowed(limiter: Limiter, url: str, key: str) -> None:
    with closing(Limiter(Settings(broker_url=url))) as other, ThreadPoolExecutor(8) as threads:
        limiters = [limiter, other] * 20
        assert sum(threads.map(lambda each: each.take(key, 7) == 0, limiters)) == 7
        entered = threads.map(lambda each: each.enter(key, 5, uuid.uuid4().hex, 60), limiters)
        assert sum(entered) == 5


def test_a_place_is_free_again_when_its_holder_leaves(limiter: Limiter, key: str) -> None:
    assert [limiter.enter(key, 2, who, 60) for who in ("ada", "bob", "eve")] == [True, True, False]
    limiter.leave(key, "eve")
    assert not limiter.enter(key, 2, "eve", 60)
    limiter.leave(key, "ada")
    assert limiter.enter(key, 2, "eve", 60)


def test_a_place_whose_holder_died_is_free_when_its_time_is_over(limiter: Limiter, url: str, key: str) -> None:
    assert limiter.enter(key, 1, "ada", 60)
    move(url, f"places:{key}", -59_000)
    assert not limiter.enter(key, 1, "bob", 60)
    assert limiter.enter(key, 1, "ada", 60)
    move(url, f"places:{key}", -59_000)
    assert not limiter.enter(key, 1, "bob", 60)
    move(url, f"places:{key}", -2_000)
    assert limiter.enter(key, 1, "bob", 60)


def test_what_is_counted_passes_away_by_itself(limiter: Limiter, url: str, key: str) -> None:
    limiter.take(key, 9)
    limiter.enter(key, 9, "ada", 300)
    limiter.enter(key, 9, "bob", 10)
    with Redis.from_url(url) as redis:
        assert 0 < redis.pttl(f"{PREFIX}rate:{key}") <= 60_000
        assert 200_000 < redis.pttl(f"{PREFIX}places:{key}") <= 300_000


def test_a_broker_that_is_away_limits_nobody_and_that_is_said_once(
    key: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.broker.limits.REST_SECONDS", 0)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings(broker_url=f"redis://:secret@127.0.0.1:{port}/0")
    with closing(Limiter(settings)) as limiter, caplog.at_level(logging.WARNING):
        assert [limiter.take(key, 1) for _ in range(3)] == [0, 0, 0]
        assert all(limiter.enter(key, 1, who, 60) for who in ("ada", "bob"))
        limiter.leave(key, "ada")
    [said] = caplog.messages
    assert said.startswith("No limits are kept meanwhile: The broker redis://")
    assert "cannot be reached" in said
    assert "secret" not in said


def test_a_broker_that_comes_back_limits_again(settings: Settings, embedded: Embedded, key: str) -> None:
    with closing(Limiter(settings)) as limiter:
        assert [limiter.take(key, 1), limiter.take(key, 1)] == [0, 0]
        embedded().ensure()
        assert [limiter.take(key, 1), limiter.take(key, 1)] == [0, 0]  # it rests for a while
        limiter._rests_until = 0
        assert [limiter.take(key, 1) > 0 for _ in range(2)] == [False, True]
