"""What the tests do to a server of docqa's own: put messages in, count them, and end it."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from contextlib import closing

from redis import Redis

from ingest.broker import open_broker
from ingest.broker.address import address_of
from ingest.broker.valkey import Valkey
from ingest.settings import Settings

Embedded = Callable[[], Valkey]


def client(settings: Settings) -> Redis:
    return Redis.from_url(address_of(settings).client)


def pid(settings: Settings) -> int:
    with client(settings) as redis:
        return int(redis.info("server")["process_id"])


def kill(settings: Settings) -> None:
    """End the server at once and wait until it has ended."""
    number = pid(settings)
    handle = os.pidfd_open(number)
    os.kill(number, signal.SIGKILL)
    wait_for_end(handle)


def wait_for_end(handle: int) -> None:
    ended, _, _ = select.select([handle], [], [], 30)
    os.close(handle)
    assert ended


def push(settings: Settings, count: int = 1, size: int = 50) -> None:
    with client(settings) as redis:
        for _ in range(count):
            redis.lpush("embed", "x" * size)


def waiting(settings: Settings) -> int:
    with closing(open_broker(settings)) as broker:
        return broker.lengths(["embed"], [0])["embed"]
