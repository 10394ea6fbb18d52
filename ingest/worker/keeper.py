"""What keeps jobs going: dead workers' leases are freed, schedules begin, and workers are woken up for what waits.

Every worker has a keeper, beside its processes and not in them. All that keepers do is conditional in the catalog, so
that any number of them may run. They send few messages: a window for each queue, however many files wait.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress

from ingest.broker import Broker, open_broker
from ingest.catalog import Catalog
from ingest.catalog.job_rows import BULK
from ingest.catalog.keeping import Open
from ingest.catalog.runs import this_host
from ingest.errors import BrokerError, DocqaError
from ingest.settings import Settings
from ingest.worker.app import QUEUES, message_priority, send, send_clean, send_plain
from ingest.worker.further import Further
from ingest.worker.logs import log

WINDOW = 2  # messages that wait in a queue, for each process of the worker
SELDOM_SECONDS = 10.0


class Keeper:
    """Looks after the jobs in a catalog. Its ``tick`` is called every second or so, by one thread.

    Args:
        settings: names the broker and the seconds of a lease.
        catalog: whose jobs.
        processes: how many processes the worker beside it has.
        further: the queues of others that it serves too.
    """

    def __init__(self, settings: Settings, catalog: Catalog, processes: int, further: Sequence[Further] = ()) -> None:
        self._catalog = catalog
        self._keeping = catalog.keeping(settings.lease_seconds)
        self._settings = settings
        self._window = WINDOW * processes
        self._further = further
        self.called_for: set[str] = set()
        """The further queues in which something has waited so far."""
        self._broker: Broker | None = None
        self._seldom = self._beaten = 0.0
        self._turn = 0
        self._run = catalog.leases.begin("keeper")
        self._told = ""
        self._server = ""  # the broker that the processes beside this keeper are connected to
        self.broker_was_away = False
        """Whether the broker was away, or was started again, since ``broker_is_new`` last said so."""

    def broker_is_new(self) -> bool:
        """Whether the broker is there, after it was away or was started again; says so once.

        Processes that were connected to it before have to be started anew: Celery does not always get messages again
        over a connection that was lost while it acknowledged one.
        """
        if not self.broker_was_away or self._broker is None:
            return False
        self.broker_was_away = False
        return True

    def tick(self) -> None:
        """Do what is to be done now; what fails for the moment is said once and tried again."""
        try:
            self._look_after()
            self._told = ""
        except DocqaError as error:
            if self._told != (told := str(error)):
                log("a keeper has to wait", logging.WARNING, reason=told)
                self._told = told
        except Exception as error:  # a keeper that ends takes its worker with it, and nothing gets better by that
            if self._told != (told := f"{type(error).__name__}: {error}"):
                log("something unforeseen happened", logging.ERROR, reason=told, trace=traceback.format_exc())
                self._told = told

    def close(self) -> None:
        """Leave the catalog and the broker."""
        with suppress(DocqaError):  # a run that is not ended is struck out by another keeper
            self._catalog.leases.end(self._run)
        self._disconnect()

    def _disconnect(self) -> None:
        if self._broker:
            self._broker.close()
            self._broker = None

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beaten >= min(self._settings.lease_seconds / 4, SELDOM_SECONDS):
            self._beaten = now
            if not self._catalog.leases.beat(self._run):
                self._run = self._catalog.leases.begin("keeper")

    def _look_after(self) -> None:
        self._beat()
        for run in self._keeping.strike():
            log("struck out a run that is gone", run=run)
        self._catalog.schedules.begin_due()
        now = time.monotonic()
        if seldom := now - self._seldom >= SELDOM_SECONDS:
            self._seldom = now
            for job in self._keeping.end_finished():
                log("ended a job that had nothing left to do", job=job)
        self._look_at_broker()
        if waiting := self._keeping.open():
            self._wake(waiting)
            if seldom:
                self._let_in(waiting)
        if seldom:
            self._have_cleaned()
        self._turn += 1
        for each in self._further:
            self._wake_further(each)

    def _look_at_broker(self) -> None:
        try:
            if self._broker is None:
                self._broker = open_broker(self._settings)
            server = self._broker.run_id()
        except BrokerError:
            self._disconnect()
            self.broker_was_away = True
            raise
        self.broker_was_away = self.broker_was_away or self._server not in ("", server)
        self._server = server

    def _have_cleaned(self) -> None:
        tenants = self._keeping.tenants_to_clean()
        room = self._window - self._lengths(message_priority(BULK))["maintenance"] if tenants else 0
        for tenant in tenants[: max(room, 0)]:
            send_clean(tenant)

    def _wake(self, waiting: list[Open]) -> None:
        """Fill the window of each queue, job by job in turn, each priority for itself: so urgent ones always get in."""
        for priority in sorted({each.job.priority for each in waiting}, reverse=True):
            lengths = self._lengths(message_priority(priority))
            jobs = [each for each in waiting if each.job.priority == priority]
            for queue, what in zip(QUEUES, ("surveys", "parts", "step"), strict=True):
                wanting = [each.job for each in jobs if getattr(each, what) and self._may(each, what)]
                room = self._window - lengths[queue]
                for number in range(min(room, len(wanting) if what == "step" else room) if wanting else 0):
                    job = wanting[(self._turn + number) % len(wanting)]  # one that fails again and again lets others in
                    send(queue, job.tenant, job.id, job.priority)

    def _let_in(self, waiting: list[Open]) -> None:
        """Send a message for each job that nobody is at, as many again as the windows hold.

        A job whose messages fill its window has a successor for each of them, and would keep all others out.
        """
        at_work = {worker.job for worker in self._keeping.workers()}
        left = [each for each in waiting if each.job.id not in at_work]
        lengths = {each: self._lengths(each) for each in {message_priority(each.job.priority) for each in left}}
        for each in left:
            held = lengths[message_priority(each.job.priority)]
            for queue, what in zip(QUEUES, ("surveys", "parts", "step"), strict=True):
                if getattr(each, what) and held[queue] < 2 * self._window and self._may(each, what):
                    send(queue, each.job.tenant, each.job.id, each.job.priority)
                    held[queue] += 1

    def _wake_further(self, further: Further) -> None:
        if waiting := further.waiting():
            self.called_for.add(further.queue)
            room = further.threads - self._lengths(0, (further.queue,))[further.queue]
            for _ in range(min(waiting, room)):
                send_plain(further.task, further.queue)

    def _may(self, each: Open, what: str) -> bool:
        """Whether workers here can do it: a step that names paths is for the machine that sees them."""
        if what != "step" or each.job.host in ("", this_host()):
            return True
        note = f"its files are looked for by a worker on {each.job.host}: run 'docqa worker' there"
        self._catalog.for_tenant(each.job.tenant).jobs.note(each.job.id, note)
        return False

    def _lengths(self, priority: int, queues: Sequence[str] = QUEUES) -> dict[str, int]:
        if self._broker is None:
            self._broker = open_broker(self._settings)
        try:
            return self._broker.lengths(queues, [priority])
        except BrokerError:
            self._disconnect()
            raise
