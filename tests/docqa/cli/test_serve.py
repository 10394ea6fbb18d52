"""``docqa serve``: how it starts, whom it is open to, what it starts beside itself, and how it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from docqa.registry import open_registry
from docqa.settings import Settings
from tests.servers.api import client_of
from tests.servers.openai import ModelServer, calls, hang
from tests.servers.serve import Served, command, served
from tests.servers.workers import processes_of

WAIT_SECONDS = 60.0


def refused(data: Path, *options: str) -> str:
    """What ``docqa serve`` says instead of starting."""
    environment = {**os.environ, "DOCQA_DATA_DIR": str(data)}
    ended = subprocess.run(
        [*command(), *options], env=environment, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


def wait_until(condition: Any) -> None:
    ends = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_one_command_takes_an_upload_in_and_answers(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service, client_of(service.base) as client:
        assert re.fullmatch(
            r"docqa serves at \S+/v1; \S+/docs describes it\. Open to all on this machine .*\n"
            r"The built-in extractive reader answers, .*\n", service.said
        )
        assert "'docqa keys create'" in service.said
        store = client.vector_stores.create(name="notes")
        text = b"# Ostervik\n\nThe harbour of Ostervik was opened in 1911 by the builder Norda Shipyard.\n"
        client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("ostervik.md", text))
        asked = {"role": "user", "content": "Who opened the harbour of Ostervik?"}
        answer = client.chat.completions.create(model="notes", messages=[asked])  # type: ignore[list-item]
        assert "Norda Shipyard" in (answer.choices[0].message.content or "")
        assert httpx.get(f"{service.base}/readyz").json() == {"status": "ready", "failing": []}
        assert {"broker", "supervisor", "celery"} <= set(processes_of(tmp_path / "data").values())
        service.tell_to_end()
        assert service.end() == 0
        assert processes_of(tmp_path / "data") == {}


def test_it_can_leave_the_worker_to_others(tmp_path: Path) -> None:
    with served(tmp_path / "data", "--no-worker"):
        assert set(processes_of(tmp_path / "data").values()) == {"other"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_an_address_that_others_can_reach_needs_a_key(tmp_path: Path, host: str) -> None:
    said = refused(tmp_path / "data", "--host", host)
    assert said.startswith(f"docqa: Others can reach {host}, and there is no key: make one with 'docqa keys create'")


def test_with_a_key_it_serves_others_who_have_it(tmp_path: Path) -> None:
    with open_registry(Settings(data_dir=tmp_path / "data")) as registry:
        _, secret = registry.keys.create("default")
    with served(tmp_path / "data", "--no-worker", "--host", "0.0.0.0") as service:
        assert "It needs a key" in service.said
        base = service.base.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(f"{base}/v1/models").status_code == 401
        assert httpx.get(f"{base}/v1/models", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
        assert secret not in service.log


def test_a_port_in_use_is_said_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert refused(tmp_path / "data", "--port", port) == (
            f"docqa: Port {port} of 127.0.0.1 is in use: choose another with --port (DOCQA_PORT), or end what listens "
            "there.\n"
        )


def test_a_service_that_cannot_open_says_why_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCQA_LLM", "openai")
    monkeypatch.setenv("DOCQA_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    said = refused(tmp_path / "data", "--no-worker")
    assert said.startswith("docqa: ")
    assert "Traceback" not in said
    assert "DOCQA_LLM_BASE_URL" in said


def test_several_processes_share_the_port_and_their_figures(tmp_path: Path) -> None:
    with served(tmp_path / "data", "--no-worker", "--workers", "2") as service:
        wait_until(lambda: list(processes_of(tmp_path / "data").values()).count("other") == 3)
        for _ in range(20):
            assert httpx.get(f"{service.base}/livez").status_code == 200
        counted = 'docqa_requests_total{method="GET",route="/livez",status="200"} 20.0'
        assert counted in httpx.get(f"{service.base}/metrics").text


def test_a_process_that_dies_is_started_again_and_no_request_is_refused(tmp_path: Path) -> None:
    with served(tmp_path / "data", "--no-worker") as service:
        (process,) = set(processes_of(tmp_path / "data")) - {service.process.pid}
        os.kill(process, signal.SIGKILL)
        assert httpx.get(f"{service.base}/livez", timeout=WAIT_SECONDS).status_code == 200
        assert "a process that answers has ended (-9) and is started again" in service.log


class Asking(threading.Thread):
    """A client that asks for a streamed answer and keeps what comes."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.lines: list[str] = []

    def run(self) -> None:
        body = {"model": "docqa", "stream": True, "messages": [{"role": "user", "content": "Who built Ostervik?"}]}
        with (
            suppress(httpx.RemoteProtocolError),
            httpx.stream("POST", f"{self._base}/v1/chat/completions", json=body, timeout=WAIT_SECONDS) as answer,
        ):
            for line in answer.iter_lines():
                self.lines.append(line)


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


def with_model(model: ModelServer, **more: str) -> dict[str, str]:
    return {"DOCQA_LLM": "openai", "DOCQA_LLM_BASE_URL": model.url, "DOCQA_LLM_CALLS": "native", **more}


def asking(service: Served, model: ModelServer) -> Asking:
    """A client whose answer is under way."""
    before = len(model.requests)
    client = Asking(service.base)
    client.start()
    wait_until(lambda: len(model.requests) > before)
    return client


def test_an_answer_under_way_is_cut_with_an_event_when_its_time_is_over(
    stocked: Path, tmp_path: Path, model: ModelServer
) -> None:
    shutil.copytree(stocked, tmp_path / "data")
    model.otherwise = hang()
    settings = with_model(model, DOCQA_SHUTDOWN_SECONDS="2")
    with served(tmp_path / "data", "--no-worker", settings=settings) as service:
        client = asking(service, model)
        service.tell_to_end()
        wait_until(lambda: httpx.get(f"{service.base}/readyz").json()["status"] == "ending")
        assert httpx.get(f"{service.base}/livez").headers["connection"] == "close"
        client.join(WAIT_SECONDS)
        assert service.end() == 0
    assert client.lines[-2].startswith('data: {"error"')
    assert '"code":"stopped"' in client.lines[-2]


def test_an_answer_that_ends_in_time_is_given_whole(stocked: Path, tmp_path: Path, model: ModelServer) -> None:
    shutil.copytree(stocked, tmp_path / "data")
    model.otherwise = calls(("answer", {"text": "Nobody knows.", "citations": [], "not_found": True}))
    with served(tmp_path / "data", "--no-worker", settings=with_model(model)) as service:
        client = asking(service, model)
        service.tell_to_end()
        client.join(WAIT_SECONDS)
        assert service.end() == 0
    assert client.lines[-2] == "data: [DONE]"


def test_a_second_signal_ends_it_at_once(stocked: Path, tmp_path: Path, model: ModelServer) -> None:
    shutil.copytree(stocked, tmp_path / "data")
    model.otherwise = hang()
    with served(tmp_path / "data", "--no-worker", settings=with_model(model)) as service:
        client = asking(service, model)
        service.tell_to_end(signal.SIGINT)
        wait_until(lambda: "Ctrl-C again" in service.log)
        service.tell_to_end(signal.SIGINT)
        assert service.end() == 130
        client.join(WAIT_SECONDS)


def test_nothing_is_left_where_it_is_killed(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        service.process.kill()
        service.process.wait()
        wait_until(lambda: processes_of(tmp_path / "data") == {})
