"""File batches: files that come into a vector store together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, update

from docqa.database import Database
from docqa.registry.ids import new_id
from docqa.registry.rows import one, unknown
from docqa.registry.stores import standing
from docqa.registry.tables import batches

KIND = "file batch in this vector store"


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that came into a store together, by a job; ``created`` is in seconds since 1970.

    Its files are those that its job takes in; an attachment names the batch that it came with first.
    """

    id: str
    tenant: str
    store: str
    job: str
    created: float
    cancelled: bool


def batch_id() -> str:
    """An id for a new batch, which its attachments can name before it is there."""
    return new_id("vsfb_", 24)


class Batches:
    """The file batches of all tenants, each method those of one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, tenant: str, store: str, job: str = "", id: str = "") -> Batch:
        """A new batch in a store.

        Raises:
            NotFoundError: the tenant has no such store.
        """
        batch = Batch(id or batch_id(), tenant, store, job, time.time(), False)
        with self._database.writing() as connection:
            standing(connection, tenant, store, lock="read")
            connection.execute(insert(batches).values({name: getattr(batch, name) for name in Batch.__slots__}))
        return batch

    def get(self, tenant: str, store: str, id: str) -> Batch:
        """The batch of a store with an id.

        Raises:
            NotFoundError: the tenant has no such batch there.
        """
        with self._database.reading() as connection:
            row = one(connection, batches, tenant, KIND, id)
            if row.store != store:
                raise unknown(KIND, id)
            return _batch(row)

    def update(self, tenant: str, id: str, job: str | None = None, cancelled: bool | None = None) -> Batch:
        """Change what is given.

        Raises:
            NotFoundError: the tenant has no such batch.
        """
        changes: dict[str, Any] = {} if job is None else {"job": job}
        changes |= {} if cancelled is None else {"cancelled": cancelled}
        with self._database.writing() as connection:
            row = one(connection, batches, tenant, KIND, id)
            if changes:
                connection.execute(update(batches).where(batches.c.id == row.id).values(changes))
            return _batch(one(connection, batches, tenant, KIND, id))


def _batch(row: Row[Any]) -> Batch:
    return Batch(row.id, row.tenant, row.store, row.job, row.created, bool(row.cancelled))
