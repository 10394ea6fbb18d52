"""The catalog's database: what is said when it cannot be used, and that it can be used again afterwards."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text

from ingest.catalog import Catalog, engine, open_catalog
from ingest.catalog.engine import reading, writing
from ingest.errors import BusyError, CatalogError
from ingest.settings import Settings
from tests.ingest.databases import administrator

ROOT = Path(__file__).parents[3]
HELP = "Check DOCQA_CATALOG_URL and DOCQA_DATA_DIR."
NOWHERE = [
    ("nonsense", "DOCQA_CATALOG_URL is not an address such as postgresql"),
    ("postgresql+psycopg://ada:pa55@host:port/x", "DOCQA_CATALOG_URL is not an address such as postgresql"),
    ("mysql://ada:pa55@host/x", "must name a file of SQLite or a database of PostgreSQL, not mysql"),
    ("sqlite://", "must name a file of SQLite or a database of PostgreSQL, not sqlite"),
    ("postgresql+psycopg2://ada:pa55@host/x", r"needs the package 'psycopg2': run pip install 'docqa\[postgres\]'"),
    ("postgresql+odd://ada:pa55@host/x", r"not known \(.*postgresql.odd\): begin it with postgresql\+psycopg://"),
    ("postgresql+psycopg://ada:pa55@127.0.0.1:9/x", f"cannot be used: .*port 9 failed: Connection refused .*{HELP}"),
    ("postgresql+psycopg://ada:pa55@/x?host=/nowhere", f"cannot be used: .*/nowhere/.*No such file .*{HELP}"),
    ("sqlite:////nowhere/catalog.sqlite", f"cannot be used: unable to open database file. {HELP}"),
]


def refused(settings: Settings) -> str:
    """What is said of a catalog that cannot be opened: one line, without the password."""
    with pytest.raises(CatalogError) as caught:
        open_catalog(settings)
    assert "\n" not in str(caught.value)
    assert "pa55" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("url", "said"), NOWHERE)
def test_a_database_that_cannot_be_reached_is_told_in_a_sentence(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        raise CatalogError(refused(Settings(data_dir=tmp_path, catalog_url=url)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"username": "ada", "password": "pa55"}, 'role "ada" does not exist'),
        ({"password": "pa55", "database": "elsewhere"}, 'database "elsewhere" does not exist'),
    ],
)
def test_a_user_or_database_that_the_server_does_not_know_is_named(
    tmp_path: Path, postgres_url: str, wrong: dict[str, Any], said: str
) -> None:
    url = make_url(postgres_url).set(**wrong).render_as_string(hide_password=False)
    assert f"{said}. {HELP}" in refused(Settings(data_dir=tmp_path, catalog_url=url))


def test_a_role_that_may_not_write_is_told_so(tmp_path: Path, on_postgres: Settings) -> None:
    url = f"{on_postgres.catalog_url}&options=-cdefault_transaction_read_only%3Don"
    assert "read-only transaction" in refused(Settings(data_dir=tmp_path, catalog_url=url))


def test_without_its_driver_the_package_to_install_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    said = refused(Settings(data_dir=tmp_path, catalog_url="postgresql+psycopg://ada:pa55@127.0.0.1:9/x"))
    assert said == "DOCQA_CATALOG_URL needs the package 'psycopg': run pip install 'docqa[postgres]'."


def test_the_password_of_a_catalog_of_a_newer_version_is_not_shown(on_postgres: Settings) -> None:
    url = make_url(on_postgres.catalog_url).set(password="pa55").render_as_string(hide_password=False)
    settings = on_postgres.model_copy(update={"catalog_url": url})
    with closing(catalog := open_catalog(settings)), writing(catalog._engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "docqa:***@/test_" in refused(settings)


def test_after_the_server_has_ended_all_connections_the_next_call_works(on_postgres: Settings) -> None:
    catalog = open_catalog(on_postgres)
    job = catalog.jobs.create("verify")
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    with closing(administrator(on_postgres.catalog_url)) as server:
        assert server.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}".encode()
        ).fetchall()
    assert catalog.jobs.get(job.id) == job
    catalog.close()


def test_a_transaction_whose_connection_is_cut_fails_and_leaves_nothing(on_postgres: Settings) -> None:
    catalog = open_catalog(on_postgres)
    with closing(administrator(on_postgres.catalog_url)) as server:
        with pytest.raises(CatalogError, match="terminating connection"):
            write_while_cut(catalog, server)
        assert server.execute("SELECT * FROM epochs").fetchall() == []
    assert catalog.jobs.newest() == []
    catalog.close()


def write_while_cut(catalog: Catalog, server: psycopg.Connection) -> None:
    with writing(catalog._engine) as connection:
        connection.execute(text("INSERT INTO epochs VALUES ('lost', 1)"))
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        server.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        connection.execute(text("INSERT INTO epochs VALUES ('too', 1)"))


OPEN = (
    "from ingest.catalog import *; from ingest.settings import *; c = open_catalog(Settings()); c.jobs.create('verify')"
)


def test_processes_that_open_a_new_catalog_at_once_make_one(on_both: Settings) -> None:
    environment = os.environ | {"DOCQA_DATA_DIR": str(on_both.root), "DOCQA_CATALOG_URL": on_both.catalog_url}
    command = [sys.executable, "-c", f"{OPEN}; c.close()"]
    processes = [subprocess.Popen(command, cwd=ROOT, env=environment) for _ in range(3)]
    assert [process.wait() for process in processes] == [0] * 3
    catalog = open_catalog(on_both)
    assert len(catalog.jobs.newest()) == 3
    catalog.close()


def file_of(catalog: Catalog) -> str:
    assert catalog._engine.url.database
    return catalog._engine.url.database


def test_a_catalog_on_a_read_only_disk_is_told_so(small_disk: Path) -> None:
    open_catalog(Settings(data_dir=small_disk / "data")).close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    settings = Settings(data_dir=small_disk / "data")
    assert f"cannot be used: unable to open database file. {HELP}" in refused(settings)
    assert "Read-only file system" in refused(Settings(data_dir=small_disk / "new"))


def test_a_file_that_turned_read_only_can_still_be_read(tmp_path: Path) -> None:
    catalog = open_catalog(Settings(data_dir=tmp_path))
    job = catalog.jobs.create("verify")
    with writing(catalog._engine) as connection:
        connection.execute(text("PRAGMA query_only = ON"))
    with pytest.raises(CatalogError, match=f"cannot be used: attempt to write a readonly database. {HELP}"):
        catalog.jobs.pause(job.id)
    assert catalog.jobs.get(job.id) == job
    catalog.close()


def test_a_catalog_that_another_process_holds_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    catalog = open_catalog(Settings(data_dir=tmp_path))
    with closing(sqlite3.connect(file_of(catalog), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError, match=r"locked by others \(database is locked\); wait"):
            catalog.jobs.create("verify")
        assert catalog.jobs.newest() == []
    assert catalog.jobs.create("verify")
    catalog.close()


def test_a_file_that_is_no_database_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"no database at all" * 500)
    assert f"cannot be used: file is not a database. {HELP}" in refused(Settings(data_dir=tmp_path))


def test_a_password_with_an_at_sign_is_not_shown_by_half(tmp_path: Path) -> None:
    said = refused(Settings(data_dir=tmp_path, catalog_url="postgresql+psycopg://ada:x@pa55@127.0.0.1:9/x"))
    assert said == "DOCQA_CATALOG_URL holds more than one '@': write %40 for one in its password."


def test_a_password_among_the_options_is_not_shown(on_postgres: Settings) -> None:
    url = make_url(on_postgres.catalog_url).update_query_dict({"password": "pa55"})
    settings = on_postgres.model_copy(update={"catalog_url": url.render_as_string(hide_password=False)})
    with closing(catalog := open_catalog(settings)), writing(catalog._engine) as connection:
        assert "pa55" not in str(catalog.health())
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "password=%2A%2A%2A" in refused(settings)


def test_a_reader_sees_one_state_of_the_catalog(catalog: Catalog) -> None:
    count = text("SELECT count(*) FROM jobs")
    with reading(catalog._engine) as connection:
        assert connection.scalar(count) == 0
        catalog.jobs.create("verify")
        assert connection.scalar(count) == 0
    assert len(catalog.jobs.newest()) == 1
