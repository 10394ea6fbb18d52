"""Files in vector stores: attributes, batches, and which file the bytes of a cited document came from."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Select, case, delete, func, select, update

from docqa.database import Database
from docqa.registry.filters import Value, check_filter, matches
from docqa.registry.rows import dumps, insert_into, loads, one, page_of, storable, unknown
from docqa.registry.stores import standing
from docqa.registry.tables import attachments, stores

KIND = "file in this vector store"
AT_ONCE = 500
READ_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a vector store.

    ``batch`` and ``job`` are empty where it came alone; ``created`` is in seconds since 1970; ``chunking`` is the
    strategy that was asked for, as JSON.
    """

    store: str
    file: str
    sha256: str
    name: str
    created: float = field(default_factory=time.time)
    attributes: dict[str, Value] = field(default_factory=dict)
    batch: str = ""
    job: str = ""
    chunking: dict[str, Any] = field(default_factory=dict)


class Attachments:
    """The attached files of all tenants, each method those of one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tenant: str, added: Sequence[Attachment]) -> None:
        """Attach files to stores, all or none; one that is attached already gets the new job.

        It gets the new attributes where there are any, and stays in the batch that it came with first.

        Raises:
            NotFoundError: the tenant has no such store, or it is being deleted.
        """
        if not added:
            return
        once = {(each.store, each.file): each for each in added}
        rows = [_values(tenant, once[place]) for place in sorted(once)]  # in one order, so that nobody waits in a ring
        with self._database.writing() as connection:
            for store in sorted({each.store for each in added}):  # it is not deleted before this transaction ends
                standing(connection, tenant, store, lock="read")
            new = insert_into(connection, attachments)
            changed: dict[str, Any] = {name: new.excluded[name] for name in ("sha256", "name", "job", "chunking")}
            for name, none, known in (("attributes", "{}", False), ("batch", "", True)):
                old, given = attachments.c[name], new.excluded[name]
                changed[name] = (
                    case((old == none, given), else_=old) if known else case((given == none, old), else_=given)
                )
            connection.execute(new.on_conflict_do_update(index_elements=["store", "file"], set_=changed), rows)

    def get(self, tenant: str, store: str, file: str) -> Attachment:
        """A file in a store.

        Raises:
            NotFoundError: the tenant has no such file there.
        """
        with self._database.reading() as connection:
            return _attachment(_found(connection, tenant, store, file))

    def page(
        self,
        tenant: str,
        store: str,
        after: str = "",
        most: int = 20,
        newest_first: bool = True,
        batch: str | None = None,
        before: str = "",
        files: Sequence[str] | None = None,
    ) -> list[Attachment]:
        """At most ``most`` files of a store, or those of a batch or of some ids, by the time when they were attached.

        Raises:
            NotFoundError: the tenant has no such store, or the file ``after`` or ``before`` is not in it.
        """
        order = (attachments.c.created, attachments.c.file)
        with self._database.reading() as connection:
            one(connection, stores, tenant, "vector store", store)
            chosen = _of(tenant, store, batch, files)
            rows = page_of(connection, chosen, order, KIND, after=after, before=before, most=most,
                           newest_first=newest_first)  # fmt: skip
            return [_attachment(row) for row in rows]

    def count(self, tenant: str, store: str, batch: str | None = None) -> int:
        """How many files are in a store, or of a batch of it."""
        chosen = _of(tenant, store, batch).with_only_columns(func.count())
        with self._database.reading() as connection:
            return int(connection.execute(chosen).scalar_one())

    def jobs(self, tenant: str, store: str) -> Iterator[tuple[str, str]]:
        """The bytes' SHA-256 of every file in a store, and the job that attached it."""
        chosen = _of(tenant, store).with_only_columns(attachments.c.sha256, attachments.c.job)
        with self._database.reading() as connection:
            for rows in connection.execute(chosen).partitions(READ_AT_ONCE):
                yield from ((row.sha256, row.job) for row in rows)

    def each(
        self, tenant: str, store: str, batch: str | None = None, files: Sequence[str] | None = None
    ) -> Iterator[tuple[str, str]]:
        """The id and the bytes' SHA-256 of every file in a store, or of those of a batch or of some ids."""
        chosen = _of(tenant, store, batch, files).with_only_columns(attachments.c.file, attachments.c.sha256)
        with self._database.reading() as connection:
            for rows in connection.execute(chosen).partitions(READ_AT_ONCE):
                yield from ((row.file, row.sha256) for row in rows)

    def update_attributes(self, tenant: str, store: str, file: str, attributes: Mapping[str, Value]) -> Attachment:
        """Replace the attributes of a file in a store.

        Raises:
            NotFoundError: the tenant has no such file there.
        """
        with self._database.writing() as connection:
            _found(connection, tenant, store, file)
            mine = (attachments.c.store == store, attachments.c.file == file)
            connection.execute(update(attachments).where(*mine).values(attributes=dumps(dict(attributes))))
            return _attachment(_found(connection, tenant, store, file))

    def delete(self, tenant: str, store: str, file: str) -> None:
        """Take a file out of a store.

        Raises:
            NotFoundError: the tenant has no such file there.
        """
        with self._database.writing() as connection:
            row = _found(connection, tenant, store, file)
            mine = (attachments.c.store == row.store, attachments.c.file == row.file)
            connection.execute(delete(attachments).where(*mine))

    def of_file(self, tenant: str, file: str) -> list[Attachment]:
        """Where a file is attached, the oldest first."""
        mine = (attachments.c.tenant == tenant, attachments.c.file == storable(file))
        chosen = select(attachments).where(*mine).order_by(attachments.c.created, attachments.c.store)
        with self._database.reading() as connection:
            return [_attachment(row) for row in connection.execute(chosen)]

    def of_documents(self, tenant: str, collection: str, sha256s: Sequence[str]) -> dict[str, str]:
        """The files by whose bytes (SHA-256) documents of a collection are known; of equal files the first attached."""
        return {sha256: file for sha256, (file, _) in self.named(tenant, collection, sha256s).items()}

    def named(self, tenant: str, collection: str, sha256s: Sequence[str]) -> dict[str, tuple[str, str]]:
        """As ``of_documents``, each file with its name."""
        wanted, found = list(dict.fromkeys(sha256s)), dict[str, tuple[str, str]]()
        columns = (attachments.c.sha256, attachments.c.file, attachments.c.name)
        joined = select(*columns).join(stores, stores.c.id == attachments.c.store)
        mine = joined.where(stores.c.tenant == tenant, stores.c.collection == storable(collection))
        with self._database.reading() as connection:
            for at in range(0, len(wanted), AT_ONCE):
                some = mine.where(attachments.c.sha256.in_(wanted[at : at + AT_ONCE]))
                newest_first = some.order_by(attachments.c.created.desc(), attachments.c.file.desc())
                found |= {row.sha256: (row.file, row.name) for row in connection.execute(newest_first)}
        return found

    def matching(self, tenant: str, store: str, filter: Mapping[str, Any]) -> set[str]:
        """The bytes (SHA-256) of the files in a store whose attributes pass a filter of OpenAI's.

        Raises:
            QuestionError: it is no filter.
        """
        check_filter(filter)
        columns = (attachments.c.sha256, attachments.c.attributes)
        found: set[str] = set()
        passing: dict[str, bool] = {}  # many files have the same attributes
        with self._database.reading() as connection:
            for rows in connection.execute(_of(tenant, store).with_only_columns(*columns)).partitions(READ_AT_ONCE):
                for sha256, attributes in rows:
                    if attributes not in passing:
                        passing[attributes] = matches(filter, loads(attributes))
                    if passing[attributes]:
                        found.add(sha256)
        return found


def _of(tenant: str, store: str, batch: str | None = None, files: Sequence[str] | None = None) -> Select[Any]:
    chosen = select(attachments).where(attachments.c.tenant == tenant, attachments.c.store == storable(store))
    if batch is not None:
        chosen = chosen.where(attachments.c.batch == storable(batch))
    return chosen if files is None else chosen.where(attachments.c.file.in_(list(files)))


def _found(connection: Connection, tenant: str, store: str, file: str) -> Row[Any]:
    row = connection.execute(_of(tenant, store).where(attachments.c.file == storable(file))).one_or_none()
    if row is None:
        raise unknown(KIND, file)
    return row


def _values(tenant: str, attachment: Attachment) -> dict[str, Any]:
    values = {name: getattr(attachment, name) for name in Attachment.__slots__}
    written = {name: dumps(values[name]) for name in ("attributes", "chunking")}
    return values | written | {"tenant": tenant, "name": storable(attachment.name)}


def _attachment(row: Row[Any]) -> Attachment:
    values = {name: getattr(row, name) for name in Attachment.__slots__}
    return Attachment(**values | {name: loads(values[name]) for name in ("attributes", "chunking")})
