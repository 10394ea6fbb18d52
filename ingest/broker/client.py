"""The broker as docqa asks it: what waits in it, and whether it can be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ingest.broker.address import Address
from ingest.broker.judge import judge
from ingest.errors import BrokerError
from ingest.types import Health

if TYPE_CHECKING:
    from redis import Redis

SEPARATOR = "\x06\x16"  # kombu's, between a queue's name and a priority
ANSWER_SECONDS = 3.0


class Broker:
    """A connection to the broker. Safe to use from any thread; nothing is tried twice.

    Args:
        address: where it is. Nothing is connected to before the first question.
    """

    def __init__(self, address: Address) -> None:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._address = address
        self._client: Redis = Redis.from_url(
            address.client,
            protocol=2,  # without a greeting that older servers and proxies do not know
            retry=Retry(NoBackoff(), 0),
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
        )

    def ping(self) -> None:
        """Return if the broker takes messages.

        Raises:
            BrokerError: it cannot be reached or refuses.
        """
        with self._asking():
            self._client.ping()

    def lengths(self, queues: Sequence[str], priorities: Sequence[int]) -> dict[str, int]:
        """How many messages wait in each queue: those that no worker has taken yet.

        Args:
            queues: names of Celery queues.
            priorities: the ``priority_steps`` that Celery works with; it keeps a list for each, and messages of a
                priority between two of them in the list of the lower.

        Raises:
            BrokerError: it cannot be reached or refuses.
        """
        lists = [(queue, f"{queue}{SEPARATOR}{step}" if step else queue) for queue in queues for step in priorities]
        with self._asking(), self._client.pipeline(transaction=False) as pipeline:
            for _, name in lists:
                pipeline.llen(name)
            counts = pipeline.execute()
        waiting = dict.fromkeys(queues, 0)
        for (queue, _), count in zip(lists, counts, strict=True):
            waiting[queue] += count
        return waiting

    def used_memory(self) -> int:
        """Bytes of memory that the broker uses.

        Raises:
            BrokerError: it cannot be reached or refuses.
        """
        return int(self._info()["used_memory"])

    def run_id(self) -> str:
        """What the server is called from its start to its end: another one tells that it was started again.

        Raises:
            BrokerError: it cannot be reached or refuses.
        """
        return str(self._info().get("run_id", ""))

    def health(self) -> Health:
        """Whether it can be reached and takes messages, and is set up so that it keeps them."""
        try:
            self.ping()
            return judge(self._info(), self._saves(), self._address)
        except BrokerError as error:
            return Health(False, str(error), {"url": self._address.shown})

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _info(self) -> dict[str, Any]:
        with self._asking():
            found: dict[str, Any] = self._client.info()
        return found

    def _saves(self) -> str | None:
        """When the broker writes snapshots, as it is configured; None where this user may not ask."""
        from redis.exceptions import ResponseError

        with self._asking():
            try:
                return str(self._client.config_get("save").get("save", ""))
            except ResponseError:
                return None

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Put what redis-py raises into our words."""
        from redis.exceptions import RedisError

        try:
            yield
        except (RedisError, OSError, UnicodeError) as error:
            from ingest.broker.trouble import explain

            raise BrokerError(explain(error, self._address)) from error
