"""Where the registry is kept, and what is said when it cannot be used. See also the database of recall storage."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from docqa import database as module
from docqa.cli.options import COLLECTION_NAME
from docqa.errors import RegistryError
from docqa.registry import open_registry
from docqa.registry.keys import TENANT, USER
from docqa.registry.opening import MIGRATIONS, open_database
from docqa.registry.stores import LEGAL
from docqa.registry.tables import HEAD, VERSION_TABLE, metadata
from docqa.settings import Settings
from ingest.catalog import open_catalog
from ingest.errors import BusyError, StorageFullError
from tests.contracts.registry.samples import ROOT, begun, own_schema, process


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def on_postgres(tmp_path: Path, postgres_url: str) -> Iterator[Settings]:
    with own_schema(postgres_url) as url:
        yield Settings(data_dir=tmp_path / "data", catalog_url=url)


def file_of(settings: Settings) -> Path:
    return settings.root / "service.sqlite"


@pytest.mark.parametrize("kept_in", ["settings", "on_postgres"])
def test_the_migrations_make_the_tables_that_the_code_uses(kept_in: str, request: pytest.FixtureRequest) -> None:
    database = open_database(request.getfixturevalue(kept_in))
    options = {
        "version_table": VERSION_TABLE,
        "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
    }
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    database.close()


def test_the_newest_migration_is_the_one_that_the_code_asks_for() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


def test_the_registry_stands_beside_a_catalog_in_postgresql(on_postgres: Settings) -> None:
    open_catalog(on_postgres).close()
    with open_registry(on_postgres) as registry:
        assert begun(registry)
    open_catalog(on_postgres).close()
    assert not file_of(on_postgres).exists()


def test_with_a_catalog_in_sqlite_it_is_in_the_data_folder(settings: Settings, tmp_path: Path) -> None:
    elsewhere = settings.model_copy(update={"catalog_url": f"sqlite:///{tmp_path / 'catalog.db'}"})
    with open_registry(elsewhere):
        assert file_of(settings).exists()


def test_nobody_else_may_read_its_file_nor_a_key_in_it(settings: Settings) -> None:
    with open_registry(settings) as registry:
        _, secret = registry.keys.create("acme")
        assert {oct(path.stat().st_mode & 0o777) for path in settings.root.iterdir()} == {"0o600"}
        stored = b"".join(path.read_bytes() for path in settings.root.iterdir())
    assert secret[:8].encode() in stored
    assert secret[8:20].encode() not in stored


def test_what_was_deleted_stands_nowhere_in_the_file(settings: Settings) -> None:
    with open_registry(settings) as registry:
        id = begun(registry).id
        registry.runs.add_events("acme", id, [(1, "A", '"xylophone"')])
        registry.runs.delete("acme", id)
    assert b"xylophone" not in file_of(settings).read_bytes()


def test_a_registry_of_a_newer_version_is_refused_and_left_alone(settings: Settings) -> None:
    open_registry(settings).close()
    database = sqlite3.connect(file_of(settings))
    with database:
        database.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(RegistryError, match=r"service\.sqlite\) was made by a newer docqa \(revision 9999\)"):
        open_registry(settings)
    database.close()


def test_opening_an_existing_registry_does_without_alembic(settings: Settings) -> None:
    open_registry(settings).close()
    script = (
        "import sys; from docqa.registry import open_registry; from docqa.settings import Settings; "
        "open_registry(Settings()).close(); print(*sys.modules)"
    )
    environment = {**os.environ, "DOCQA_DATA_DIR": str(settings.root)}
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert said.stderr == ""
    assert "sqlalchemy" in said.stdout.split()
    assert "alembic" not in said.stdout.split()


@pytest.mark.parametrize("kept_in", ["settings", "on_postgres"])
def test_processes_that_make_a_registry_at_once_make_one(kept_in: str, request: pytest.FixtureRequest) -> None:
    settings = request.getfixturevalue(kept_in)
    make = "registry.keys.create('acme'); print(registry.secret().hex(), registry.stores.of_collection('acme', 'c').id)"
    processes = [process(settings, make) for _ in range(4)]
    assert len({process.communicate()[0] for process in processes}) == 1
    with open_registry(settings) as registry:
        assert len(registry.keys.list()) == 4


def test_a_database_that_cannot_be_reached_is_named_without_its_password(settings: Settings) -> None:
    url = "postgresql+psycopg://ada:pa55@127.0.0.1:9/x?password=pa55"
    with pytest.raises(RegistryError, match=r"^The registry \(DOCQA_CATALOG_URL: .*Connection refused") as caught:
        open_registry(settings.model_copy(update={"catalog_url": url}))
    assert "pa55" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(settings: Settings) -> None:
    settings.root.mkdir()
    file_of(settings).write_bytes(b"no database at all" * 500)
    with pytest.raises(RegistryError, match=r"service\.sqlite\) is damaged"):
        open_registry(settings)


def test_a_key_opens_though_its_use_cannot_be_noted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.05)
    with open_registry(settings) as registry, closing(sqlite3.connect(file_of(settings))) as other:
        key, secret = registry.keys.create("acme")
        other.execute("BEGIN IMMEDIATE")
        assert registry.keys.check(secret) == key
        with pytest.raises(BusyError, match="held by others for too long"):
            registry.keys.revoke(key.id)
        other.rollback()
        assert registry.keys.revoke(key.id).last_used is None


def test_on_a_full_disk_nothing_that_was_confirmed_is_lost(small_disk: Path) -> None:
    with open_registry(Settings(data_dir=small_disk / "data")) as registry:
        id, numbers = begun(registry).id, count()

        def fill() -> None:
            for number in numbers:
                registry.runs.add_events("acme", id, [(number, "A", '"' + "x" * 20_000 + '"')])

        with pytest.raises(StorageFullError, match="cannot be written"):
            fill()
        subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        later = next(numbers)
        registry.runs.add_events("acme", id, [(later, "A", "1")])
        assert [event.seq for event in registry.runs.events("acme", id)] == [*range(later - 1), later]


def test_what_tenants_users_and_collections_may_be_called_is_the_same_everywhere() -> None:
    patterns = {
        name: next(each.pattern for each in Settings.model_fields[name].metadata if hasattr(each, "pattern"))
        for name in ("tenant", "user")
    }
    assert {name: f"^{each.pattern}$" for name, each in (("tenant", TENANT), ("user", USER))} == patterns
    assert LEGAL == COLLECTION_NAME


def test_a_process_killed_while_it_writes_leaves_a_registry_that_opens(settings: Settings) -> None:
    write = (
        "id = begun(registry).id; print(id, flush=True); "
        "[registry.runs.add_events('acme', id, [(n, 'A', '1')]) or print(n, flush=True) for n in range(10**6)]"
    )
    with process(settings, write) as writing:
        assert writing.stdout
        lines = [writing.stdout.readline().strip() for _ in range(200)]
        writing.kill()
    with open_registry(settings) as registry:
        assert registry.runs.sweep() == lines[:1]
        assert len(registry.runs.events("acme", lines[0])) >= 199
