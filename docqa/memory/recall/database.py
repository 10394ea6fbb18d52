"""The database of recall storage: opened, brought to this version's tables, and its errors put into our words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from docqa.errors import RecallError
from docqa.memory.recall.tables import HEAD, VERSION_TABLE
from docqa.settings import Settings
from ingest.catalog.engine import alembic_config, begin_sqlite
from ingest.errors import BusyError, DocqaError, StorageFullError

MIGRATIONS = Path(__file__).parent / "migrations"
FILE = "recall.sqlite"
BUSY_SECONDS = 30.0
MIGRATION_LOCK = 0x5EC411  # any number that nobody else on the server locks
# What SQLite and PostgreSQL say, in small letters, and which of our errors that is.
FULL = ("disk is full", "no space left", "disk i/o error", "could not extend file")
BUSY = ("locked", "queuepool limit", "too many clients", "deadlock detected")
DAMAGED = ("not a database", "malformed", "vtable constructor failed", "database corruption")
READ_ONLY = ("readonly", "read-only", "unable to open database file", "permission denied")


class Database:
    """Where conversations are kept. Safe to use from any thread; ``place`` is how messages name it."""

    def __init__(self, url: URL, place: str) -> None:
        self.sqlite = url.get_backend_name() == "sqlite"
        self.place = place
        self.engine = _engine(url, self.sqlite)

    @classmethod
    def open(cls, settings: Settings) -> Database:
        """Connect to the database that the settings name and bring its tables to this version.

        Raises:
            RecallError: it cannot be reached or used, or was made by a newer version.
            StorageFullError: no space is left.
            BusyError: another process holds it for too long.
        """
        url, place = _where(settings)
        with translated(place):
            if not settings.recall_url and url.get_backend_name() == "sqlite":
                settings.root.mkdir(parents=True, exist_ok=True)
            try:
                database = cls(url, place)
            except (ModuleNotFoundError, NoSuchModuleError) as error:
                raise RecallError(_no_driver(place, error)) from error
        try:
            database._migrate()
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that writes nothing."""
        with translated(self.place), self.engine.connect().execution_options(reading=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed as a whole or not at all."""
        with translated(self.place), self.engine.begin() as connection:
            yield connection

    def settle(self) -> None:
        """Write what was deleted out of SQLite's log too, where nobody reads it at this moment."""
        if self.sqlite:
            with translated(self.place), self.engine.connect().execution_options(bare=True) as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close its connections."""
        self.engine.dispose()

    def _migrate(self) -> None:
        with self.reading() as connection:
            revision = _revision(connection)
        if revision == HEAD:
            return
        if revision > HEAD:
            raise RecallError(
                f"{self.place} was made by a newer docqa (revision {revision}); update docqa, or name another place "
                "in DOCQA_RECALL_URL."
            )
        with self.writing() as connection:
            if not self.sqlite:  # two processes may be the first ones at the same time
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATION_LOCK})
            _upgrade(connection)


def _where(settings: Settings) -> tuple[URL, str]:
    """The address of recall storage, and its name in messages."""
    name, address = "DOCQA_RECALL_URL", settings.recall_url
    try:
        if not address and settings.catalog_url.startswith("postgresql"):
            name, address = "DOCQA_CATALOG_URL", settings.catalog_url
        if not address:
            file = settings.root / FILE
            return URL.create("sqlite", database=str(file)), f"Recall storage ({file})"
        url = make_url(address)
    except ArgumentError:
        raise RecallError("DOCQA_RECALL_URL is not an address such as postgresql+psycopg://host/database.") from None
    kept_in = {"sqlite": bool(url.database) and url.database != ":memory:", "postgresql": True}
    if not kept_in.get(url.get_backend_name(), False):
        raise RecallError(f"{name} must name a file of SQLite or a database of PostgreSQL, not {url.drivername}.")
    return url, f"Recall storage ({name}: {url.render_as_string()})"


def _engine(url: URL, sqlite: bool) -> Engine:
    if not sqlite:
        return create_engine(url, pool_size=5, max_overflow=10, pool_pre_ping=True)
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


def _revision(connection: Connection) -> str:
    """Of the tables; empty where there are none. Asked without Alembic, which takes long to import."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return ""
    return str(connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() or "")


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = alembic_config(MIGRATIONS)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Put the database's errors into ours."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise _translation(place, str(getattr(error, "orig", None) or error).strip()) from error


def _translation(place: str, message: str) -> DocqaError:
    def says(*parts: str) -> bool:
        return any(part in message.lower() for part in parts)

    if says(*FULL):
        return StorageFullError(f"{place} cannot be written: {message}. Free some space there and repeat.")
    if says(*BUSY):
        return BusyError(
            f"{place} is held by others for too long: {message}. Wait until they have finished and repeat."
        )
    if says(*DAMAGED):
        return RecallError(
            f"{place} is damaged: {message}. Put a copy of it back, or move it away to begin with an empty one."
        )
    if says(*READ_ONLY):
        return RecallError(
            f"{place} cannot be opened or written: {message}. Make it writable, or name another place in "
            "DOCQA_RECALL_URL."
        )
    return RecallError(f"{place} cannot be used: {message}. Check DOCQA_RECALL_URL and DOCQA_DATA_DIR.")


def _no_driver(place: str, error: Exception) -> str:
    missing: Any = getattr(error, "name", None) or error
    return f"{place} needs a driver that is not installed ({missing}): pip install 'docqa[postgres]'."
