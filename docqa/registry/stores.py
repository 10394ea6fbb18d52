"""Vector stores: what OpenAI's API tells of a collection beside its documents."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, or_, select, update

from docqa.database import Database
from docqa.registry.ids import new_id
from docqa.registry.rows import dumps, insert_into, loads, one, page_of, storable, unknown
from docqa.registry.tables import CALLED_LENGTH, attachments, batches, stores

KIND = "vector store"
DAY = 86_400.0
TOUCHED_EVERY = 60.0  # seconds
AT_ONCE = 500
LEGAL = re.compile(r"[^\W_](?:[\w .-]{0,62}[\w.-])?")
"""The names that a collection may have; those of ``docqa.cli.options``, as a test checks."""
ALL = "docqa"
"""The model that stands for all collections, so that none made here is called so."""
LEAVING = -1
"""The days of a store that is being deleted: its time was over before it began. Nothing but ``leaving`` finds it."""
_NAMESPACE = uuid.UUID("6f9d3a40-5d0e-5b0f-9a3c-0d0c9a570e35")


@dataclass(frozen=True, slots=True)
class VectorStore:
    """A collection as OpenAI's API names it. Times are seconds since 1970.

    It expires ``expires_after_days`` after it was last used; None: never.
    """

    id: str
    tenant: str
    collection: str
    name: str
    created: float
    last_active: float
    expires_after_days: int | None
    metadata: dict[str, str]

    @property
    def expires(self) -> float | None:
        """When it expires if it is not used before."""
        return None if self.expires_after_days is None else self.last_active + self.expires_after_days * DAY


def store_id(tenant: str, collection: str) -> str:
    """The id of the store of a collection that was not made as a store: the same in every process."""
    return f"vs_{uuid.uuid5(_NAMESPACE, f'{tenant}/{collection}').hex[:24]}"


def standing(connection: Connection, tenant: str, id: str, *, lock: Literal["", "read", "write"] = "") -> Row[Any]:
    """The row of a store that is not being deleted; see ``docqa.registry.rows.one``.

    Raises:
        NotFoundError: the tenant has none.
    """
    row = one(connection, stores, tenant, KIND, id, lock=lock)
    if row.expires_after_days == LEAVING:
        raise unknown(KIND, id)
    return row


class Stores:
    """The vector stores of all tenants, each method of one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        tenant: str,
        name: str = "",
        taken: Collection[str] = (),
        metadata: Mapping[str, str] | None = None,
        expires_after_days: int | None = None,
    ) -> VectorStore:
        """A new store with a collection of its own: called like it where that can be, else by its id.

        Args:
            tenant: whose.
            name: what it is called; any text, and several may have the same.
            taken: names of collections that exist already, with or without a store.
            metadata: texts by names.
            expires_after_days: days without use after which it expires; None: never.
        """
        id, now = new_id("vs_", 24), time.time()
        values = {"id": id, "tenant": tenant, "name": storable(name), "created": now, "last_active": now}
        values |= {"expires_after_days": expires_after_days, "metadata": dumps(dict(metadata or {}))}
        legal = LEGAL.fullmatch(name) and name != ALL and not name.startswith("vs_") and name not in taken
        with self._database.writing() as connection:
            for collection in (name, id) if legal else (id,):
                new = insert_into(connection, stores).values(**values, collection=collection)
                free = new.on_conflict_do_nothing(index_elements=["tenant", "collection"]).returning(stores.c.id)
                if connection.execute(free).first() is not None:
                    break
            return _store(one(connection, stores, tenant, KIND, id))

    def of_collection(self, tenant: str, collection: str) -> VectorStore:
        """The store of a collection that exists; its row is made where it has none yet.

        Raises:
            NotFoundError: it is being deleted.
        """
        mine = select(stores).where(stores.c.tenant == tenant, stores.c.collection == collection)
        with self._database.reading() as connection:
            row = connection.execute(mine).one_or_none()
        if row is None:
            self.ensure(tenant, [collection])
            with self._database.reading() as connection:
                row = connection.execute(mine).one()
        if row.expires_after_days == LEAVING:
            raise unknown(KIND, collection)
        return _store(row)

    def ensure(self, tenant: str, collections: Iterable[str]) -> None:
        """Make the rows of those of these collections, which exist, that have none yet.

        Lists are whole after it, and ``get`` finds a store that was made on the command line.
        """
        wanted = list(dict.fromkeys(collections))
        having = self._having(tenant, wanted)
        lacking = [name for name in wanted if name not in having]
        if not lacking:
            return
        now = time.time()
        rows = [
            {"id": store_id(tenant, name), "tenant": tenant, "collection": name, "name": name, "created": now,
             "last_active": now, "expires_after_days": None, "metadata": "{}"}
            for name in lacking
        ]  # fmt: skip
        with self._database.writing() as connection:  # another process may have been quicker
            connection.execute(insert_into(connection, stores).on_conflict_do_nothing(), rows)

    def _having(self, tenant: str, collections: list[str]) -> set[str]:
        having: set[str] = set()
        with self._database.reading() as connection:
            for at in range(0, len(collections), AT_ONCE):
                some = stores.c.collection.in_(collections[at : at + AT_ONCE])
                having |= set(connection.scalars(select(stores.c.collection).where(stores.c.tenant == tenant, some)))
        return having

    def get(self, tenant: str, id: str) -> VectorStore:
        """The store with an id.

        Raises:
            NotFoundError: the tenant has none; see ``ensure``.
        """
        with self._database.reading() as connection:
            return _store(standing(connection, tenant, id))

    def named(self, tenant: str, name: str) -> VectorStore:
        """The store with a name, of several the oldest.

        Raises:
            NotFoundError: the tenant has none.
        """
        oldest = select(stores).where(*_called(tenant, name)).order_by(stores.c.created, stores.c.id).limit(1)
        with self._database.reading() as connection:
            if (row := connection.execute(oldest).one_or_none()) is None:
                raise unknown(KIND, name)
            return _store(row)

    def called(self, tenant: str, name: str, most: int = 5) -> list[str]:
        """The ids of the stores with a name, the oldest first."""
        chosen = select(stores.c.id).where(*_called(tenant, name)).order_by(stores.c.created, stores.c.id)
        with self._database.reading() as connection:
            return list(connection.scalars(chosen.limit(most)))

    def page(
        self, tenant: str, after: str = "", most: int = 20, newest_first: bool = True, before: str = ""
    ) -> list[VectorStore]:
        """At most ``most`` stores by the time when they were made, those after or before another one.

        Raises:
            NotFoundError: that other one is not there.
        """
        chosen, order = select(stores).where(stores.c.tenant == tenant, _stays), (stores.c.created, stores.c.id)
        with self._database.reading() as connection:
            rows = page_of(connection, chosen, order, KIND, after=after, before=before, most=most,
                           newest_first=newest_first)  # fmt: skip
            return [_store(row) for row in rows]

    def update(
        self,
        tenant: str,
        id: str,
        name: str | None = None,
        metadata: Mapping[str, str] | None = None,
        expires_after_days: int | None = None,
    ) -> VectorStore:
        """Change what is given; 0 days: it does not expire. Its collection keeps its name.

        Raises:
            NotFoundError: the tenant has no such store.
        """
        changes: dict[str, Any] = {"last_active": time.time()}
        changes |= {} if name is None else {"name": storable(name)}
        changes |= {} if metadata is None else {"metadata": dumps(dict(metadata))}
        changes |= {} if expires_after_days is None else {"expires_after_days": expires_after_days or None}
        with self._database.writing() as connection:
            row = standing(connection, tenant, id, lock="write")
            connection.execute(update(stores).where(stores.c.id == row.id).values(changes))
            return _store(one(connection, stores, tenant, KIND, id))

    def touch(self, tenant: str, id: str) -> None:
        """Note that it is used, at most once a minute.

        Raises:
            NotFoundError: the tenant has no such store.
        """
        now = time.time()
        if abs(now - self.get(tenant, id).last_active) >= TOUCHED_EVERY:
            with self._database.writing() as connection:
                mine = (stores.c.tenant == tenant, stores.c.id == id)
                connection.execute(update(stores).where(*mine).values(last_active=now))

    def leave(self, tenant: str, id: str) -> None:
        """Mark a store as one that is being deleted: nothing finds it, and nothing can be attached to it any more.

        Raises:
            NotFoundError: the tenant has no such store.
        """
        mine = (stores.c.tenant == tenant, stores.c.id == storable(id))
        with self._database.writing() as connection:
            if not connection.execute(update(stores).where(*mine).values(expires_after_days=LEAVING)).rowcount:
                raise unknown(KIND, id)

    def leaving(self) -> list[VectorStore]:
        """The stores of all tenants that are being deleted, or were when a process was killed."""
        with self._database.reading() as connection:
            return [_store(row) for row in connection.execute(select(stores).where(~_stays))]

    def delete(self, tenant: str, id: str) -> None:
        """Remove a store and what is attached to it; the documents of its collection are the catalog's.

        Raises:
            NotFoundError: the tenant has no such store.
        """
        with self._database.writing() as connection:
            mine = (stores.c.tenant == tenant, stores.c.id == storable(id))
            if not connection.execute(delete(stores).where(*mine)).rowcount:
                raise unknown(KIND, id)
            for table in (attachments, batches):
                connection.execute(delete(table).where(table.c.store == id))


_stays = or_(stores.c.expires_after_days.is_(None), stores.c.expires_after_days != LEAVING)


def _called(tenant: str, name: str) -> tuple[Any, ...]:
    wanted = storable(name)
    return stores.c.tenant == tenant, stores.c.called == wanted[:CALLED_LENGTH], stores.c.name == wanted, _stays


def _store(row: Row[Any]) -> VectorStore:
    values = {field: getattr(row, field) for field in VectorStore.__slots__}
    return VectorStore(**values | {"metadata": loads(row.metadata)})
