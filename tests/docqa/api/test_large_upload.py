"""A file of a gigabyte comes in without being held in memory; a kill on the way leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from docqa.settings import Settings
from ingest.library import Library

MIB = 1 << 20
LINE = b"The harbour master of Ostervik writes the same line into the log of the harbour every day.\n"
BLOCK = (LINE * (MIB // len(LINE) + 1))[:MIB]
HEAD = (
    b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="log.txt"\r\n\r\n'
)
END = b"\r\n--x--\r\n"
FORM = {"Content-Type": "multipart/form-data; boundary=x"}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@contextmanager
def service(data: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A process of the service that takes files of two gigabytes: its address and the process."""
    environment = {**os.environ, "DOCQA_DATA_DIR": str(data), "DOCQA_MAX_FILE_MB": "2048"}
    ready, tell = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        files = (listening.fileno(), tell)
        command = [sys.executable, "-m", "docqa.api", *map(str, files)]
        process = subprocess.Popen(command, env=environment, pass_fds=files)
        os.close(tell)
        try:
            assert os.read(ready, 1), "the service does not start"
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", process
        finally:
            os.close(ready)
            process.terminate()
            process.wait(60)


def memory(process: subprocess.Popen[bytes], which: str) -> int:
    """Bytes of a process: ``VmRSS`` now, ``VmHWM`` at most."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith(which))


def settled(process: subprocess.Popen[bytes]) -> int:
    """Resident bytes of a service once it has loaded what it loads after its start."""
    before, now = 0, memory(process, "VmRSS")
    while abs(now - before) > MIB:
        time.sleep(2)
        before, now = now, memory(process, "VmRSS")
    return now


def incoming(data: Path) -> list[Path]:
    """Files that are on their way, or are kept."""
    places = [*(data / "incoming").rglob("*"), *(data / "files").rglob("*")]
    return [path for path in places if path.is_file() and path.name != "lock"]


def test_a_gigabyte_comes_in_and_memory_hardly_grows(tmp_path: Path) -> None:
    def body(blocks: int) -> Iterator[bytes]:
        yield HEAD
        for _ in range(blocks):
            yield BLOCK
        yield END

    with service(tmp_path) as (base, process), httpx.Client(base_url=base, timeout=300) as http:
        assert http.post("/v1/files", content=body(8), headers=FORM).json()["bytes"] == 8 * MIB
        assert http.post("/v1/search", json={"query": "harbour"}).json()["data"] == []  # loads what searches need
        before = settled(process)
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")  # the peak counts from here
        file = http.post("/v1/files", content=body(1024), headers=FORM).json()
        assert file["bytes"] == 1024 * MIB
        with http.stream("GET", f"/v1/files/{file['id']}/content") as content:
            assert sum(len(block) for block in content.iter_bytes(MIB)) == 1024 * MIB
        assert memory(process, "VmHWM") - before < 50 * MIB


def test_a_kill_in_the_middle_leaves_nothing_after_the_next_start(tmp_path: Path) -> None:
    with service(tmp_path) as (base, process):

        def body() -> Iterator[bytes]:
            yield HEAD
            for number in range(1024):
                if number == 256:
                    os.kill(process.pid, signal.SIGKILL)
                yield BLOCK

        with pytest.raises(httpx.TransportError):
            httpx.post(f"{base}/v1/files", content=body(), headers=FORM, timeout=60)
    assert sum(path.stat().st_size for path in incoming(tmp_path)) > 100 * MIB
    with service(tmp_path) as (base, _):
        while incoming(tmp_path):
            time.sleep(0.05)
        assert httpx.get(f"{base}/v1/files").json()["data"] == []
    with Library.open(Settings(data_dir=tmp_path)) as library:
        assert library.catalog.uploads.hashes() == {}
