"""Answers that can be given again: which run answered what is known by a key."""

from __future__ import annotations

import time

from sqlalchemy import delete, select

from docqa.database import Database
from docqa.registry.rows import insert_into, prune
from docqa.registry.tables import cache, runs

MOST = 10_000  # of a tenant


class Cache:
    """The answers of all tenants, each method those of one.

    Args:
        database: where they are.
        most: how many are kept for each tenant; the oldest make room.
    """

    def __init__(self, database: Database, most: int = MOST) -> None:
        self._database = database
        self._most = most

    def find(self, tenant: str, key: str) -> str | None:
        """The run that answered this, if it is still there."""
        joined = select(cache.c.run).join(runs, runs.c.id == cache.c.run)
        mine = (cache.c.tenant == tenant, cache.c.key == key, runs.c.tenant == tenant, runs.c.state == "completed")
        with self._database.reading() as connection:
            run: str | None = connection.execute(joined.where(*mine)).scalar_one_or_none()
            return run

    def keep(self, tenant: str, key: str, run: str) -> None:
        """Remember that a run answered this; it takes the place of an earlier one."""
        values = {"tenant": tenant, "key": key, "run": run, "created": time.time()}
        with self._database.writing() as connection:
            new = insert_into(connection, cache).values(values)
            renewed = {name: values[name] for name in ("run", "created")}
            connection.execute(new.on_conflict_do_update(index_elements=["tenant", "key"], set_=renewed))
            prune(connection, cache, tenant, cache.c.key, self._most)

    def clear(self, tenant: str) -> None:
        """Forget all answers of a tenant."""
        with self._database.writing() as connection:
            connection.execute(delete(cache).where(cache.c.tenant == tenant))
