"""The servers that other tests rely on: they start, keep what they should, and leave nothing behind."""

from __future__ import annotations

import http.client
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple
from pathlib import Path

import pytest

from tests.servers import weaviate
from tests.servers.weaviate import BuildError, ServerError, WeaviateServer
from tests.servers.weaviate.environment import HOST
from tests.servers.weaviate.ports import is_free

ROOT = Path(__file__).parents[2]
STARTER = """\
import sys
from pathlib import Path
from tests.servers.weaviate import WeaviateServer
server = WeaviateServer(Path(sys.argv[1])).start()
print(server.process.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder without a server in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def go(folder: Path, version: str) -> str:
    """A ``PATH`` with a program of this name that says this version."""
    program = folder / "go"
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)
    return str(folder)


@pytest.mark.usefixtures("empty_cache")
def test_without_go_the_build_says_what_helps(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"no Go is installed: install Go .* DOCQA_TEST_WEAVIATE_URL"):
        weaviate.build({"PATH": str(tmp_path)})


@pytest.mark.usefixtures("empty_cache")
def test_an_old_go_is_named_with_its_version(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"Go 1\.26 or newer, and /.*/go is go1\.24\.9: install Go"):
        weaviate.build({"PATH": go(tmp_path, "go1.24.9")})


def test_a_build_that_fails_leaves_nothing_behind(empty_cache: Path, tmp_path: Path) -> None:
    path = go(tmp_path, 'go1.99 && test "$1" = env')
    with pytest.raises(BuildError, match="ended with 1"):
        weaviate.build({"PATH": path})
    assert list(weaviate.cache_folder().iterdir()) == []
    assert weaviate.find_binary() is None


@pytest.fixture(scope="module")
def server(weaviate_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeaviateServer]:
    with WeaviateServer(tmp_path_factory.mktemp("server") / "data") as server:
        yield server


def ask(port: int, method: str, path: str, body: str = "", key: str = "") -> int:
    """The status of an answer."""
    with closing(http.client.HTTPConnection(HOST, port)) as connection:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        connection.request(method, path, body, headers)
        return connection.getresponse().status


def test_a_server_answers_with_its_version(server: WeaviateServer) -> None:
    status, body = server.get("/v1/meta")
    assert (status, json.loads(body)["version"]) == (200, weaviate.VERSION.removeprefix("v"))


def test_without_the_key_neither_clients_nor_nodes_are_answered(server: WeaviateServer) -> None:
    assert ask(server.ports.http, "GET", "/v1/nodes") == 401
    assert ask(server.ports.data, "GET", "/nodes/status") == 401


def test_after_a_kill_a_server_has_its_data_and_its_ports(server: WeaviateServer) -> None:
    ports = server.ports
    assert ask(ports.http, "POST", "/v1/schema", '{"class": "Kept"}', server.api_key) == 200
    server.kill()
    server.restart()
    assert server.ports == ports
    assert server.get("/v1/schema/Kept")[0] == 200


@pytest.mark.usefixtures("weaviate_binary")
def test_after_a_stop_the_ports_are_free(tmp_path: Path) -> None:
    with WeaviateServer(tmp_path / "data") as server:
        assert not is_free(server.ports.http)
    assert [port for port in astuple(server.ports) if not is_free(port)] == []


@pytest.mark.usefixtures("weaviate_binary")
def test_a_port_that_was_asked_for_and_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken, pytest.raises(ServerError, match=r"Port \d+ is taken"):
        WeaviateServer(tmp_path / "data", port=taken.getsockname()[1]).start()


@pytest.mark.usefixtures("weaviate_binary")
def test_a_port_that_somebody_takes_in_between_is_changed(tmp_path: Path) -> None:
    server = WeaviateServer(tmp_path / "data")
    first = server.ports
    with socket.create_server(("", first.gossip)), server:
        assert server.ports != first


@pytest.mark.usefixtures("weaviate_binary")
def test_a_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path / "data")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        child = os.pidfd_open(int(starter.stdout.readline()))
        starter.kill()
    ended, _, _ = select.select([child], [], [], 10)
    os.close(child)
    assert ended
