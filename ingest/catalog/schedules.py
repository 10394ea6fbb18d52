"""Jobs that begin again and again: folders that are looked at anew, verification."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from sqlalchemy import Engine, Row, delete, insert, select, update

from ingest.catalog.engine import reading, writing
from ingest.catalog.job_records import create
from ingest.catalog.job_rows import USUAL, JobKind, Schedule
from ingest.catalog.job_tables import jobs, schedules
from ingest.catalog.runs import this_host
from ingest.errors import NotFoundError


class Schedules:
    """The schedules of one tenant; ``begin_due`` looks at those of all."""

    def __init__(self, engine: Engine, tenant: str) -> None:
        self._engine = engine
        self._tenant = tenant

    def add(
        self, kind: JobKind, every: float, collection: str = "", arguments: dict[str, Any] | None = None
    ) -> Schedule:
        """Let a job begin every ``every`` seconds, the first time at once, on this machine where it names paths."""
        here = "paths" in (arguments or {})
        values = {
            "id": str(uuid.uuid4()),
            "tenant": self._tenant,
            "kind": kind,
            "collection": collection,
            "arguments": json.dumps(arguments or {}),
            "host": this_host() if here else "",
            "every": every,
            "due": time.time(),
            "job": None,
            "created": time.time(),
        }
        with writing(self._engine) as connection:
            connection.execute(insert(schedules).values(values))
            return _schedule(connection.execute(select(schedules).where(schedules.c.id == values["id"])).one())

    def all(self) -> list[Schedule]:
        """The schedules, the oldest first."""
        query = select(schedules).where(schedules.c.tenant == self._tenant).order_by(schedules.c.created)
        with reading(self._engine) as connection:
            return [_schedule(row) for row in connection.execute(query)]

    def remove(self, id: str) -> Schedule:
        """Remove the schedule whose id begins so.

        Raises:
            NotFoundError: there is none, or there are several.
        """
        found = [each for each in self.all() if each.id.startswith(id)]
        if len(found) != 1 or not id:
            raise NotFoundError(f"There is no one schedule '{id[:40]}'; 'docqa schedules list' shows all.")
        with writing(self._engine) as connection:
            connection.execute(delete(schedules).where(schedules.c.id == found[0].id))
        return found[0]

    def begin_due(self) -> list[str]:
        """Begin the jobs that are due, of all tenants; returns their ids.

        One whose last job still runs waits for its end. A clock that was set back does not stop a schedule: one that is
        due further ahead than its period is due now.
        """
        now, begun = time.time(), []
        due = (schedules.c.due <= now) | (schedules.c.due > now + schedules.c.every + 1)
        with reading(self._engine) as connection:
            waiting = connection.execute(select(schedules).where(due)).all()
        for row in waiting:
            with writing(self._engine) as connection:
                busy = select(jobs.c.id).where(jobs.c.id == row.job, jobs.c.state.in_(("running", "paused")))
                if row.job and connection.scalar(busy) is not None:
                    continue
                mine = (schedules.c.id == row.id, schedules.c.due == row.due)
                if connection.execute(update(schedules).where(*mine).values(due=now + row.every)).rowcount == 0:
                    continue  # another keeper was quicker
                arguments = json.loads(row.arguments)
                owner = f"schedule {row.id[:8]}"
                job = create(connection, row.tenant, row.kind, row.collection, arguments, owner, USUAL, row.host)
                connection.execute(update(schedules).where(schedules.c.id == row.id).values(job=job))
                begun.append(job)
        return begun


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(
        row.id, row.tenant, row.kind, row.collection, json.loads(row.arguments), row.host, row.every, row.due,
        row.job or "",
    )  # fmt: skip
