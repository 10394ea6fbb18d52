"""Background answers by workers: a task of the queue ``answers``, which ``docqa worker`` and ``docqa serve`` serve.

A message only wakes a worker up; the registry knows which responses wait. One process of a worker gives several answers
side by side, since they mostly wait for the model.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from celery.signals import worker_shutdown, worker_shutting_down

from docqa.settings import Settings
from ingest.errors import BrokerError, DocqaError
from ingest.worker.app import app, configure, send_plain
from ingest.worker.further import Further, register
from ingest.worker.logs import log
from ingest.worker.messages import fault

if TYPE_CHECKING:
    from docqa.answering.background import Background
    from docqa.api.service import Service
    from docqa.registry import Registry

TASK, QUEUE = "docqa.answer", "answers"
PAUSE_SECONDS = 3.0  # before a thread tries again what was not to be had
END_SECONDS = 30.0  # for all that is not the answers under way, when the process ends
register(TASK, QUEUE)


def wake(settings: Settings) -> None:
    """Tell the workers that a response waits. Where the broker is away nothing is lost: their keepers look too."""
    configure(settings)
    with suppress(BrokerError):
        send_plain(TASK, QUEUE)


def answers(settings: Settings) -> Further:
    """The queue, for a worker that is to serve it."""
    end_seconds = settings.shutdown_seconds + END_SECONDS
    return Further(QUEUE, TASK, __name__, settings.background_runs, Look(settings).waiting, end_seconds)


class Look:
    """Looks from outside whether a response waits. A registry that is not there yet is not made for it.

    Args:
        settings: where the registry is.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._registry: Registry | None = None

    def waiting(self) -> int:
        """How many responses no worker has. Raises what opening the registry raises."""
        from docqa.registry import open_registry
        from docqa.registry.opening import FILE

        if self._registry is None:
            settings = self._settings
            if not settings.catalog_url.startswith("postgresql") and not (settings.root / FILE).exists():
                return 0
            self._registry = open_registry(settings)
        return self._registry.responses.waiting(self._settings.background_runs)


class Desk:
    """What the process of the task has at hand, opened when the first answer is asked for. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._service: Service | None = None
        self._background: Background | None = None
        self._ending = False

    def background(self) -> Background | None:
        """What gives background answers; None where this process ends. Raises what opening the service raises."""
        from docqa.answering.background import Background
        from docqa.api.responding.background import finish
        from docqa.api.service import Service

        with self._lock:
            if self._ending:
                return None
            if self._background is None:
                settings = Settings()
                self._service = service = Service.open(settings)
                done = partial(finish, service)
                self._background = Background(service.answering, service.registry, done, settings.lease_seconds)
            return self._background

    def end(self) -> None:
        """Let answers under way end for as long as the settings allow; what is left is given back."""
        self._ending = True
        with self._lock:
            if self._service:
                self._service.answering.close(self._service.settings.shutdown_seconds)

    def close(self) -> None:
        """Close what was opened."""
        with self._lock:
            if self._service:
                self._service.close()
            self._service = self._background = None


_desk = Desk()


@app.task(name=TASK, acks_late=False)  # type: ignore[untyped-decorator]
def answer(**message: Any) -> None:
    """Answer responses that wait, one after another, until none does."""
    if wrong := fault(TASK, message):
        log("left a message aside", logging.WARNING, queue=QUEUE, reason=wrong)
        return
    try:
        background = _desk.background()
        while background and background.answer_next():
            pass
    except DocqaError as error:
        log("background answers have to wait", logging.WARNING, reason=str(error))
        time.sleep(PAUSE_SECONDS)


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _end(**_: Any) -> None:
    """Celery waits for the tasks, and these for their answers, so these are told. By a thread: this is a signal's
    handler, which must not wait.
    """
    threading.Thread(target=_desk.end, name="ending").start()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _close(**_: Any) -> None:
    _desk.close()
