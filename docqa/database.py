"""A database of docqa's own: opened, brought to this version's tables, and its errors put into our words.

Each has tables and migrations of its own (``Kind``); on PostgreSQL they stand beside the catalog's.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from docqa.settings import Settings
from ingest.catalog.engine import BUSY, FULL, PATIENCE, alembic_config, begin_sqlite
from ingest.errors import BusyError, DocqaError, StorageFullError

BUSY_SECONDS = 30.0
# What SQLite and PostgreSQL say, in small letters, and which of our errors that is.
DAMAGED = ("not a database", "malformed", "vtable constructor failed", "database corruption")
READ_ONLY = ("readonly", "read-only", "unable to open database file", "permission denied")


@dataclass(frozen=True)
class Kind:
    """Which tables a database has, and how messages speak of it.

    Args:
        name: what it is called, as the beginning of a sentence.
        file: its file in the data folder, where it is in SQLite and no address is given.
        settings: the names of those that say where it is; in the first one another place can be named.
        error: what is raised where it cannot be used.
        migrations: the folder of its migrations.
        head: the newest of them.
        version_table: where the database says which of them it has.
        lock: held in PostgreSQL while it is migrated; any number that nobody else on the server locks.
        private: whether nobody but its owner may read its file.
    """

    name: str
    file: str
    settings: tuple[str, ...]
    error: type[DocqaError]
    migrations: Path
    head: str
    version_table: str
    lock: int
    private: bool = False


class Database:
    """One such database. Safe to use from any thread; ``place`` is how messages name it."""

    def __init__(self, url: URL, place: str, kind: Kind) -> None:
        self.sqlite = url.get_backend_name() == "sqlite"
        self.place = place
        self.kind = kind
        self.engine = _engine(url, self.sqlite)
        # SQLite has one writer at a time. A thread that waits for it here wakes at once; one that waits for the file
        # sleeps up to a tenth of a second, again and again, while others overtake it.
        self._writer = threading.Lock()

    @classmethod
    def connect(cls, settings: Settings, kind: Kind, address: str = "") -> Self:
        """Connect to the database and bring its tables to this version.

        Args:
            settings: where the data folder and the catalog are.
            kind: the tables that it has.
            address: its SQLAlchemy URL; empty: beside a catalog in PostgreSQL, else a file in the data folder.

        Raises:
            DocqaError: ``kind.error``: it cannot be reached or used, or was made by a newer version.
            StorageFullError: no space is left.
            BusyError: another process holds it for too long.
        """
        url, place = _where(settings, kind, address)
        with translated(place, kind):
            if not address and url.get_backend_name() == "sqlite":
                settings.root.mkdir(parents=True, exist_ok=True)
                if kind.private:
                    (settings.root / kind.file).touch(0o600)
            try:
                database = cls(url, place, kind)
            except (ModuleNotFoundError, NoSuchModuleError) as error:
                raise kind.error(_no_driver(place, error)) from error
        try:
            database._migrate()
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that writes nothing."""
        with translated(self.place, self.kind), self.engine.connect().execution_options(reading=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed as a whole or not at all. One thread has one of them at a time."""
        with self._alone(), translated(self.place, self.kind), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self.sqlite:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise _translation(self.place, self.kind, "locked by this process")
        try:
            yield
        finally:
            self._writer.release()

    def settle(self) -> None:
        """Write what was deleted out of SQLite's log too, where nobody reads it at this moment."""
        if self.sqlite:
            bare = self.engine.connect().execution_options(bare=True)
            with translated(self.place, self.kind), bare as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close its connections."""
        self.engine.dispose()

    def _migrate(self) -> None:
        with self.reading() as connection:
            revision = _revision(connection, self.kind.version_table)
        if revision == self.kind.head:
            return
        if revision > self.kind.head:
            raise self.kind.error(
                f"{self.place} was made by a newer docqa (revision {revision}); update docqa, or name another place "
                f"in {self.kind.settings[0]}."
            )
        with self.writing() as connection:
            if not self.sqlite:  # two processes may be the first ones at the same time
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": self.kind.lock})
            _upgrade(connection, self.kind)


def _where(settings: Settings, kind: Kind, address: str) -> tuple[URL, str]:
    """The address of a database, and its name in messages."""
    name = kind.settings[0]
    try:
        if not address and settings.catalog_url.startswith("postgresql"):
            name, address = "DOCQA_CATALOG_URL", settings.catalog_url
        if not address:
            file = settings.root / kind.file
            return URL.create("sqlite", database=str(file)), f"{kind.name} ({file})"
        url = make_url(address)
    except ArgumentError:
        raise kind.error(f"{name} is not an address such as postgresql+psycopg://host/database.") from None
    kept_in = {"sqlite": bool(url.database) and url.database != ":memory:", "postgresql": True}
    if not kept_in.get(url.get_backend_name(), False):
        raise kind.error(f"{name} must name a file of SQLite or a database of PostgreSQL, not {url.drivername}.")
    shown = url.update_query_dict({"password": "***"}) if "password" in url.query else url
    return url, f"{kind.name} ({name}: {shown.render_as_string()})"


def _engine(url: URL, sqlite: bool) -> Engine:
    if not sqlite:
        patience = {name: value for name, value in PATIENCE.items() if name not in url.query}
        return create_engine(url, connect_args=patience, pool_size=5, max_overflow=10, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=5, max_overflow=-1)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Readers beside a writer (WAL). NORMAL: a killed process loses nothing, only a power cut may lose the last
    seconds, and no commit waits for the disk. What is deleted is overwritten."""
    connection.isolation_level = None
    for pragma in (f"busy_timeout = {int(BUSY_SECONDS * 1000)}", "synchronous = NORMAL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    until = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:  # the change waits for nobody: where two processes make the file at once, one of them is refused
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _revision(connection: Connection, version_table: str) -> str:
    """Of the tables; empty where there are none. Asked without Alembic, which takes long to import."""
    if not inspect(connection).has_table(version_table):
        return ""
    return str(connection.execute(text(f"SELECT version_num FROM {version_table}")).scalar() or "")


def _upgrade(connection: Connection, kind: Kind) -> None:
    from alembic import command

    config = alembic_config(kind.migrations)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def translated(place: str, kind: Kind) -> Iterator[None]:
    """Put the database's errors into ours."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise _translation(place, kind, str(getattr(error, "orig", None) or error).strip()) from error


def _translation(place: str, kind: Kind, message: str) -> DocqaError:
    def says(*parts: str) -> bool:
        return any(part in message.lower() for part in parts)

    if says(*FULL):
        return StorageFullError(f"{place} cannot be written: {message}. Free some space there and repeat.")
    if says(*BUSY):
        return BusyError(
            f"{place} is held by others for too long: {message}. Wait until they have finished and repeat."
        )
    if says(*DAMAGED):
        return kind.error(
            f"{place} is damaged: {message}. Put a copy of it back, or move it away to begin with an empty one."
        )
    if says(*READ_ONLY):
        return kind.error(
            f"{place} cannot be opened or written: {message}. Make it writable, or name another place in "
            f"{kind.settings[0]}."
        )
    return kind.error(f"{place} cannot be used: {message}. Check {' and '.join(kind.settings)}.")


def _no_driver(place: str, error: Exception) -> str:
    missing: Any = getattr(error, "name", None) or error
    return f"{place} needs a driver that is not installed ({missing}): pip install 'docqa[postgres]'."
