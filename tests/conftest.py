"""For all tests: no network but loopback, here and in child processes, and none of the machine's own settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

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
for name in [name for name in os.environ if name.startswith("DOCQA_") and name != "DOCQA_EVAL_DATA"]:
    del os.environ[name]


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the data folder of whoever runs it."""
    monkeypatch.setenv("DOCQA_DATA_DIR", str(tmp_path / "data"))
