"""Workers are woken up where something was left for them to do; the keeper of any worker does so too, a bit later.

It is done beside the request, since a broker that is away is waited for some seconds. Where several threads wait for it
already, the keeper is left to find the work: the catalog and the registry know it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import BoundedSemaphore, Thread

from docqa.api.service import Service
from docqa.settings import Settings
from ingest.catalog.job_rows import Job
from ingest.errors import DocqaError

_threads = BoundedSemaphore(4)


def wake(service: Service, job: Job) -> None:
    """Tell the workers of a job."""
    _beside(partial(_send, service.settings, job))


def wake_for_answers(service: Service) -> None:
    """Tell the workers that a response of the background waits."""
    from docqa.worker import wake

    _beside(partial(wake, service.settings))


def _send(settings: Settings, job: Job) -> None:
    from ingest.worker.app import configure, send

    configure(settings)
    for queue in ["maintenance"] if job.step == "waiting" else ["parse", "embed"]:
        send(queue, job.tenant, job.id, job.priority)


def _beside(act: Callable[[], None]) -> None:
    if _threads.acquire(blocking=False):
        Thread(target=_do, args=(act,), name="waking", daemon=True).start()


def _do(act: Callable[[], None]) -> None:
    try:
        with suppress(DocqaError):
            act()
    finally:
        _threads.release()
