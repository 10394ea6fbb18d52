"""Runs: each question that was asked, what happened on the way to its answer, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, tuple_, update

from docqa.database import Database
from docqa.registry.ids import new_id
from docqa.registry.processes import Processes
from docqa.registry.rows import bounded, dumps, insert_into, loads, one, page_of, storable, unknown
from docqa.registry.tables import cache, events, is_running, responses, runs

KIND = "run"
AT_ONCE = 50
RunState = Literal["running", "completed", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run. Times are seconds since 1970; ``ended`` is None while it is running.

    ``collections`` are those asked, none for all; ``cached_from`` is the run whose answer was given again, and
    ``cache_key`` what the question is known by there.
    """

    id: str
    tenant: str
    user: str
    kind: str
    question: str
    collections: tuple[str, ...]
    state: RunState
    created: float
    ended: float | None
    outcome: str
    cached_from: str
    cache_key: str


@dataclass(frozen=True, slots=True)
class RunEvent:
    """An event of a run: its number there, its kind, and what it says as JSON."""

    seq: int
    kind: str
    data: Any


def run_id() -> str:
    """An id for a new run."""
    return new_id("run_")


class Runs:
    """The runs of all tenants, each method those of one; ``sweep`` looks at those of all."""

    def __init__(self, database: Database, processes: Processes) -> None:
        self._database = database
        self._processes = processes

    def begin(
        self,
        tenant: str,
        user: str,
        kind: str,
        question: str,
        collections: Sequence[str] = (),
        id: str = "",
        cached_from: str = "",
        cache_key: str = "",
    ) -> RunRow:
        """Note that this process begins a run."""
        row = RunRow(id or run_id(), tenant, user, kind, storable(question), tuple(collections), "running",
                     time.time(), None, "", cached_from, cache_key)  # fmt: skip
        values = {name: getattr(row, name) for name in RunRow.__slots__} | {"collections": dumps(collections)}
        with self._database.writing() as connection:
            self._processes.enter(connection)
            connection.execute(insert(runs).values(**values, process=self._processes.id))
        return row

    def add_events(self, tenant: str, run: str, added: Sequence[tuple[int, str, str]]) -> None:
        """Keep events of a run, all in one transaction.

        Nothing is kept of a run that is not there any more, nor twice of an event: it may be repeated where it failed.

        Args:
            tenant: whose run.
            run: its id.
            added: of each event its number, its kind, and what it says as JSON (``docqa.recording.codec.dumps``).
        """
        self.add_all([(tenant, run, added)])

    def add_all(self, added: Sequence[tuple[str, str, Sequence[tuple[int, str, str]]]]) -> set[str]:
        """Keep events of several runs, all in one transaction; see ``add_events``. Returns the runs that are gone."""
        rows = [
            {"run": run, "seq": seq, "kind": kind, "data": data} for _, run, its in added for seq, kind, data in its
        ]
        if not rows:
            return set()
        mine = tuple_(runs.c.id, runs.c.tenant).in_({(run, tenant) for tenant, run, _ in added})
        with self._database.writing() as connection:
            there = set(connection.execute(select(runs.c.id).where(mine).with_for_update(read=True)).scalars())
            if kept := [row for row in rows if row["run"] in there]:
                connection.execute(insert_into(connection, events).on_conflict_do_nothing(), kept)
        return {run for _, run, its in added if its} - there

    def end(self, tenant: str, run: str, state: RunState, outcome: str = "") -> bool:
        """Note how a run ended; False: it is not there, or had been ended before, which stays so."""
        values = {"state": state, "outcome": storable(outcome), "ended": time.time()}
        running = (runs.c.id == run, runs.c.tenant == tenant, runs.c.state == "running")
        with self._database.writing() as connection:
            return connection.execute(update(runs).where(*running).values(values)).rowcount > 0

    def get(self, tenant: str, id: str) -> RunRow:
        """The run with an id.

        Raises:
            NotFoundError: the tenant has none.
        """
        with self._database.reading() as connection:
            return _run(one(connection, runs, tenant, KIND, id))

    def events(self, tenant: str, run: str, after: int = -1, most: int = 1000) -> list[RunEvent]:
        """At most ``most`` events of a run, those after the number ``after``.

        Raises:
            NotFoundError: the tenant has no such run.
        """
        with self._database.reading() as connection:
            id = one(connection, runs, tenant, KIND, run).id
            later = (events.c.run == id, events.c.seq > bounded(after + 1) - 1)
            rows = connection.execute(select(events).where(*later).order_by(events.c.seq).limit(bounded(most)))
            return [RunEvent(row.seq, row.kind, loads(row.data)) for row in rows]

    def last_event(self, tenant: str, run: str) -> RunEvent | None:
        """The newest event of a run; None where there is none yet.

        Raises:
            NotFoundError: the tenant has no such run.
        """
        with self._database.reading() as connection:
            id = one(connection, runs, tenant, KIND, run).id
            newest = select(events).where(events.c.run == id).order_by(events.c.seq.desc()).limit(1)
            row = connection.execute(newest).one_or_none()
            return RunEvent(row.seq, row.kind, loads(row.data)) if row else None

    def page(
        self,
        tenant: str,
        after: str = "",
        most: int = 20,
        newest_first: bool = True,
        before: str = "",
        user: str | None = None,
    ) -> list[RunRow]:
        """At most ``most`` runs, of a user or of all, by the time when they began.

        Raises:
            NotFoundError: the run ``after`` or ``before`` is not there.
        """
        mine = [runs.c.tenant == tenant, *([] if user is None else [runs.c.user == storable(user)])]
        chosen, order = select(runs).where(*mine), (runs.c.created, runs.c.id)
        with self._database.reading() as connection:
            rows = page_of(connection, chosen, order, KIND, after=after, before=before, most=most,
                           newest_first=newest_first)  # fmt: skip
            return [_run(row) for row in rows]

    def delete(self, tenant: str, id: str) -> None:
        """Remove a run, its events, and its answer in the cache.

        Raises:
            NotFoundError: the tenant has none.
        """
        with self._database.writing() as connection:
            mine = (runs.c.tenant == tenant, runs.c.id == storable(id))
            if not connection.execute(delete(runs).where(*mine)).rowcount:
                raise unknown(KIND, id)
            connection.execute(delete(events).where(events.c.run == id))
            connection.execute(delete(cache).where(cache.c.run == id))

    def prune(self, before: float) -> int:
        """Remove some dozens of runs of all tenants that ended before that time; returns how many, 0 at the end.

        Those of stored responses stay, which are told from them. ``before`` is in seconds since 1970.
        """
        told = select(responses.c.run).where(responses.c.run == runs.c.id).exists()
        with self._database.writing() as connection:
            old = select(runs.c.id).where(runs.c.ended < before, ~told).limit(AT_ONCE)
            ids = list(connection.execute(old).scalars())
            for column in (events.c.run, cache.c.run, runs.c.id):
                connection.execute(delete(column.table).where(column.in_(ids)))
        return len(ids)

    def running(self) -> int:
        """How many runs of all tenants are running in this process."""
        mine = (runs.c.process == self._processes.id, is_running)
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(runs).where(*mine)).scalar_one())

    def sweep(self) -> list[str]:
        """Give a sign of life for this process, and close as failed the runs, of all tenants, of processes that are
        gone; returns their ids. To be called every few seconds.
        """
        with self._database.writing() as connection:
            self._processes.beat(connection)
            gone = self._processes.strike(connection)
            return _fail(connection, runs.c.process.in_(gone)) if gone else []

    def leave(self) -> None:
        """Close what still runs in this process as failed: it is about to end."""
        if not self._processes.entered:
            return
        with self._database.writing() as connection:
            _fail(connection, runs.c.process == self._processes.id)
            self._processes.leave(connection)


def _fail(connection: Connection, which: ColumnElement[bool]) -> list[str]:
    failed = update(runs).where(which, is_running).values(state="failed", ended=time.time())
    return list(connection.execute(failed.returning(runs.c.id)).scalars())


def _run(row: Row[Any]) -> RunRow:
    values = {name: getattr(row, name) for name in RunRow.__slots__}
    return RunRow(**values | {"collections": tuple(loads(row.collections))})
