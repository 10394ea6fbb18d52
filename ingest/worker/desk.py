"""What a worker's process has at hand: libraries, parser, and its run in the catalog, with a thread of heartbeats."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial

from ingest.catalog import Catalog, open_catalog
from ingest.errors import DocqaError
from ingest.library import Library
from ingest.parse import ParserPool
from ingest.pipeline.taking import Taker
from ingest.settings import Settings
from ingest.worker.logs import log

MOST_SHELVES = 8  # tenants whose library is kept open
WATCH_SECONDS = 1.0


class Shelf:
    """A tenant's library, opened with its archive, and the run under which this process leases its parts.

    ``since`` is when the parts were begun that it is at now, by the monotonic clock.
    """

    def __init__(self, settings: Settings, pool: ParserPool) -> None:
        self.library = Library.open(settings)
        try:
            _ = self.library.archive  # what is slow to open is opened before anything is leased
            self.taker = Taker(self.library, pool)
            self.run = self.library.catalog.leases.begin()
        except BaseException:
            self.library.close()
            raise
        self.since: float | None = None
        self._lock = threading.Lock()
        self._closed = False

    def beat(self) -> None:
        """Give a sign of life; where this run was struck out meanwhile, begin another."""
        with self._lock:
            leases = self.library.catalog.leases
            if not self._closed and not leases.beat(self.run):
                log("was taken for dead and begins anew", run=self.run)
                self.run = leases.begin()

    def give_up(self, why: str) -> None:
        """Count it against the parts at hand that they cannot be done."""
        catalog, settings = self.library.catalog, self.library.settings
        catalog.keeping(settings.lease_seconds).blame(settings.tenant, self.run, why)

    def works(self) -> bool:
        """Whether the embedder embeds and the archive can be read and written, as far as can be told."""
        return len(self.library.embedder.embed(["It works."])) == 1 and self.library.archive.health().ok

    def tidy(self, job: str) -> None:
        """Bring the archive's indexes up to date where this process has written for a job that has ended."""
        if self.taker.wrote and not self.library.catalog.jobs.get(job).open:
            self.library.archive.optimise()
            self.taker.wrote = False

    def close(self) -> None:
        """Give back what is leased, and close the library."""
        with self._lock:
            self._closed = True
            self.taker.close()
            try:
                self.library.catalog.leases.end(self.run)
            finally:
                self.library.close()


class Desk:
    """The shelves of one process. It is made after the process was forked, and used by its main thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = ParserPool(settings)
        self._shelves: dict[str, Shelf] = {}
        self._catalog: Catalog | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._parent = os.getppid()
        threading.Thread(target=self._watch, name="heartbeat", daemon=True).start()

    def catalog(self, tenant: str) -> Catalog:
        """The catalog of a tenant, who need not exist: nothing else is opened. Raises what opening it raises."""
        if self._catalog is None:
            self._catalog = open_catalog(self._settings)
        return self._catalog.for_tenant(tenant)

    def shelf(self, tenant: str) -> Shelf:
        """The shelf of a tenant. Raises what opening its library raises."""
        with self._lock:
            if found := self._shelves.pop(tenant, None):
                self._shelves[tenant] = found  # the last one used stands last
                return found
            while len(self._shelves) >= MOST_SHELVES:
                self._shelves.pop(next(iter(self._shelves))).close()
        shelf = Shelf(self._settings.model_copy(update={"tenant": tenant}), self._pool)
        with self._lock:
            self._shelves[tenant] = shelf
        return shelf

    def close(self) -> None:
        """Give back what is leased and end the parser."""
        self._over.set()
        self._pool.close()
        with self._lock:
            for shelf in self._shelves.values():
                _quietly(shelf.close)
            self._shelves = {}
        if self._catalog:
            self._catalog.close()

    def _opened(self) -> list[Shelf]:
        with self._lock:
            return list(self._shelves.values())

    def _watch(self) -> None:
        """Beat often enough for a lease; end a process whose parent is gone, since nobody would ever end it."""
        every, last = min(self._settings.lease_seconds / 4, 10.0), 0.0
        while not self._over.wait(min(WATCH_SECONDS, every)):
            if os.getppid() != self._parent:
                os._exit(1)
            if time.monotonic() - last >= every:
                last = time.monotonic()
                for shelf in self._opened():
                    _quietly(shelf.beat)
            self._end_overdue()

    def _end_overdue(self) -> None:
        """End this process where its parts take too long: whatever hangs in it, nothing else would stop it."""
        most, now = self._settings.part_seconds, time.monotonic()
        for shelf in self._opened():
            if shelf.since is not None and now - shelf.since > most:
                why = f"it took longer than {most:g} s (DOCQA_PART_SECONDS)"
                log("ends over a part", logging.WARNING, reason=why)
                _quietly(partial(shelf.give_up, why))
                os._exit(1)


def _quietly(act: Callable[[], None]) -> None:
    """Do what may fail for the moment: a catalog that is away, a full disk. It is done again, or is not needed."""
    try:
        act()
    except DocqaError as error:
        log("a heartbeat or a goodbye failed", reason=str(error))
