"""What the modules of the registry share: ids, JSON, a row of a tenant, and pages of rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, Table, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from docqa.memory.recall.rows import storable
from docqa.recording.codec import dumps
from ingest.errors import NotFoundError

__all__ = ["bounded", "dumps", "insert_into", "loads", "one", "page_of", "prune", "storable", "unknown"]

loads = json.loads
GREATEST = 2**63 - 1


def unknown(kind: str, id: str) -> NotFoundError:
    """The same error for what is not there and for what is another tenant's."""
    return NotFoundError(f"There is no {kind} '{storable(id[:80])}'.")


def one(
    connection: Connection, table: Table, tenant: str, kind: str, id: str, *, lock: Literal["", "read", "write"] = ""
) -> Row[Any]:
    """The row of a tenant with an id.

    Args:
        connection: a transaction.
        table: has the columns ``id`` and ``tenant``.
        tenant: whose row.
        kind: how messages call it.
        id: of it.
        lock: what others cannot do before the transaction ends: change or delete the row (``read``), nor lock it
            themselves (``write``). In SQLite a transaction that writes is alone anyway.

    Raises:
        NotFoundError: there is none.
    """
    mine = table.select().where(table.c.id == storable(id), table.c.tenant == tenant)
    if lock:
        mine = mine.with_for_update(read=lock == "read")
    if (row := connection.execute(mine).one_or_none()) is None:
        raise unknown(kind, id)
    return row


def page_of(
    connection: Connection,
    chosen: Select[Any],
    order: tuple[Column[Any], Column[Any]],
    kind: str,
    *,
    after: str,
    before: str,
    most: int,
    newest_first: bool,
) -> Sequence[Row[Any]]:
    """At most ``most`` of the rows that are chosen, in an order.

    Args:
        connection: a transaction.
        chosen: what is to be read, of one tenant.
        order: the columns of it; the second one is the id, by which ``after`` and ``before`` name rows.
        kind: how messages call such a row.
        after: rows after this one; empty: from the beginning.
        before: rows before this one, the nearest of them where ``after`` is empty.
        most: how many.
        newest_first: whether the order is turned around.

    Raises:
        NotFoundError: ``after`` or ``before`` is not among what is chosen.
    """
    backwards = newest_first != bool(before and not after)
    for id, onwards in ((after, not newest_first), (before, newest_first)):
        if id:
            place = _place(connection, chosen, order, kind, id)
            chosen = chosen.where(tuple_(*order) > place if onwards else tuple_(*order) < place)
    ordered = chosen.order_by(*(column.desc() if backwards else column.asc() for column in order))
    rows = connection.execute(ordered.limit(bounded(most))).all()
    return rows if backwards == newest_first else rows[::-1]


def _place(
    connection: Connection, chosen: Select[Any], order: tuple[Column[Any], Column[Any]], kind: str, id: str
) -> ColumnElement[Any]:
    found = chosen.with_only_columns(*order).where(order[1] == storable(id))
    if (row := connection.execute(found).one_or_none()) is None:
        raise unknown(kind, id)
    return tuple_(*row)


def bounded(number: int) -> int:
    """A number from 0 to the greatest that databases take, the nearest to the one given."""
    return min(max(number, 0), GREATEST)


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what is to be done where the row exists already."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def prune(connection: Connection, table: Table, tenant: str, id: Column[Any], most: int) -> None:
    """Delete the oldest rows of a tenant, where there are more than ``most``; ``id`` orders those of the same time."""
    mine, age = table.c.tenant == tenant, (table.c.created, id)
    newest_first = select(*age).where(mine).order_by(*(column.desc() for column in age))
    newest_too_many = connection.execute(newest_first.offset(most).limit(1)).one_or_none()
    if newest_too_many is not None:
        connection.execute(delete(table).where(mine, tuple_(*age) <= tuple_(*newest_too_many)))
