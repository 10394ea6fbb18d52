"""The Celery application: its queues and how it treats messages. Nothing connects until a worker starts or sends."""

from __future__ import annotations

from typing import Any

from celery import Celery
from kombu import Queue
from kombu.exceptions import KombuError, OperationalError

from ingest.broker import broker_url
from ingest.catalog.job_rows import BULK
from ingest.errors import BrokerError
from ingest.settings import Settings
from ingest.worker.messages import VERSION

QUEUES = ("parse", "embed", "maintenance")
"""Opening documents; doing their parts; all the rest. A worker can be told to serve some of them only."""
PRIORITIES = range(10)
"""What the broker tells apart: a list of messages for each, the first is the most urgent."""
TASK_SECONDS = 5.0
"""How long a task goes on taking what is next, before others get their turn."""
LONG = 7 * 86_400.0
"""Seconds that a job's own step may take: to find a million files is slow and not wrong."""
_START_SECONDS = 60.0
"""What else a task may take, such as to open the archive. A process that hangs over a part ends itself before."""
_VISIBILITY_SECONDS = 900

app = Celery("docqa", include=["ingest.worker.tasks"], set_as_current=False)
app.conf.update(
    task_serializer="json",
    accept_content=["json"],
    result_backend=None,
    task_ignore_result=True,
    task_queues=[Queue(name) for name in QUEUES],
    task_default_queue="embed",
    task_create_missing_queues=False,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_connection_timeout=5,
    broker_transport_options={
        "visibility_timeout": _VISIBILITY_SECONDS,
        "queue_order_strategy": "round_robin",  # within a priority no queue waits for the end of another
        "priority_steps": list(PRIORITIES),  # a list of its own for each: the keeper counts what waits in it
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "retry_on_timeout": True,
    },
)


def configure(settings: Settings) -> Celery:
    """The application for some settings."""
    app.conf.update(
        broker_url=broker_url(settings),
        task_time_limit=settings.part_seconds + TASK_SECONDS + _START_SECONDS,
        worker_max_memory_per_child=settings.worker_memory_mb * 1024,
    )
    return app


def message_priority(job_priority: int) -> int:
    """The broker's priority (0 is the most urgent) of a job's (9 is): one of ``PRIORITIES``."""
    return 9 - min(max(job_priority, 0), 9)


def send(queue: str, tenant: str, job: str, job_priority: int) -> None:
    """Wake up a worker of a queue for a job.

    Raises:
        BrokerError: the broker did not take the message.
    """
    kwargs = {"version": VERSION, "tenant": tenant, "job": job}
    _send(f"docqa.{queue}", kwargs, queue, message_priority(job_priority))


def send_clean(tenant: str) -> None:
    """Have what was deleted or replaced of a tenant removed. Raises BrokerError."""
    _send("docqa.clean", {"version": VERSION, "tenant": tenant}, "maintenance", message_priority(BULK))


def add_queue(name: str) -> None:
    """Let a further queue be served and written to by this process."""
    app.amqp.queues.add(Queue(name))


def send_plain(task: str, queue: str) -> None:
    """Wake up a worker of a further queue, by a message that says nothing. Raises BrokerError."""
    _send(task, {"version": VERSION}, queue, 0)


def _send(name: str, kwargs: dict[str, Any], queue: str, priority: int) -> None:
    try:
        plain = {"retry": False, "ignore_result": True, "time_limit": None}  # the limit is the receiving worker's
        app.send_task(name, kwargs=kwargs, queue=queue, priority=priority, **plain)
    except (OperationalError, KombuError, OSError) as error:
        raise BrokerError(f"The broker does not take messages ({error}); 'docqa doctor' says more.") from error
