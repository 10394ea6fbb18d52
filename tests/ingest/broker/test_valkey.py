"""docqa's own server: one for a data folder, kept running, and gone with its starter."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.broker import broker_health, program
from ingest.broker.address import folder_of, socket_of
from ingest.broker.valkey import AOF, LONGEST_LOG, Valkey, answers
from ingest.errors import BrokerError
from ingest.settings import Settings
from tests.ingest.broker.running import Embedded, client, kill, pid, push, wait_for_end, waiting

ROOT = Path(__file__).parents[3]
STARTER = """
import sys
from ingest.broker.valkey import Valkey
from ingest.settings import Settings
server = Valkey(Settings(data_dir=sys.argv[1]))
print(server.ensure(), flush=True)
sys.stdin.read()
server.stop()
"""


def starter(settings: Settings) -> subprocess.Popen[str]:
    """A process that starts the server and lives until its standard input ends."""
    command = [sys.executable, "-c", STARTER, str(settings.root)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_the_server_is_started_once(settings: Settings, embedded: Embedded) -> None:
    first, second = embedded(), embedded()
    assert [first.ensure(), first.ensure(), second.ensure()] == [True, False, False]
    second.stop()
    assert answers(socket_of(settings))


def test_many_at_once_end_with_one_server(settings: Settings, embedded: Embedded) -> None:
    servers = [embedded() for _ in range(6)]
    with ThreadPoolExecutor(len(servers)) as threads:
        calls = [threads.submit(server.ensure) for server in servers]
        assert sorted(call.result() for call in calls) == [False] * 5 + [True]
        assert broker_health(settings).ok


def test_many_processes_at_once_end_with_one_server(settings: Settings) -> None:
    processes = [starter(settings) for _ in range(3)]
    said = [process.stdout.readline().strip() for process in processes if process.stdout]
    assert sorted(said) == ["False", "False", "True"]
    for process in processes:
        process.communicate()
    assert not answers(socket_of(settings))


def test_a_killed_server_comes_back_with_its_messages(settings: Settings, embedded: Embedded) -> None:
    server = embedded()
    server.ensure()
    push(settings)
    kill(settings)
    assert server.ensure()
    assert waiting(settings) == 1


def test_a_stopped_server_comes_back_with_its_messages(settings: Settings, embedded: Embedded) -> None:
    server = embedded()
    server.ensure()
    push(settings)
    server.stop()
    assert not answers(socket_of(settings))
    assert server.ensure()
    assert waiting(settings) == 1


def test_a_server_that_died_leaves_no_zombie(settings: Settings, embedded: Embedded) -> None:
    server = embedded()
    server.ensure()
    old = pid(settings)
    kill(settings)
    server.ensure()
    assert not Path(f"/proc/{old}").exists()


def test_the_server_ends_with_the_process_that_started_it(settings: Settings) -> None:
    with starter(settings) as process:
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        server = os.pidfd_open(pid(settings))
        process.kill()
    wait_for_end(server)


def test_another_process_takes_over_from_a_killed_starter(settings: Settings, embedded: Embedded) -> None:
    with starter(settings) as process:
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        push(settings)
        server = os.pidfd_open(pid(settings))
        process.kill()
    wait_for_end(server)
    assert embedded().ensure()
    assert waiting(settings) == 1


def test_an_interrupt_of_the_terminal_is_not_the_servers(settings: Settings, embedded: Embedded) -> None:
    embedded().ensure()
    assert os.getsid(pid(settings)) != os.getsid(0)


def test_only_its_user_reaches_the_server(settings: Settings, embedded: Embedded) -> None:
    embedded().ensure()
    assert socket_of(settings).stat().st_mode & 0o077 == 0
    assert folder_of(settings).stat().st_mode & 0o077 == 0
    with client(settings) as redis:
        assert redis.config_get("port") == {"port": "0"}


def test_the_servers_memory_is_what_the_setting_says(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", broker_memory_mb=20)
    server = Valkey(settings)
    server.ensure()
    try:
        assert broker_health(settings).details["memory"].endswith(" of 20 MiB")
    finally:
        server.stop()


@pytest.mark.parametrize("name", ["a b", "ü;#%?&", 'quote"\\', "x" * 120])
def test_any_data_folder_will_do(tmp_path: Path, name: str) -> None:
    settings = Settings(data_dir=tmp_path / name)
    server = Valkey(settings)
    try:
        assert server.ensure()
        push(settings)
        assert waiting(settings) == 1
    finally:
        server.stop()
    assert (settings.root / "broker" / AOF).is_dir()


def test_a_folder_in_the_temp_folder_that_is_not_private_is_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / ("x" * 120))
    folder = socket_of(settings).parent
    folder.mkdir(mode=0o755)
    try:
        with pytest.raises(BrokerError, match="is not a folder of yours alone"):
            Valkey(settings).ensure()
    finally:
        folder.rmdir()


def test_no_socket_can_be_made_where_the_temp_folder_is_long_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/t" * 60)
    with pytest.raises(BrokerError, match="set DOCQA_DATA_DIR or TMPDIR to a shorter path"):
        socket_of(Settings(data_dir=tmp_path / ("x" * 120)))


def test_what_was_delivered_is_dropped_from_the_disk(settings: Settings, embedded: Embedded) -> None:
    embedded().ensure()
    with client(settings) as redis:
        sizes = [0]
        while sizes[-1] >= max(sizes):
            redis.lpush("embed", "x" * 100_000)
            redis.rpop("embed")
            sizes.append(redis.info("persistence")["aof_current_size"])


def test_a_long_log_is_begun_anew(settings: Settings, embedded: Embedded) -> None:
    log = folder_of(settings) / "valkey.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"old\n" * LONGEST_LOG)
    embedded().ensure()
    assert b"old" not in log.read_bytes()


def test_a_server_of_the_machine_is_used_where_the_package_is_missing(
    settings: Settings, embedded: Embedded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "redis-server").symlink_to(program.find_program())
    monkeypatch.setattr(program, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded().ensure()
