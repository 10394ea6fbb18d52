"""Vector stores: what OpenAI's API tells of a collection beside its documents."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, select, update

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
        """The store of a collection that exists; its row is made where it has none yet."""
        mine = select(stores).where(stores.c.tenant == tenant, stores.c.collection == collection)
        with self._database.reading() as connection:
            row = connection.execute(mine).one_or_none()
        if row is None:
            self.ensure(tenant, [collection])
            with self._database.reading() as connection:
                row = connection.execute(mine).one()
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
            return _store(one(connection, stores, tenant, KIND, id))

    def named(self, tenant: str, name: str) -> VectorStore:
        """The store with a name, of several the oldest.

        Raises:
            NotFoundError: the tenant has none.
        """
        wanted = storable(name)
        mine = (stores.c.tenant == tenant, stores.c.called == wanted[:CALLED_LENGTH], stores.c.name == wanted)
        oldest = select(stores).where(*mine).order_by(stores.c.created, stores.c.id).limit(1)
        with self._database.reading() as connection:
            if (row := connection.execute(oldest).one_or_none()) is None:
                raise unknown(KIND, name)
            return _store(row)

    def page(
        self, tenant: str, after: str = "", most: int = 20, newest_first: bool = True, before: str = ""
    ) -> list[VectorStore]:
        """At most ``most`` stores by the time when they were made, those after or before another one.

        Raises:
            NotFoundError: that other one is not there.
        """
        chosen, order = select(stores).where(stores.c.tenant == tenant), (stores.c.created, stores.c.id)
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
            row = one(connection, stores, tenant, KIND, id)
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


def _store(row: Row[Any]) -> VectorStore:
    values = {field: getattr(row, field) for field in VectorStore.__slots__}
    return VectorStore(**values | {"metadata": loads(row.metadata)})
