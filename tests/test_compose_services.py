"""Our services of docker-compose.yml, started outside a container: the very commands, health checks and settings."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.servers.api import client_of
from tests.servers.plugin import RunningServer
from tests.servers.postgres import PostgresError, postgres
from tests.servers.valkey import valkey
from tests.servers.weaviate.ports import free_ports
from tests.servers.workers import end_all
from tests.test_compose import OURS, SERVICES, VARIABLE

PASSWORD = "0123456789abcdef"
HEALTHY_SECONDS = 90.0
END_SECONDS = 60.0
TEXT = b"# Ostervik\n\nThe harbour of Ostervik was opened in 1911 by the builder Norda Shipyard.\n"
QUESTION = {"role": "user", "content": "Who opened the harbour of Ostervik?"}


def here(command: list[str]) -> list[str]:
    """A command of the image, as it is called here."""
    names = {"docqa": ["-m", "docqa.cli"], "python": []}
    return [sys.executable, *names[command[0]], *command[1:]]


def environment(name: str, places: dict[str, str]) -> dict[str, str]:
    """The variables of a service, with the places of the servers where they are here."""
    given = {variable: str(value) for variable, value in SERVICES[name]["environment"].items()}
    filled = {variable: VARIABLE.sub(PASSWORD, value) for variable, value in given.items()}
    for there, place in places.items():
        assert there in filled.values()
        filled = {variable: place if value == there else value for variable, value in filled.items()}
    return filled


@pytest.fixture
def places(weaviate_server: RunningServer, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the names and ports of the compose file stand for here."""
    with ExitStack() as stack:
        try:
            catalog = stack.enter_context(postgres())
        except PostgresError as error:
            pytest.skip(str(error))
        broker = stack.enter_context(valkey("--requirepass", PASSWORD, "--maxmemory-policy", "noeviction"))
        yield {
            "/data": str(tmp_path / "data"),
            "8000": str(next(free_ports())),
            "http://weaviate:8080": weaviate_server.url,
            f"redis://:{PASSWORD}@valkey:6379/0": f"redis://:{PASSWORD}@{urlsplit(broker).netloc}/0",
            f"postgresql+psycopg://docqa:{PASSWORD}@postgres:5432/docqa": catalog,
        }


@contextmanager
def running(name: str, variables: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A service, and what it says in a file."""
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(here(SERVICES[name]["command"]), stderr=log, env={**os.environ, **variables})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until_healthy(name: str, variables: dict[str, str], folder: Path) -> None:
    """Ask as Compose asks."""
    check, until = here(SERVICES[name]["healthcheck"]["test"][1:]), time.monotonic() + HEALTHY_SECONDS
    while (
        asked := subprocess.run(check, env={**os.environ, **variables}, capture_output=True, check=False)
    ).returncode:
        assert time.monotonic() < until, asked.stderr.decode() + (folder / f"{name}.log").read_text()[-3000:]
        time.sleep(0.5)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_services_start_are_healthy_and_work_together(
    places: dict[str, str], weaviate_server: RunningServer, tmp_path: Path
) -> None:
    more = {
        "DOCQA_WEAVIATE_API_KEY": weaviate_server.api_key,
        "DOCQA_WEAVIATE_GRPC_URL": weaviate_server.grpc_url,
        "DOCQA_WEAVIATE_PREFIX": "Composed",
    }
    variables = {name: {**environment(name, places), **more} for name in OURS}
    create = here(["docqa", "keys", "create", "--scope", "admin"])
    made = subprocess.run(create, env={**os.environ, **variables["api"]}, capture_output=True, text=True, check=True)
    key = re.findall(r"dq-[\w-]{43}", made.stdout)[0]
    with ExitStack() as stack:
        stack.callback(end_all, tmp_path / "data")
        processes = [stack.enter_context(running(name, variables[name], tmp_path)) for name in OURS]
        for name in OURS:
            wait_until_healthy(name, variables[name], tmp_path)
        with client_of(f"http://127.0.0.1:{places['8000']}", key) as client:
            store = client.vector_stores.create(name="notes")
            client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("ostervik.md", TEXT))
            answer = client.chat.completions.create(model="notes", messages=[QUESTION])  # type: ignore[list-item]
            assert "Norda Shipyard" in (answer.choices[0].message.content or "")
        for process in processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(END_SECONDS) for process in processes] == [0, 0, 0]
