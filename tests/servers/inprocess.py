"""A worker in a thread of the test's own process: it takes in what jobs want without a broker, within a moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.parse import ParserPool
from ingest.settings import Settings
from ingest.worker.desk import Shelf
from ingest.worker.steps import do_step

PAUSE_SECONDS = 0.02
AT_ONCE = 16


@contextmanager
def working(settings: Settings) -> Iterator[None]:
    """Do the jobs of the tenant of some settings, for as long as the context lasts; then nothing is done any more."""
    over = threading.Event()
    with ParserPool(settings) as pool:
        shelf = Shelf(settings, pool)
        thread = threading.Thread(target=_work, args=(shelf, over), name="worker")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            shelf.close()


def work_off(settings: Settings) -> None:
    """Do all that there is to do for the tenant of some settings."""
    with ParserPool(settings) as pool:
        shelf = Shelf(settings, pool)
        try:
            while _look(shelf):
                pass
        finally:
            shelf.close()


def _work(shelf: Shelf, over: threading.Event) -> None:
    while not over.wait(PAUSE_SECONDS):
        while not over.is_set() and _look(shelf):
            pass


def _look(shelf: Shelf) -> bool:
    """Do some of each job that runs; returns whether there was anything to do."""
    leases, done = shelf.library.catalog.leases, False
    for job in shelf.library.catalog.jobs.newest(("running",)):
        if job.step == "waiting":
            do_step(shelf, job.id)
            done = True
        if works := leases.surveys(shelf.run, job.id, AT_ONCE):
            shelf.taker.survey(shelf.run, job.id, works)
            done = True
        if parts := leases.parts(shelf.run, job.id, shelf.library.settings.part_pages):
            shelf.taker.take(shelf.run, job.id, parts)
            done = True
    return done
