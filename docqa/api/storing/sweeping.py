"""What has expired, and what killed processes have left behind, is removed: when the service starts, and at times."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from threading import Event, Thread

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from docqa.api.service import Service
from docqa.api.storing.filing import FILE, forget_file
from docqa.api.storing.stores import delete_store, has_expired
from docqa.api.storing.uploading import expire
from docqa.registry.stores import VectorStore
from ingest.errors import NotFoundError
from ingest.pipeline import uploads

log = logging.getLogger("docqa.api")
EVERY_SECONDS = 600.0
READ_AT_ONCE = 100
DAY, PAUSE_SECONDS = 86_400.0, 0.1


def sweep(service: Service) -> None:
    """Remove what is over, of all tenants. What cannot be done at this moment is left to the next time."""
    for act in (_unfinished, _files, _uploads, _stores, _runs):
        _quietly(act, service)


@asynccontextmanager
async def sweeping(app: FastAPI) -> AsyncIterator[None]:
    """Sweep now and every ten minutes, beside an application that has started, until it ends."""
    over = Event()
    thread = Thread(target=_keep_swept, args=(app.state.service, over), name="sweep")
    thread.start()
    try:
        yield
    finally:
        over.set()
        await run_in_threadpool(thread.join)


def _keep_swept(service: Service, over: Event) -> None:
    sweep(service)
    while not over.wait(EVERY_SECONDS):
        sweep(service)


def _unfinished(service: Service) -> None:
    uploads.sweep(service.library(service.settings.tenant))


def _files(service: Service) -> None:
    for tenant, id in service.library(service.settings.tenant).catalog.uploads.expired():
        if FILE.fullmatch(id):
            forget_file(service, tenant, id)
        else:  # a part whose upload was forgotten
            with suppress(NotFoundError):
                uploads.remove(service.library(tenant), id)


def _uploads(service: Service) -> None:
    for upload in (*service.registry.uploads.expired(), *service.registry.uploads.lingering()):
        expire(service, upload)


def _stores(service: Service) -> None:
    for left in service.registry.stores.leaving():  # whoever deleted them was killed, or still does
        delete_store(service, left)
    tenants = {service.settings.tenant, *(key.tenant for key in service.registry.keys.list())}
    for tenant in sorted(tenants):
        for store in [each for each in _every_store(service, tenant) if has_expired(each)]:
            delete_store(service, store)


def _runs(service: Service) -> None:
    days, runs = service.settings.run_days, service.registry.runs
    while days and runs.prune(time.time() - days * DAY) and not service.ending.wait(PAUSE_SECONDS):
        pass  # others may write in between


def _every_store(service: Service, tenant: str) -> Iterator[VectorStore]:
    after = ""
    while page := service.registry.stores.page(tenant, after, READ_AT_ONCE, False):
        yield from page
        after = page[-1].id


def _quietly(act: Callable[[Service], None], service: Service) -> None:
    try:
        act(service)
    except Exception as error:  # it is done again, and the service goes on without
        log.warning("a sweep has to wait: %s", type(error).__name__)
