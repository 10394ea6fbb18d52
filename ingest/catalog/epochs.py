"""The epoch of a tenant, and whose turn it is to write: what keeps writers apart on a database with several of them.

Workers, who lease and mark, go beside each other and are kept apart by row locks, taken in this order: versions by id,
parts, the epoch, jobs. Who changes much at once (claims files, steers a job, deletes, strikes a run out) goes alone. So
nobody waits for a row in a circle, and what is leased is leased of a job that runs and by a run that is there.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, insert, text, update
from sqlalchemy.exc import IntegrityError

from ingest.catalog.engine import writing
from ingest.catalog.tables import epochs


def bump(connection: Connection, tenant: str) -> None:
    """Let the epoch grow: what a search may see is changing."""
    grow = update(epochs).where(epochs.c.tenant == tenant).values(epoch=epochs.c.epoch + 1)
    if connection.execute(grow).rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(epochs).values(tenant=tenant, epoch=1))
    except IntegrityError:  # another process has made it meanwhile
        connection.execute(grow)


@contextmanager
def alone(engine: Engine, tenant: str) -> Iterator[Connection]:
    """A writing transaction beside which no other goes that works on the tenant's documents and parts."""
    with writing(engine) as connection:
        _wait(connection, tenant, "pg_advisory_xact_lock")
        yield connection


@contextmanager
def beside(engine: Engine, tenant: str) -> Iterator[Connection]:
    """A writing transaction that goes beside others of its kind, and beside none that goes alone."""
    with writing(engine) as connection:
        _wait(connection, tenant, "pg_advisory_xact_lock_shared")
        yield connection


def _wait(connection: Connection, tenant: str, lock: str) -> None:
    """Wait for the turn, which lasts until the transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        key = zlib.crc32(f"docqa books {tenant}".encode())
        connection.execute(text(f"SELECT {lock}(:key)"), {"key": key})
