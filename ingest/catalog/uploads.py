"""Files that came over the API. A row keeps the bytes that it names, whether a document has them or not.

A row is written before its bytes are put in their place and is ``ready`` after. So a kill leaves no bytes without a
row, and ``sweep`` removes the rows whose writer is gone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, and_, delete, literal_column, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from ingest.catalog.engine import reading, writing
from ingest.catalog.epochs import alone, beside
from ingest.catalog.runs import runs_here, this_process
from ingest.catalog.tables import generations, uploads
from ingest.errors import JobError, NotFoundError

GONE_AFTER = 86_400.0
"""Seconds after which a row of another machine that never became ready counts as left behind."""
AT_ONCE = 500
PART = "part"
"""The purpose of what is a part of a file."""
PLACE = re.compile(r"(file-[0-9a-f]{32})/")
"""How the place of a document begins that came from an upload, whose id it names."""
is_receiving = uploads.c.state == literal_column("'receiving'")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came over the API.

    ``id`` is ``file-`` with 32 hexadecimal digits, or what stands for a part of a file. ``size`` is in bytes, times are
    seconds since 1970; one that expires is not found any more after ``expires``.
    """

    id: str
    sha256: str
    size: int
    name: str
    purpose: str
    media_type: str = ""
    created: float = field(default_factory=time.time)
    expires: float | None = None
    state: Literal["receiving", "ready"] = "receiving"

    @property
    def place(self) -> str:
        """The place of the document that is made of it, as shown."""
        return f"{self.id}/{self.name}"


