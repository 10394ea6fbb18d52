"""Stored responses (OpenAI's Responses), and the queue of those that are answered in the background."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from docqa.database import Database
from docqa.registry.clock import now_of
from docqa.registry.ids import new_id
from docqa.registry.rows import dumps, loads, one, page_of, storable, unknown
from docqa.registry.tables import queue, responses

KIND = "response"
OPEN = ("queued", "in_progress")
LEASE_SECONDS = 60.0
_JSON = ("body", "input", "request")


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response that can be had again. ``created`` is in seconds since 1970.

    ``body`` is OpenAI's response and ``input`` its items; ``request`` is what a worker needs to answer in the
    background. ``status`` is OpenAI's and stands in ``body`` too. ``previous``, ``conversation`` and ``run`` are ids,
    empty where there is none. ``deaths`` counts the workers that ended over it.
    """

    tenant: str
    user: str
    status: str
    model: str
    body: dict[str, Any]
    input: list[Any] = field(default_factory=list)
    request: dict[str, Any] = field(default_factory=dict)
    previous: str = ""
    conversation: str = ""
    run: str = ""
    background: bool = False
    id: str = field(default_factory=lambda: response_id())
    created: float = field(default_factory=time.time)
    deaths: int = 0


def response_id() -> str:
    """An id for a new response."""
    return new_id("resp_")


