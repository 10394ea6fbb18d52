"""What a container's health check is told where all is not well; tests/test_compose_services.py has the rest."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("what", ["livez", "readyz", "worker"])
def test_where_nothing_runs_nothing_is_well(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCQA_PORT", "9")
    asked = subprocess.run([sys.executable, "-m", "docqa.cli.probe", what], capture_output=True, text=True, check=False)
    assert asked.returncode == 1
    assert "Traceback" not in asked.stderr