class Uploads:
    """The uploads of one tenant. Safe to use from any thread."""

    def __init__(self, engine: Engine, tenant: str) -> None:
        self._engine = engine
        self._tenant = tenant

    def begin(self, upload: Upload) -> None:
        """Write down a file whose bytes have been received and are about to be kept.

        Raises:
            JobError: there is one of this id, or another request is about to keep it.
        """
        owner = this_process()
        values = {name: getattr(upload, name) for name in _FIELDS}
        values |= {"tenant": self._tenant, "state": "receiving", "host": owner.host, "process": owner.process}
        with beside(self._engine, self._tenant) as connection:  # nobody decides meanwhile that nothing needs its bytes
            if not connection.execute(_insert(connection).values(values).on_conflict_do_nothing()).rowcount:
                raise JobError(f"The file '{upload.id}' is being kept by another request; ask for it a little later.")

    def ready(self, id: str) -> None:
        """Say that the bytes are in their place. Raises NotFoundError where the row is gone."""
        with writing(self._engine) as connection:
            if not connection.execute(update(uploads).where(self._mine(id)).values(state="ready")).rowcount:
                raise NotFoundError(_absent(id))

    def get(self, id: str) -> Upload:
        """The file of this id. Raises NotFoundError where there is none, or it is not ready or has expired."""
        if found := self.several([id]):
            return found[id]
        raise NotFoundError(_absent(id))

    def several(self, ids: Collection[str]) -> dict[str, Upload]:
        """Those of these files that there are, by id."""
        wanted, found = list(dict.fromkeys(ids)), {}
        with reading(self._engine) as connection:
            for start in range(0, len(wanted), AT_ONCE):
                some = (uploads.c.id.in_(wanted[start : start + AT_ONCE]), self._there())
                found.update({row.id: _upload(row) for row in connection.execute(select(uploads).where(*some))})
        return found

    def page(self, purpose: str = "", after: str = "", most: int = 100, newest_first: bool = True) -> list[Upload]:
        """The next files in the order of their time.

        Args:
            purpose: only those of it; empty for all but the parts of files that are sent in parts.
            after: id of the last one of the page before; empty for the first page.
            most: how many at most.
            newest_first: the order.

        Raises:
            NotFoundError: there is no file ``after``.
        """
        which = [self._there(), uploads.c.purpose == purpose if purpose else uploads.c.purpose != PART]
        key = tuple_(uploads.c.created, uploads.c.id)
        with reading(self._engine) as connection:
            if after:
                last = connection.execute(select(uploads.c.created, uploads.c.id).where(self._mine(after))).first()
                if last is None:
                    raise NotFoundError(_absent(after))
                which.append(key < tuple(last) if newest_first else key > tuple(last))
            columns = (uploads.c.created, uploads.c.id)
            order = [column.desc() if newest_first else column for column in columns]
            return [
                _upload(row) for row in connection.execute(select(uploads).where(*which).order_by(*order).limit(most))
            ]

    def delete(self, id: str, remove_bytes: Callable[[str], None]) -> None:
        """Strike a file out; documents that were made of it stay.

        ``remove_bytes`` is called, within the transaction, with its SHA-256 if neither a document nor another file of
        the tenant has the same bytes.

        Raises:
            NotFoundError: there is no such file.
        """
        with alone(self._engine, self._tenant) as connection:
            if not self._strike(connection, self._mine(id), remove_bytes):
                raise NotFoundError(_absent(id))

    def sweep(self, remove_bytes: Callable[[str], None]) -> int:
        """Strike out the files whose writer is gone before they became ready; returns how many.

        Args:
            remove_bytes: as in ``delete``.
        """
        here, old = this_process().host, time.time() - GONE_AFTER
        mine = (uploads.c.tenant == self._tenant, is_receiving)
        with alone(self._engine, self._tenant) as connection:
            rows = connection.execute(select(uploads).where(*mine)).all()
            left = [row.id for row in rows if (row.host == here and not runs_here(row.process)) or row.created < old]
            return self._strike(connection, and_(*mine, uploads.c.id.in_(left)), remove_bytes) if left else 0

    def hashes(self) -> dict[str, str]:
        """The SHA-256 of all bytes that a file keeps, or is about to keep; each with one of the files' places, and
        without one where it is not ready."""
        query = select(uploads.c.sha256, uploads.c.id, uploads.c.name, is_receiving.label("receiving"))
        with reading(self._engine) as connection:
            rows = connection.execute(query.where(uploads.c.tenant == self._tenant).order_by(is_receiving.desc()))
            return {row.sha256: "" if row.receiving else f"{row.id}/{row.name}" for row in rows}

    def tenants_to_sweep(self) -> list[str]:
        """All tenants of this catalog, not this one alone, that have a file which is not ready."""
        with reading(self._engine) as connection:
            return list(connection.scalars(select(uploads.c.tenant).where(is_receiving).distinct()))

    def expired(self, most: int = 1000) -> list[tuple[str, str]]:
        """Files of all tenants, each as (tenant, id), whose time is over and that are still to be deleted."""
        over = (uploads.c.expires.is_not(None), uploads.c.expires <= time.time())
        with reading(self._engine) as connection:
            rows = connection.execute(select(uploads.c.tenant, uploads.c.id).where(*over).limit(most))
            return [(row.tenant, row.id) for row in rows]

    def _mine(self, id: str) -> Any:
        return and_(uploads.c.tenant == self._tenant, uploads.c.id == id)

    def _there(self) -> Any:
        """Ready, and not expired."""
        in_time = or_(uploads.c.expires.is_(None), uploads.c.expires > time.time())
        return and_(uploads.c.tenant == self._tenant, uploads.c.state == "ready", in_time)

    def _strike(self, connection: Connection, which: Any, remove_bytes: Callable[[str], None]) -> int:
        hashes = list(connection.scalars(select(uploads.c.sha256).where(which)))
        connection.execute(delete(uploads).where(which))
        for sha256 in set(hashes) - needed(connection, self._tenant, hashes):
            remove_bytes(sha256)
        return len(hashes)


_FIELDS = ("id", "sha256", "size", "name", "purpose", "media_type", "created", "expires")


def needed(connection: Connection, tenant: str, hashes: Collection[str]) -> set[str]:
    """Those of these SHA-256 whose bytes a version of a document has, or an upload."""
    found: set[str] = set()
    for table in (generations, uploads):
        which = (table.c.tenant == tenant, table.c.sha256.in_(list(hashes)))
        found.update(connection.scalars(select(table.c.sha256).where(*which)))
    return found


def is_uploaded(connection: Connection, tenant: str, source: str) -> bool | None:
    """Whether the upload is there that a place (as shown) names; None where the place is none of an upload."""
    if not (named := PLACE.match(source)):
        return None
    which = (uploads.c.tenant == tenant, uploads.c.id == named[1])
    return connection.scalar(select(uploads.c.id).where(*which)) is not None


def _insert(connection: Connection) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(uploads) if connection.dialect.name == "postgresql" else sqlite.insert(uploads)


def _upload(row: Row[Any]) -> Upload:
    return Upload(**{name: getattr(row, name) for name in _FIELDS}, state=row.state)


def _absent(id: str) -> str:
    return f"There is no file '{id[:80]}'; GET /v1/files lists those that there are."