class Responses:
    """The stored responses of all tenants, each method those of one; workers take from the queue of all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, tenant: str, response: StoredResponse) -> None:
        """Store a new response; one of the background that is ``queued`` waits for a worker from now on."""
        with self._database.writing() as connection:
            connection.execute(insert(responses).values(_values(tenant, response)))
            if response.background and response.status == "queued":
                waiting = {"response": response.id, "created": response.created, "worker": "", "until": 0.0}
                connection.execute(insert(queue).values(**waiting, deaths=0))

    def get(self, tenant: str, id: str) -> StoredResponse:
        """The response with an id.

        Raises:
            NotFoundError: the tenant has none.
        """
        with self._database.reading() as connection:
            return _response(one(connection, responses, tenant, KIND, id))

    def page(
        self, tenant: str, after: str = "", most: int = 20, newest_first: bool = True, before: str = ""
    ) -> list[StoredResponse]:
        """At most ``most`` responses by the time when they were made.

        Raises:
            NotFoundError: the response ``after`` or ``before`` is not there.
        """
        chosen, order = select(responses).where(responses.c.tenant == tenant), (responses.c.created, responses.c.id)
        with self._database.reading() as connection:
            rows = page_of(connection, chosen, order, KIND, after=after, before=before, most=most,
                           newest_first=newest_first)  # fmt: skip
            return [_response(row) for row in rows]

    def update(
        self,
        tenant: str,
        id: str,
        status: str | None = None,
        body: Mapping[str, Any] | None = None,
        run: str | None = None,
        conversation: str | None = None,
        only: Collection[str] = OPEN,
    ) -> StoredResponse:
        """Change what is given, if its status is among ``only``, and return it as it is now; else nothing happens.

        So what was cancelled stays so, whoever ends it afterwards. One that leaves the open states leaves the queue.

        Raises:
            NotFoundError: the tenant has no such response.
        """
        changes: dict[str, Any] = {"status": status, "run": run, "conversation": conversation}
        changes = {name: value for name, value in changes.items() if value is not None}
        changes |= {} if body is None else {"body": dumps(dict(body))}
        with self._database.writing() as connection:
            _hold(connection, id)
            row = one(connection, responses, tenant, KIND, id)
            allowed = (responses.c.id == row.id, responses.c.status.in_(only))
            changed = changes and connection.execute(update(responses).where(*allowed).values(changes)).rowcount
            if changed and status not in (None, *OPEN):
                connection.execute(delete(queue).where(queue.c.response == row.id))
            return _response(one(connection, responses, tenant, KIND, id))

    def cancel(self, tenant: str, id: str) -> StoredResponse:
        """Cancel a response that is queued or in progress; its worker notices at its next sign of life.

        Raises:
            NotFoundError: the tenant has no such response.
        """
        return self.update(tenant, id, status="cancelled")

    def delete(self, tenant: str, id: str) -> None:
        """Remove a response.

        Raises:
            NotFoundError: the tenant has none.
        """
        with self._database.writing() as connection:
            _hold(connection, id)
            mine = (responses.c.tenant == tenant, responses.c.id == storable(id))
            if not connection.execute(delete(responses).where(*mine)).rowcount:
                raise unknown(KIND, id)
            connection.execute(delete(queue).where(queue.c.response == id))

    def queue_next(self, worker: str, seconds: float = LEASE_SECONDS) -> StoredResponse | None:
        """The oldest response that waits for a worker, or whose worker is gone, of any tenant; None: there is none.

        It is in progress then, and this worker's for so many seconds, unless it asks for longer with ``beat``.
        ``deaths`` tells how many had it before and never came back: who finds too many closes it with ``update``.
        """
        with self._database.writing() as connection:
            now = now_of(connection)
            waiting = select(queue).where(queue.c.until < now).order_by(queue.c.created, queue.c.response).limit(1)
            if (row := connection.execute(waiting.with_for_update(skip_locked=True)).one_or_none()) is None:
                return None
            deaths = row.deaths + bool(row.worker)
            taken = {"worker": worker, "until": now + seconds, "deaths": deaths}
            connection.execute(update(queue).where(queue.c.response == row.response).values(taken))
            this = responses.c.id == row.response
            connection.execute(update(responses).where(this).values(status="in_progress"))
            return _response(connection.execute(select(responses).where(this)).one(), deaths)

    def beat(self, id: str, worker: str, seconds: float = LEASE_SECONDS) -> bool:
        """Keep a response for so many seconds more; False: it was cancelled or deleted, or another worker has it."""
        with self._database.writing() as connection:
            mine = (queue.c.response == id, queue.c.worker == worker)
            longer = update(queue).where(*mine).values(until=now_of(connection) + seconds)
            return connection.execute(longer).rowcount > 0

    def release(self, id: str, worker: str) -> None:
        """Give a response back unanswered, for another worker to take; nobody is to blame."""
        with self._database.writing() as connection:
            mine = (queue.c.response == id, queue.c.worker == worker)
            if connection.execute(update(queue).where(*mine).values(worker="", until=0.0)).rowcount:
                connection.execute(update(responses).where(responses.c.id == id).values(status="queued"))

    def finish(self, worker: str, tenant: str, id: str, status: str, body: Mapping[str, Any]) -> bool:
        """Write the result of a response that this worker has; False: it has it no more, and nothing is written."""
        with self._database.writing() as connection:
            mine = delete(queue).where(queue.c.response == id, queue.c.worker == worker)
            if not connection.execute(mine).rowcount:
                return False
            this = (responses.c.id == id, responses.c.tenant == tenant)
            connection.execute(update(responses).where(*this).values(status=status, body=dumps(dict(body))))
            return True

    def open(self, tenant: str, user: str) -> int:
        """How many responses of the background of a user wait or are being answered."""
        mine = (responses.c.tenant == tenant, responses.c.user == user)
        counted = (
            select(func.count()).select_from(queue).join(responses, responses.c.id == queue.c.response).where(*mine)
        )
        with self._database.reading() as connection:
            return int(connection.execute(counted).scalar_one())

    def waiting(self, most: int = 1000) -> int:
        """How many responses of all tenants no worker has at this moment, counted up to ``most``."""
        with self._database.reading() as connection:
            free = or_(queue.c.worker == "", queue.c.until < now_of(connection))
            return len(connection.execute(select(queue.c.response).where(free).limit(most)).all())


def _hold(connection: Connection, id: str) -> None:
    """Lock a response in the queue before its row, as whoever takes it from there does."""
    connection.execute(select(queue.c.response).where(queue.c.response == storable(id)).with_for_update())


def _values(tenant: str, response: StoredResponse) -> dict[str, Any]:
    names = [name for name in StoredResponse.__slots__ if name != "deaths"]
    values = {name: getattr(response, name) for name in names} | {"tenant": tenant}
    return values | {name: dumps(values[name]) for name in _JSON} | {"model": storable(response.model)}


def _response(row: Row[Any], deaths: int = 0) -> StoredResponse:
    values = {name: getattr(row, name) for name in StoredResponse.__slots__ if name != "deaths"}
    values |= {name: loads(values[name]) for name in _JSON}
    if "status" in values["body"]:
        values["body"]["status"] = row.status
    return StoredResponse(**values, deaths=deaths)
