"""A database of docqa's own. What it says of its place and of errors is tested with recall storage and the registry."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text

from docqa import database as module
from docqa.database import Database
from docqa.errors import RegistryError
from docqa.registry.opening import open_database
from docqa.settings import Settings
from ingest.errors import BusyError

ADD = text("INSERT INTO service_cache VALUES ('acme', :key, 'run', 1)")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(Settings(data_dir=tmp_path / "data"))) as opened:
        yield opened


def keys(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(connection.execute(text("SELECT key FROM service_cache")).scalars())


def test_a_transaction_is_written_as_a_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(RegistryError), database.writing() as connection:
        connection.execute(ADD, [{"key": "a"}, {"key": "a"}])
    assert keys(database) == set()


def test_threads_that_write_at_once_wait_for_each_other(database: Database) -> None:
    def write(thread: int) -> None:
        for number in range(20):
            with database.writing() as connection:
                connection.execute(ADD, {"key": f"{thread} {number}"})

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(write, range(16))) == [None] * 16
    assert len(keys(database)) == 320


def test_who_reads_waits_for_no_writer(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(ADD, {"key": "a"})
        assert keys(database) == set()
    assert keys(database) == {"a"}


def test_a_writer_that_waits_too_long_for_another_one_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.05)
    begun, ending = Event(), Event()

    def hold() -> None:
        with database.writing():
            begun.set()
            ending.wait(30)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        begun.wait(30)
        with pytest.raises(BusyError, match="held by others for too long"), database.writing():
            pass
        ending.set()
        assert holding.result() is None
    with database.writing() as connection:
        connection.execute(ADD, {"key": "a"})


def test_what_is_settled_stands_in_the_file_alone(database: Database, tmp_path: Path) -> None:
    with database.writing() as connection:
        connection.execute(ADD, {"key": "a"})
    database.settle()
    assert (tmp_path / "data/service.sqlite-wal").stat().st_size == 0
    with closing(sqlite3.connect(tmp_path / "data/service.sqlite")) as other:
        assert other.execute("SELECT key FROM service_cache").fetchall() == [("a",)]
