"""A worker as a whole: the processes that do parts, a keeper, and the broker that docqa starts itself, kept running."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from contextlib import closing

from ingest.broker import open_broker
from ingest.broker.valkey import Valkey
from ingest.errors import BrokerError, DocqaError
from ingest.library import Library
from ingest.settings import Settings
from ingest.worker.app import QUEUES, configure
from ingest.worker.further import Further
from ingest.worker.keeper import Keeper
from ingest.worker.logs import log
from ingest.worker.processes import Processes

TICK_SECONDS = 1.0


class Supervisor:
    """Runs a worker until it is told to stop.

    Args:
        settings: where everything is.
        processes: parts done side by side; 0: one for each core.
        queues: which queues it serves.
        as_json: whether its logs are JSON Lines.
        further: the queues of others that it serves too.
    """

    def __init__(
        self,
        settings: Settings,
        processes: int = 0,
        queues: Sequence[str] = QUEUES,
        as_json: bool = False,
        further: Sequence[Further] = (),
    ) -> None:
        self._settings = settings
        self._count = processes or settings.worker_processes or len(os.sched_getaffinity(0))
        self._further = further
        form = "json" if as_json else "text"
        self._processes = {
            each.queue: Processes(each.threads, [each.queue], form, each.end_seconds, each.module) for each in further
        }
        if queues:  # those of its own are started at once, under no name
            self._processes[""] = Processes(self._count, queues, form, settings.part_seconds + 30)
        self._valkey = None if settings.broker_url else Valkey(settings)
        self._met = not settings.broker_url
        self._told = ""
        self._stop = threading.Event()

    def stop(self) -> None:
        """Let the worker end: its processes finish what they are at, and give back the rest."""
        self._stop.set()

    def run(self) -> None:
        """Run until ``stop``. What dies is started again.

        Raises:
            EmbedderMismatch: the archive was made with another embedder.
            SettingsError, ArchiveError, CatalogError, BrokerError: what it needs cannot be opened.
        """
        configure(self._settings)
        _ = self._met or self._meet_broker()
        with Library.open(self._settings) as library:
            _ = library.archive  # refuses an embedder that is not the archive's before any part is touched
            self._ensure_broker()
            keeper = Keeper(self._settings, library.catalog, self._count, self._further)
            try:
                while not self._stop.is_set():
                    self._look_after(keeper)
                    self._stop.wait(TICK_SECONDS)
                log("ends after the parts at hand")
            finally:
                self._end_processes()
                keeper.close()
                if self._valkey:
                    self._valkey.stop()

    def _look_after(self, keeper: Keeper) -> None:
        try:
            self._ensure_broker()
        except DocqaError as error:
            log("the broker does not start", logging.WARNING, reason=str(error))
        if self._met or self._meet_broker():
            self._ensure_processes(keeper)
            keeper.tick()
            if keeper.broker_is_new():
                for each in self._processes.values():
                    each.renew()

    def _ensure_broker(self) -> None:
        if self._valkey and self._valkey.ensure():
            log("started the broker")

    def _meet_broker(self) -> bool:
        """Look at a broker of somebody else's, before anything else does; False while it does not answer.

        Raises:
            BrokerError: it answers, and must not be used or refuses to be.
        """
        with closing(open_broker(self._settings)) as broker:
            try:
                broker.ping()
            except BrokerError as error:
                if not _unanswered(error):
                    raise
                if self._told != (told := str(error)):
                    log("waits for the broker", logging.WARNING, reason=told)
                    self._told = told
                return False
            if not (health := broker.health()).ok:
                raise BrokerError(health.message)
        self._met = True
        return True

    def _ensure_processes(self, keeper: Keeper) -> None:
        for queue, each in self._processes.items():
            if not queue or queue in keeper.called_for:
                each.ensure()

    def _end_processes(self) -> None:
        for each in self._processes.values():
            each.tell_to_end()
        for each in self._processes.values():
            each.end()


def _unanswered(error: BaseException | None) -> bool:
    """Whether an error comes from a server that was not reached, or has only just started, and not from a refusal."""
    while error is not None:
        if isinstance(error, OSError) or type(error).__name__ == "BusyLoadingError":
            return True
        error = error.__cause__ or error.__context__
    return False
