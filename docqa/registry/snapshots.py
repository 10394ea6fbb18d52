"""Snapshots of searches, kept for a while, so that any process can show a further page of one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert

from docqa.database import Database
from docqa.recording.codec import decode, encode
from docqa.registry.ids import new_id
from docqa.registry.rows import dumps, loads, one, prune, storable, unknown
from docqa.registry.tables import snapshots
from ingest.types import Hit

KIND = "snapshot"
MOST = 1000  # of a tenant


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """What a search found, best first; ``created`` is in seconds since 1970."""

    id: str
    tenant: str
    user: str
    query: str
    hits: tuple[Hit, ...]
    created: float


class Snapshots:
    """The snapshots of all tenants, each method those of one.

    Args:
        database: where they are.
        most: how many are kept for each tenant; the oldest make room.
    """

    def __init__(self, database: Database, most: int = MOST) -> None:
        self._database = database
        self._most = most

    def keep(self, tenant: str, user: str, query: str, hits: Sequence[Hit]) -> SnapshotRow:
        """Keep what a search of a user found."""
        kept = SnapshotRow(new_id("snap_"), tenant, user, storable(query), tuple(hits), time.time())
        values = {"id": kept.id, "tenant": tenant, "user": user, "query": kept.query, "hits": dumps(encode(kept.hits))}
        with self._database.writing() as connection:
            connection.execute(insert(snapshots).values(**values, created=kept.created))
            prune(connection, snapshots, tenant, snapshots.c.id, self._most)
        return kept

    def get(self, tenant: str, user: str, id: str) -> SnapshotRow:
        """The snapshot of a user with an id.

        Raises:
            NotFoundError: the user has none, or it has made room for newer ones.
        """
        with self._database.reading() as connection:
            row = one(connection, snapshots, tenant, KIND, id)
        if row.user != user:
            raise unknown(KIND, id)
        return SnapshotRow(row.id, tenant, user, row.query, decode(tuple[Hit, ...], loads(row.hits)), row.created)
