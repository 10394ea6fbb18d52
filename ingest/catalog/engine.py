"""The connection to the catalog's database: opened, migrated, and its errors put into our words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from ingest.errors import BusyError, CatalogError, CatalogVersionError, DocqaError, StorageFullError
from ingest.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30
# A server that does not answer, or has vanished, is noticed; what the URL says goes first.
PATIENCE = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
MIGRATION_LOCK = 0x646F637161
# What SQLite and PostgreSQL say, in small letters, where no space is left, and where others are in the way.
FULL = ("disk is full", "no space left", "disk i/o error", "could not extend file")
BUSY = ("locked", "queuepool limit", "too many clients", "deadlock detected")


def open_engine(settings: Settings) -> Engine:
    """Connect to the catalog that the settings name and bring its tables to this version.

    Raises:
        CatalogVersionError: the catalog was made by a newer version.
        CatalogError: it cannot be reached.
        StorageFullError: no space is left.
    """
    url = _address(settings)
    sqlite = url.get_backend_name() == "sqlite"
    with translated():
        if not settings.catalog_url:
            settings.root.mkdir(parents=True, exist_ok=True)
        options = {} if sqlite else {"pool_pre_ping": True, "isolation_level": "READ COMMITTED"}
        patience = {name: value for name, value in PATIENCE.items() if name not in url.query}
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS} if sqlite else patience, **options)
        if sqlite:
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", begin_sqlite)
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _address(settings: Settings) -> URL:
    """The database that the settings name."""
    if not settings.catalog_url:
        return URL.create("sqlite", database=str(settings.root / "catalog.sqlite"))
    try:
        url = make_url(settings.catalog_url)
    except (ArgumentError, ValueError):
        raise CatalogError(
            "DOCQA_CATALOG_URL is not an address such as postgresql+psycopg://user:password@host/database."
        ) from None
    if "@" in (url.host or ""):  # the rest of the password would be shown
        raise CatalogError("DOCQA_CATALOG_URL holds more than one '@': write %40 for one in its password.")
    kept_in = {"sqlite": bool(url.database) and url.database != ":memory:", "postgresql": True}
    if not kept_in.get(url.get_backend_name(), False):
        named = f"DOCQA_CATALOG_URL must name a file of SQLite or a database of PostgreSQL, not {url.drivername}."
        raise CatalogError(named)
    return url


def address(engine: Engine) -> str:
    """Where a catalog is, without the password."""
    url = engine.url
    return (url.update_query_dict({"password": "***"}) if "password" in url.query else url).render_as_string()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Readers beside a writer (WAL), commits that survive a power cut, and transactions begun by us alone."""
    connection.isolation_level = None
    for pragma in ("synchronous = FULL", "foreign_keys = ON", f"busy_timeout = {BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")
    until = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:  # the change waits for nobody: where two processes make the file at once, one of them is refused
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def begin_sqlite(connection: Connection) -> None:
    """Begin a transaction, but for a ``bare`` connection. Writers take the lock at once: a reader that turns writer
    could otherwise be refused without waiting.
    """
    options = connection.get_execution_options()
    if not options.get("bare"):
        connection.exec_driver_sql("BEGIN" if options.get("reading") else "BEGIN IMMEDIATE")


def migrate(engine: Engine) -> None:
    """Run the migrations that the database lacks.

    Raises:
        CatalogVersionError: the database is at a revision that this version does not know.
    """
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = alembic_config(MIGRATIONS)
    script = ScriptDirectory.from_config(config)
    with engine.connect().execution_options(reading=True) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision == script.get_current_head():
        return
    if revision is not None and revision not in {each.revision for each in script.walk_revisions()}:
        raise CatalogVersionError(
            f"The catalog {address(engine)} was made by a newer docqa (revision {revision}); "
            "update docqa, or point DOCQA_DATA_DIR to another folder."
        )
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # several processes may open a new catalog at once
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def alembic_config(migrations: Path) -> Any:
    """Alembic's configuration for a folder of migrations, without a file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the catalog and writes nothing."""
    one_state = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with translated(), engine.connect().execution_options(reading=True, **one_state) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is committed as a whole or not at all."""
    with translated(), engine.begin() as connection:
        yield connection


@contextmanager
def translated() -> Iterator[None]:
    """Put the database's errors into ours."""
    try:
        yield
    except NoSuchModuleError as error:
        raise CatalogError(
            f"DOCQA_CATALOG_URL needs a driver that is not known ({error}): begin it with postgresql+psycopg://."
        ) from error
    except SQLAlchemyError as error:
        raise _translation(str(getattr(error, "orig", None) or error)) from error
    except OSError as error:
        raise _translation(str(error)) from error
    except ModuleNotFoundError as error:
        helps = "run pip install 'docqa[postgres]'" if error.name in ("psycopg", "psycopg2") else "check the URL"
        raise CatalogError(f"DOCQA_CATALOG_URL needs the package '{error.name}': {helps}.") from error


def _translation(message: str) -> DocqaError:
    message = " ".join(message.split()).rstrip(".?")
    lower = message.lower()
    if any(words in lower for words in FULL):
        return StorageFullError(
            f"The catalog cannot be written: {message}. Free some space where DOCQA_DATA_DIR is and repeat."
        )
    if any(words in lower for words in BUSY):
        return BusyError(f"The catalog is locked by others ({message}); wait until they have finished and repeat.")
    return CatalogError(f"The catalog cannot be used: {message}. Check DOCQA_CATALOG_URL and DOCQA_DATA_DIR.")
