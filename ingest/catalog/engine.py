"""The connection to the catalog's database: opened, migrated, and its errors put into our words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from ingest.errors import BusyError, CatalogError, CatalogVersionError, DocqaError, StorageFullError
from ingest.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30


def open_engine(settings: Settings) -> Engine:
    """Connect to the catalog that the settings name and bring its tables to this version.

    Raises:
        CatalogVersionError: the catalog was made by a newer version.
        CatalogError: it cannot be reached.
        StorageFullError: no space is left.
    """
    url = settings.catalog_url or f"sqlite:///{settings.root / 'catalog.sqlite'}"
    if not settings.catalog_url:
        with translated():
            settings.root.mkdir(parents=True, exist_ok=True)
    with translated():
        sqlite = make_url(url).get_backend_name() == "sqlite"
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS} if sqlite else {})
        if sqlite:
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", begin_sqlite)
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Readers beside a writer (WAL), commits that survive a power cut, and transactions begun by us alone."""
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


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
            f"The catalog {engine.url.render_as_string()} was made by a newer docqa (revision {revision}); "
            "update docqa, or point DOCQA_DATA_DIR to another folder."
        )
    with engine.begin() as connection:
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
    with translated(), engine.connect().execution_options(reading=True) as connection:
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
    except SQLAlchemyError as error:
        raise _translation(str(getattr(error, "orig", None) or error)) from error
    except OSError as error:
        raise _translation(str(error)) from error


def _translation(message: str) -> DocqaError:
    lower = message.lower()
    if "disk is full" in lower or "no space left" in lower or "disk i/o error" in lower:
        return StorageFullError(
            f"The catalog cannot be written: {message}. Free some space where DOCQA_DATA_DIR is and repeat."
        )
    if "locked" in lower:
        return BusyError("The catalog is locked by another process; wait until it has finished and repeat.")
    return CatalogError(f"The catalog cannot be used: {message}. Check DOCQA_CATALOG_URL and DOCQA_DATA_DIR.")
