"""The project's own files: locks, packages, licence."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = sorted(ROOT.glob("requirements*.lock"))


def pins(lock: str) -> dict[str, str]:
    """Package → exact version."""
    return dict(re.findall(r"^([a-z0-9_.-]+)==(\S+) \\$", (ROOT / lock).read_text(), re.MULTILINE))


def name(requirement: str) -> str:
    return re.split(r"[<>=!;\[ ]", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_exact_versions_with_hashes_and_no_address(lock: Path) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text().strip())
    assert [e for e in entries if not re.match(r"[a-z0-9_.-]+==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", e)] == []
    assert "://" not in lock.read_text()


def test_every_dependency_is_locked() -> None:
    assert {name(r) for r in PROJECT["dependencies"]} <= pins("requirements.lock").keys()
    for extra, requirements in PROJECT["optional-dependencies"].items():
        assert {name(r) for r in requirements} <= pins(f"requirements-{extra}.lock").keys()


def test_the_locks_agree_with_each_other() -> None:
    runtime = pins("requirements.lock")
    beside = [lock.name for lock in LOCKS if lock.name != "requirements-clients.lock"]  # it has its own environment
    others = [item for lock in beside for item in pins(lock).items() if item[0] in runtime]
    assert [item for item in others if runtime[item[0]] != item[1]] == []


def test_the_version_stands_in_one_place() -> None:
    assert metadata.version("docqa") == PROJECT["version"]


def test_the_changelog_knows_this_version() -> None:
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize(
    ("python", "said"), [("false", "apt-get install python3-venv"), ("", "docqa needs Python 3.11 or newer")]
)
def test_make_says_which_package_is_missing(tmp_path: Path, python: str, said: str) -> None:
    command = ["make", "-f", str(ROOT / "Makefile"), f"PYTHON={python}", ".venv/python"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert said in ended.stdout
    assert not (tmp_path / ".venv").exists()


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()
