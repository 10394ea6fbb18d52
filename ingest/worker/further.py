"""Queues of packages above this one, which a worker serves beside its own and knows nothing else about.

A module of such a package makes its task with ``app.task`` and calls ``register``. It is imported by a process of its
own, which a worker starts when something waits there for the first time: its tasks run as threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ingest.worker.app import add_queue
from ingest.worker.messages import ARGUMENTS


@dataclass(frozen=True)
class Further:
    """A further queue.

    Args:
        queue: its name.
        task: the name of the task that is sent there, by messages that say nothing: they only wake it up.
        module: what has to be imported for the task to be known.
        threads: tasks that run side by side.
        waiting: how many things wait to be done; called every second or so.
        end_seconds: how long the task may take to end when it is told to.
    """

    queue: str
    task: str
    module: str
    threads: int
    waiting: Callable[[], int]
    end_seconds: float


def register(task: str, queue: str) -> None:
    """Let this process send messages for a task, and serve them."""
    ARGUMENTS[task] = frozenset()
    add_queue(queue)
