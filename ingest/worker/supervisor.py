"""A worker as a whole: the processes that do parts, a keeper, and the broker that docqa starts itself, kept running."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing

from ingest.broker import open_broker
from ingest.broker.valkey import Valkey
from ingest.errors import BrokerError, DocqaError
from ingest.library import Library
from ingest.settings import Settings
from ingest.worker.app import QUEUES, configure
from ingest.worker.keeper import Keeper
from ingest.worker.logs import log

TICK_SECONDS = 1.0
LONGEST_PAUSE = 30.0


class Supervisor:
    """Runs a worker until it is told to stop.

    Args:
        settings: where everything is.
        processes: parts done side by side; 0: one for each core.
        queues: which queues it serves.
        as_json: whether its logs are JSON Lines.
    """

    def __init__(
        self, settings: Settings, processes: int = 0, queues: Sequence[str] = QUEUES, as_json: bool = False
    ) -> None:
        self._settings = settings
        self._processes = processes or settings.worker_processes or len(os.sched_getaffinity(0))
        self._queues = tuple(queues)
        self._form = "json" if as_json else "text"
        self._valkey = None if settings.broker_url else Valkey(settings)
        self._met = not settings.broker_url
        self._told = ""
        self._celery: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._failures = 0
        self._not_before = self._started = 0.0
        self._renewing = False

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
            keeper = Keeper(self._settings, library.catalog, self._processes)
            try:
                while not self._stop.is_set():
                    self._look_after(keeper)
                    self._stop.wait(TICK_SECONDS)
                log("ends after the parts at hand")
            finally:
                self._end_celery()
                keeper.close()
                if self._valkey:
                    self._valkey.stop()

    def _look_after(self, keeper: Keeper) -> None:
        try:
            self._ensure_broker()
        except DocqaError as error:
            log("the broker does not start", logging.WARNING, reason=str(error))
        if self._met or self._meet_broker():
            self._ensure_celery()
            keeper.tick()
            if keeper.broker_is_new():
                self._renew_celery()

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

    def _ensure_celery(self) -> None:
        """Start the processes where they do not run; one that ends again and again is waited for longer each time."""
        if self._celery and self._celery.poll() is None:
            return
        now = time.monotonic()
        if self._renewing:
            self._celery, self._renewing = None, False
        if self._celery:
            log("the processes have ended", logging.WARNING, code=self._celery.returncode)
            lasted = now - self._started > LONGEST_PAUSE  # then what went wrong before is no sign any more
            self._celery, self._failures = None, 1 if lasted else self._failures + 1
            self._not_before = now + min(2.0 ** (self._failures - 1) - 1, LONGEST_PAUSE)
        if now < self._not_before:
            return
        arguments = [str(self._processes), ",".join(self._queues), self._form, str(os.getpid())]
        command = [sys.executable, "-m", "ingest.worker", *arguments]
        quiet = subprocess.DEVNULL  # Celery prints there that it shuts down; logs go to standard error
        self._started = now
        self._celery = subprocess.Popen(command, stdin=quiet, stdout=quiet, start_new_session=True)
        log("started the processes", processes=self._processes, queues=",".join(self._queues))

    def _renew_celery(self) -> None:
        """Have the processes finish what they are at and end; then they are started anew."""
        if self._celery and self._celery.poll() is None and not self._renewing:
            log("the broker was away: starts the processes anew")
            self._renewing = True
            self._celery.send_signal(signal.SIGTERM)

    def _end_celery(self) -> None:
        """Ask the processes to end, and wait for as long as a part may take."""
        if self._celery is None or self._celery.poll() is not None:
            return
        self._celery.send_signal(signal.SIGTERM)
        try:
            self._celery.wait(self._settings.part_seconds + 30)
        except subprocess.TimeoutExpired:
            self._celery.kill()
            self._celery.wait()


def _unanswered(error: BaseException | None) -> bool:
    """Whether an error comes from a server that was not reached, or has only just started, and not from a refusal."""
    while error is not None:
        if isinstance(error, OSError) or type(error).__name__ == "BusyLoadingError":
            return True
        error = error.__cause__ or error.__context__
    return False
