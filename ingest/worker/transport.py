"""Kombu's transport for Redis' protocol, which hands on docqa's own messages alone.

Celery's worker would end over some of the others, and whatever its processes are at with it.
"""

from __future__ import annotations

import logging
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

from ingest.worker.logs import log
from ingest.worker.messages import foreign


class Channel(redis.Channel):  # type: ignore[misc]
    """Reads from the broker's lists."""

    def _brpop_read(self, **options: Any) -> Any:
        """Read what has been popped, and hand it on; ``Empty`` says that there was nothing to hand on."""
        try:
            return super()._brpop_read(**options)
        except (Empty, *self.connection_errors):
            raise
        except Exception as error:  # what has been looked at is handed on without one
            log("left a message aside", logging.WARNING, reason=f"it cannot be read: {type(error).__name__}")
            raise Empty from None


class Transport(redis.Transport):  # type: ignore[misc]
    """The transport of a worker that reads messages."""

    Channel = Channel

    def _deliver(self, message: Any, queue: str) -> None:
        """Hand on a message that lay in a queue. It is nowhere else by then: what is left aside here is gone."""
        if wrong := foreign(message):
            log("left a message aside", logging.WARNING, queue=queue, reason=wrong)
        else:
            super()._deliver(message, queue)


def use() -> None:
    """Let connections that this process opens from now on be of this kind."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
