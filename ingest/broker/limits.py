"""How often and how many at once: limits that all processes keep together, counted in the broker's server.

A broker that is away limits nobody: the service goes on, and says so in its log.
"""

from __future__ import annotations

import logging
import math
import threading
import time
import uuid
from typing import TYPE_CHECKING

from ingest.broker.address import address_of
from ingest.settings import Settings

if TYPE_CHECKING:
    from redis import Redis

WINDOW = 60.0
"""Seconds in which what is allowed per minute is counted; the window slides."""
ANSWER_SECONDS = 1.0
REST_SECONDS = 5.0
"""How long a server that did not answer is not asked again, so that not every request waits for it."""
TOLD_EVERY = 60.0
PREFIX = "docqa:limit:"
log = logging.getLogger(__name__)

_NOW = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"  # milliseconds of the server
_TAKE = (
    _NOW
    + """
local window, most = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZCARD', KEYS[1]) < most then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], window)
  return 0
end
local free = redis.call('ZRANGE', KEYS[1], -most, -most, 'WITHSCORES')
return math.max(tonumber(free[2]) + window - now, 1)
"""
)
_ENTER = (
    _NOW
    + """
local most, lasts = tonumber(ARGV[1]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[2]) and redis.call('ZCARD', KEYS[1]) >= most then
  return 0
end
redis.call('ZADD', KEYS[1], now + lasts, ARGV[2])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIRE', KEYS[1], tonumber(last[2]) - now)
return 1
"""
)
_LEAVE = "return redis.call('ZREM', KEYS[1], ARGV[1])"


class Limiter:
    """Limits by key. Safe to use from any thread; nothing is connected before the first limit.

    Args:
        settings: which broker counts.

    Raises:
        SettingsError: ``DOCQA_BROKER_URL`` cannot be read.
        BrokerError: there can be no socket for the server that docqa starts.
    """

    def __init__(self, settings: Settings) -> None:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._address = address_of(settings)
        self._client: Redis = Redis.from_url(
            self._address.client,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
        )
        self._lock = threading.Lock()
        self._rests_until = self._told_at = -math.inf

    def take(self, key: str, per_minute: int) -> float:
        """Count one of at most so many in any 60 seconds: 0 where it is allowed, else the seconds until one is.

        Args:
            key: whose limit it is; it is readable in the broker, so no secret.
            per_minute: how many are allowed; 0 for no limit.
        """
        if per_minute <= 0:
            return 0.0
        wait = self._ask(_TAKE, f"{PREFIX}rate:{key}", int(WINDOW * 1000), per_minute, uuid.uuid4().hex)
        return (wait or 0) / 1000

    def enter(self, key: str, most: int, id: str, seconds: float) -> bool:
        """Take one of so many places, until ``leave`` or for so many seconds; whether one was free.

        Args:
            key: whose limit it is.
            most: how many places there are; 0 for no limit.
            id: who takes it. Who has one may take it again, which makes it last longer.
            seconds: after which it is free again, should its process end without leaving.
        """
        if most <= 0:
            return True
        return self._ask(_ENTER, f"{PREFIX}places:{key}", most, id, max(int(seconds * 1000), 1)) != 0

    def leave(self, key: str, id: str) -> None:
        """Give a place back."""
        self._ask(_LEAVE, f"{PREFIX}places:{key}", id)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, script: str, key: str, *arguments: str | int) -> int | None:
        """What a script answers; None where the server is away, or was a moment ago."""
        from redis.exceptions import RedisError

        if time.monotonic() < self._rests_until:
            return None
        try:
            return int(self._client.register_script(script)(keys=[key], args=list(arguments)))
        except (RedisError, OSError) as error:
            self._tell(error)
            return None

    def _tell(self, error: Exception) -> None:
        from ingest.broker.trouble import explain

        now = time.monotonic()
        with self._lock:
            self._rests_until, told = now + REST_SECONDS, self._told_at
            if now - told < TOLD_EVERY:
                return
            self._told_at = now
        log.warning("No limits are kept meanwhile: %s", explain(error, self._address))
