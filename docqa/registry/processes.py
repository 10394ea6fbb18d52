"""Which processes answer questions, and which of them are gone.

One of this machine is gone when it has ended. One of another machine is gone when its count of beats has not grown for
long enough while this process looked on, by this process's own clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from docqa.registry.ids import new_id
from docqa.registry.rows import insert_into
from docqa.registry.tables import processes
from ingest.catalog.runs import runs_here, this_process


class Processes:
    """This process among the others. Safe to use from any thread.

    Args:
        silence: seconds without a sign of life after which a process of another machine counts as gone.
        clock: seconds that only grow.
    """

    def __init__(self, silence: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.id = new_id("proc_")
        self.entered = False
        self._silence = silence
        self._clock = clock
        self._seen: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def enter(self, connection: Connection) -> None:
        """Enter this process, where it is not there yet."""
        if not self.entered:
            self.beat(connection)

    def beat(self, connection: Connection) -> None:
        """Give a sign of life."""
        values = {"id": self.id, **this_process()._asdict(), "beats": 1}
        new = insert_into(connection, processes).values(values)
        grown = {"beats": processes.c.beats + 1}
        connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=grown))
        self.entered = True

    def strike(self, connection: Connection) -> list[str]:
        """Strike out the processes that are gone; returns their ids."""
        with self._lock:
            rows = connection.execute(select(processes).where(processes.c.id != self.id)).all()
            gone = [row for row in rows if self._is_gone(row)]
            self._seen = {id: seen for id, seen in self._seen.items() if id in {row.id for row in rows}}
        for row in gone:
            connection.execute(delete(processes).where(processes.c.id == row.id))
        return [row.id for row in gone]

    def _is_gone(self, row: Row[Any]) -> bool:
        if row.host == this_process().host:
            return not runs_here(row.process)
        beats, since = self._seen.get(row.id, (None, 0.0))
        if beats != row.beats:
            self._seen[row.id] = (row.beats, self._clock())
            return False
        return self._clock() - since > self._silence

    def leave(self, connection: Connection) -> None:
        """Strike out this process."""
        connection.execute(delete(processes).where(processes.c.id == self.id))
        self.entered = False
