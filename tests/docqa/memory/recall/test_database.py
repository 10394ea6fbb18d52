"""Where conversations are kept, what stands in that place, and what is said when it cannot be used."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import count
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from docqa import database as module
from docqa.errors import RecallError
from docqa.memory.recall.database import MIGRATIONS, Database
from docqa.memory.recall.tables import HEAD, VERSION_TABLE, metadata
from docqa.settings import Settings
from ingest.catalog import open_catalog
from ingest.errors import BusyError, StorageFullError
from tests.contracts.recall.lasting import ROOT, writer
from tests.contracts.recall.samples import opened, say, texts


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def on_postgres(tmp_path: Path, postgres_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", recall_url=postgres_url)


def file_of(settings: Settings) -> Path:
    return settings.root / "recall.sqlite"


# The tables


@pytest.mark.parametrize("kept_in", ["settings", "on_postgres"])
def test_the_migrations_make_the_tables_that_the_code_uses(kept_in: str, request: pytest.FixtureRequest) -> None:
    database = Database.open(request.getfixturevalue(kept_in))
    options = {
        "version_table": VERSION_TABLE,
        "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
    }
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    database.close()


def test_the_newest_migration_is_the_one_that_the_code_asks_for() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


def test_a_store_of_a_newer_version_is_refused_and_left_alone(settings: Settings) -> None:
    with opened(settings):
        pass
    database = sqlite3.connect(file_of(settings))
    with database:
        database.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(
        RecallError, match=r"recall\.sqlite\) was made by a newer docqa \(revision 9999\); update docqa"
    ):
        Database.open(settings)
    assert database.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall() == [("9999",)]
    database.close()


def test_what_was_deleted_stands_nowhere_in_the_files(settings: Settings) -> None:
    with opened(settings) as store:
        gone, kept = store.conversation(), store.conversation()
        say(gone, "The password is xylophone", "I shall keep the xylophone to myself.")
        gone.summarise("A xylophone is the password.", 2)
        say(kept, "The tide was low")
        store.delete(gone.conversation)
        stored = b"".join(path.read_bytes() for path in settings.root.iterdir())
    assert b"tide" in stored
    assert b"xylophon" not in stored.lower()


def test_opening_an_existing_store_does_without_alembic(settings: Settings) -> None:
    with opened(settings):
        pass
    script = "import sys; from tests.contracts.recall.samples import *\nwith opened(Settings()): print(*sys.modules)"
    environment = {**os.environ, "DOCQA_DATA_DIR": str(settings.root)}
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert said.stderr == ""
    assert "sqlalchemy" in said.stdout.split()
    assert "alembic" not in said.stdout.split()


def test_processes_that_make_a_store_at_once_make_one(settings: Settings) -> None:
    script = "from tests.contracts.recall.samples import *\nwith opened(Settings()) as s: say(s.conversation(), 'here')"
    environment = {**os.environ, "DOCQA_DATA_DIR": str(settings.root)}
    command = [sys.executable, "-c", script]
    processes = [subprocess.Popen(command, cwd=ROOT, env=environment) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    with opened(settings) as store:
        assert len(store.conversations()) == 4


# The place


def test_conversations_follow_the_catalog_to_postgresql(tmp_path: Path, postgres_url: str) -> None:
    settings = Settings(data_dir=tmp_path / "data", catalog_url=postgres_url, user="follower")
    open_catalog(settings).close()  # both in one database, each with its own version
    with opened(settings) as store:
        [id] = say(conversation := store.conversation(), "hello")
        assert texts(conversation, [id]) == ["hello"]
    open_catalog(settings).close()
    assert not file_of(settings).exists()


def test_conversations_do_not_follow_a_catalog_of_sqlite(settings: Settings, tmp_path: Path) -> None:
    with opened(settings, catalog_url=f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"):
        assert file_of(settings).exists()


def test_another_file_of_sqlite_may_be_named(settings: Settings, tmp_path: Path) -> None:
    with opened(settings, recall_url=f"sqlite:///{tmp_path / 'mine.db'}") as store:
        say(store.conversation(), "hello")
    assert (tmp_path / "mine.db").exists()
    assert not settings.root.exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "DOCQA_RECALL_URL is not an address such as postgresql"),
        ("mysql://host/database", "DOCQA_RECALL_URL must name a file of SQLite or a database of PostgreSQL, not mysql"),
        ("sqlite://", "DOCQA_RECALL_URL must name a file of SQLite"),
        ("postgresql+psycopg2://host/database", r"not installed \(psycopg2\): pip install 'docqa\[postgres\]'"),
        ("postgresql+odd://host/database", r"needs a driver that is not installed"),
        (
            "postgresql+psycopg://ada:pa55@127.0.0.1:9/x",
            r"\(DOCQA_RECALL_URL: .*\) cannot be used: .*Connection refused",
        ),
    ],
)
def test_a_place_that_cannot_be_used_is_named(settings: Settings, url: str, said: str) -> None:
    with pytest.raises(RecallError, match=said) as caught:
        Database.open(settings.model_copy(update={"recall_url": url}))
    assert "pa55" not in str(caught.value)


# Damage, locks, full and read-only disks


def test_a_file_that_is_no_database_is_named(settings: Settings) -> None:
    settings.root.mkdir()
    file_of(settings).write_bytes(b"no database at all" * 500)
    with pytest.raises(RecallError, match=r"recall\.sqlite\) is damaged: .*Put a copy of it back"):
        Database.open(settings)


def test_a_damaged_file_is_named_when_what_is_broken_is_read(settings: Settings) -> None:
    with opened(settings) as store:
        id = store.conversation().conversation
        say(store.conversation(id), *(f"message {number} " * 50 for number in range(200)))
    content = bytearray(file_of(settings).read_bytes())
    content[20 * 4096 :] = b"\x5a" * (len(content) - 20 * 4096)
    file_of(settings).write_bytes(content)
    with pytest.raises(RecallError, match="is damaged"), opened(settings) as store:
        store.conversation(id).recent(200)


def test_a_store_that_another_process_holds_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)
    with opened(settings) as store:
        conversation = store.conversation()
        other = sqlite3.connect(file_of(settings), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError, match=r"recall\.sqlite\) is held by others for too long"):
            say(conversation, "hello")
        assert conversation.recent(5) == []
        other.execute("ROLLBACK")
        other.close()
        assert say(conversation, "hello")


def test_a_full_disk_is_named_and_nothing_confirmed_is_lost(small_disk: Path) -> None:
    settings, kept = Settings(data_dir=small_disk / "data"), list[int]()
    with opened(settings) as store:
        conversation = store.conversation()
        with pytest.raises(StorageFullError, match=r"recall\.sqlite\) cannot be written: .*Free some space"):
            kept.extend(say(conversation, f"{number:x} " * 20_000)[0] for number in count())
        subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        later = say(conversation, "room again")
        assert [said.id for said in conversation.recent(1000)] == kept + later


def test_a_read_only_folder_is_named(small_disk: Path) -> None:
    settings = Settings(data_dir=small_disk / "data")
    with opened(settings):
        pass
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for folder in ("data", "new"):
        with pytest.raises(RecallError, match=r"cannot be opened or written: .*name another place in DOCQA_RECALL_URL"):
            Database.open(Settings(data_dir=small_disk / folder))


def test_a_connection_that_the_server_has_ended_is_made_anew(on_postgres: Settings) -> None:
    url, mine = f"{on_postgres.recall_url}&application_name=cut-off", "application_name = 'cut-off'"
    with opened(on_postgres, recall_url=url, user="patient") as store:
        conversation = store.conversation()
        with closing(psycopg.connect(url.replace("+psycopg", ""), autocommit=True)) as server:
            server.execute("SET application_name = 'cutter'")
            cut = server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}").fetchall()
        assert cut
        assert say(conversation, "hello")


def test_a_writer_killed_in_a_new_store_leaves_one_that_opens(settings: Settings) -> None:
    with opened(settings) as store:
        id = store.conversation().conversation
    with writer(settings, id, "said", 10**6) as process:
        assert process.stdout
        process.stdout.readline()
        process.kill()
    with opened(settings) as store:
        assert store.conversation(id).recent(1)
