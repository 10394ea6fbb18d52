"""The Dockerfile: what it says is checked against what is there, and its commands are run outside a container."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from docqa.settings import Settings
from tests.servers.weaviate.ports import free_ports
from tests.servers.workers import end_all

ROOT = Path(__file__).parents[1]
TEXT = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
LINES = [line.split(" ", 1) for line in TEXT.splitlines() if line and not line.startswith("#")]
IGNORED = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
HEALTHY_SECONDS = 60.0


def all_of(instruction: str) -> list[str]:
    """What stands behind each instruction of a kind."""
    return [rest for word, rest in LINES if word == instruction]


def copied() -> list[str]:
    """The paths that come into the image."""
    given = [rest.split()[:-1] for rest in all_of("COPY") if not rest.startswith("--from")]
    return [path for paths in given for path in paths]


def environment() -> dict[str, str]:
    """The variables that the finished image has."""
    return dict(pair.split("=", 1) for pair in shlex.split(all_of("ENV")[-1]))


def test_both_stages_begin_with_the_same_exact_slim_python() -> None:
    images = [rest.removesuffix(" AS build") for rest in all_of("FROM")]
    assert len(images) == 2
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", images[0])


def test_it_does_not_run_as_root_and_may_write_its_data_only() -> None:
    user = all_of("USER")[-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert LINES.index(["USER", user]) > max(i for i, (word, _) in enumerate(LINES) if word == "RUN")
    assert f"--uid {user.split(':')[0]} " in TEXT
    assert all_of("VOLUME") == all_of("WORKDIR")[-1:] == [environment()["DOCQA_DATA_DIR"]]
    assert "-o docqa -g docqa -m 700 /data" in TEXT


def test_every_package_comes_from_a_lock_with_hashes() -> None:
    installing = [rest for rest in all_of("RUN") if "pip install" in rest]
    locks = [lock for rest in installing for lock in re.findall(r"-r (\S+)", rest)]
    assert {"requirements.lock", "requirements-postgres.lock", "requirements-s3.lock"} <= set(locks)
    assert set(locks) <= set(copied())
    assert all("--require-hashes" in rest or "--no-deps --no-build-isolation ." in rest for rest in installing)


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    assert [path for path in copied() if not (ROOT / path).exists()] == []
    allowed = [pattern[1:] for pattern in IGNORED if pattern.startswith("!")]
    assert IGNORED[0] == "*"
    assert [path for path in copied() if not any(fnmatch(path, pattern) for pattern in allowed)] == []
    assert [name for name in (".env", ".git", ".venv", "tests") if any(fnmatch(name, each) for each in allowed)] == []


def test_every_variable_is_a_setting() -> None:
    known = {f"DOCQA_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in environment() if name.startswith("DOCQA_")} <= known
    assert all_of("EXPOSE") == [environment()["DOCQA_PORT"]]


@pytest.mark.slow
def test_what_is_copied_is_enough_to_build_all_of_docqa(tmp_path: Path) -> None:
    for path in copied():
        if (ROOT / path).is_dir():
            shutil.copytree(ROOT / path, tmp_path / "build" / path, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (tmp_path / "build").mkdir(exist_ok=True)
            shutil.copy(ROOT / path, tmp_path / "build" / path)
    step = next(rest for rest in all_of("RUN") if rest.endswith(" ."))
    build = [*shlex.split(step.replace(" install ", " wheel "))[1:], "--wheel-dir", str(tmp_path / "wheels")]
    subprocess.run([sys.executable, *build], cwd=tmp_path / "build", check=True, capture_output=True)
    (wheel,) = (tmp_path / "wheels").glob("docqa-*.whl")
    with zipfile.ZipFile(wheel) as built:
        there = set(built.namelist())
    assert [name for each in ("docqa", "ingest") for name in files(tmp_path / "build", each) if name not in there] == []


def files(root: Path, folder: str) -> list[str]:
    return [str(path.relative_to(root)) for path in (root / folder).rglob("*") if path.is_file()]


@pytest.mark.slow
def test_its_command_starts_and_its_health_check_finds_it_healthy(tmp_path: Path) -> None:
    data = tmp_path / "data"
    here = {"DOCQA_DATA_DIR": str(data), "DOCQA_PORT": str(next(free_ports()))}
    own = {name: value for name, value in environment().items() if name != "PATH"}
    variables = {**os.environ, **own, **here}
    checking = all_of("HEALTHCHECK")[-1].partition(" CMD ")[2]
    command, check = ([sys.executable, "-m", "docqa.cli", *json.loads(all_of("CMD")[-1])[1:]], json.loads(checking))
    assert json.loads(all_of("CMD")[-1])[0] == "docqa"
    subprocess.run([*command[:-1], "keys", "create"], env=variables, check=True, capture_output=True)
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, env=variables, stderr=log) as process:
        try:
            until = time.monotonic() + HEALTHY_SECONDS
            while subprocess.run(
                [sys.executable, *check[1:]], env=variables, check=False, capture_output=True
            ).returncode:
                assert time.monotonic() < until, (tmp_path / "log").read_text()
                time.sleep(0.5)
            process.terminate()
            assert process.wait(HEALTHY_SECONDS) == 0
        finally:
            process.kill()
            end_all(data)
