"""For all tests: no network but loopback, here and in child processes, and none of the machine's own settings."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

GUARD = Path(__file__).parent / "guard"
DEAD_PROXY = "http://127.0.0.1:9"

sys.path.insert(0, str(GUARD))
import loopback  # noqa: E402, F401

os.environ["PYTHONPATH"] = os.pathsep.join(p for p in (str(GUARD), os.environ.get("PYTHONPATH", "")) if p)
for name in ("http_proxy", "https_proxy", "all_proxy"):  # for code that opens its sockets outside Python
    os.environ[name] = os.environ[name.upper()] = DEAD_PROXY
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost,::1"
os.environ["HF_HUB_OFFLINE"] = "1"
BLOCKED = Path(tempfile.mkstemp(prefix="docqa-blocked-")[1])
os.environ["LOOPBACK_LOG"] = str(BLOCKED)
MEANT = ("192.0.2.1", "docqa.invalid")  # what tests/test_guard.py tries to reach
for name in [name for name in os.environ if name.startswith("DOCQA_")]:
    if name != "DOCQA_EVAL_DATA" and not name.startswith("DOCQA_TEST_"):
        del os.environ[name]
os.environ["DOCQA_WORKER_NICE"] = "0"  # or workers would wait for the tests that run beside them
pytest_plugins = ["tests.servers.plugin", "tests.sharing"]
TRIED = pytest.StashKey[list[str]]()


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the data folder of whoever runs it."""
    monkeypatch.setenv("DOCQA_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)]
    answer = subprocess.run(mount, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        missing = f"a small file system cannot be mounted here: {answer.stderr.strip()}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Keep what one of several test processes has told."""
    node.config.stash.setdefault(TRIED, []).extend(getattr(node, "workeroutput", {}).get("tried", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where anything tried to reach the outside, though it may have swallowed the error."""
    tried = session.config.stash.get(TRIED, [])
    tried += [line for line in BLOCKED.read_text().splitlines() if not any(host in line for host in MEANT)]
    BLOCKED.unlink()
    if hasattr(session.config, "workeroutput"):  # a test process tells the one that started it
        session.config.workeroutput["tried"] = tried
    elif tried:
        print("\nThe network was tried:", *tried, sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
