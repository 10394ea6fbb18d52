"""Answers that nobody waits for: taken from the registry's queue by a lease, and given by whatever worker has time.

A worker that dies loses its lease, and another one begins anew; after a few deaths the response has failed. One that
ends gives back what it has. A response that is cancelled or deleted is noticed at the next sign of life.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from docqa.answering.answering import Answering
from docqa.answering.asked import Asked
from docqa.answering.buffer import Ended
from docqa.answering.live import Live
from docqa.errors import StoppedError, TooBusyError
from docqa.registry import Registry
from docqa.registry.ids import new_id
from docqa.registry.responses import LEASE_SECONDS, StoredResponse
from ingest.errors import DocqaError, NotFoundError

log = logging.getLogger(__name__)
ASKED = "asked"
"""Under which a stored response's ``request`` holds the question, as ``Asked.as_json`` gives it."""
BEAT_SECONDS = 1.0
LOOK_SECONDS = 0.1
DEATHS = 3
"""Workers that may end over a response before it has failed."""
Finish = Callable[[str, StoredResponse, Exception | None], None]
"""Makes a response's end out of its run, whose events are recorded, or out of an error, and writes it with
``Responses.finish``; gets the worker's id and the response, whose ``run`` is empty where none began."""


class Background:
    """A worker that answers queued responses, each call in the thread of whoever calls.

    Args:
        answering: runs them.
        registry: holds the queue.
        finish: see ``Finish``.
        lease_seconds: without a sign of life after which others take what this one has.
    """

    def __init__(
        self, answering: Answering, registry: Registry, finish: Finish, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._answering, self._registry, self._finish = answering, registry, finish
        self._lease_seconds = lease_seconds
        self.worker = new_id("worker_")

    def answer_next(self) -> bool:
        """Answer the response that has waited longest; False: none waits, or no more can be done here now.

        Raises:
            RegistryError, StorageFullError, BusyError: the registry cannot be used.
        """
        response = self._registry.responses.queue_next(self.worker, self._lease_seconds)
        if response is None:
            return False
        if response.deaths >= DEATHS:
            told = f"{response.deaths} workers have ended over this response before it was complete."
            self._finish(self.worker, response, StoppedError(told))
            return True
        return self._answered(response)

    def _answered(self, response: StoredResponse) -> bool:
        try:
            live = self._answering.start(Asked.of_json(response.request.get(ASKED)))
        except (TooBusyError, StoppedError):
            self._registry.responses.release(response.id, self.worker)
            return False
        except DocqaError as error:
            self._finish(self.worker, response, error)
            return True
        try:
            response = self._registry.responses.update(response.tenant, response.id, run=live.run)
            return self._followed(response, live)
        except NotFoundError:  # deleted meanwhile
            return True
        finally:
            live.stop()

    def _followed(self, response: StoredResponse, live: Live) -> bool:
        """Wait for the end of a run, giving signs of life."""
        try:
            while self._is_mine(response):
                beat = time.monotonic() + BEAT_SECONDS
                while (left := beat - time.monotonic()) > 0:
                    live.next(left)
            return True
        except StoppedError:  # this worker ends: another one begins anew
            self._registry.responses.release(response.id, self.worker)
            return False
        except Ended:
            self._await_record(response)
            self._finish(self.worker, response, None)
        except Exception as error:
            self._finish(self.worker, response, error)
        return True

    def _await_record(self, response: StoredResponse) -> None:
        """Wait until the run is written down, which takes longer than its reader waits where the registry is away."""
        while self._is_mine(response) and self._registry.runs.get(response.tenant, response.run).state == "running":
            time.sleep(LOOK_SECONDS)

    def _is_mine(self, response: StoredResponse) -> bool:
        """Give a sign of life; whether this worker still has the response. A registry that is away may come back."""
        try:
            return self._registry.responses.beat(response.id, self.worker, self._lease_seconds)
        except DocqaError as error:
            log.warning("A background answer cannot give a sign of life: %s", error)
            return True
