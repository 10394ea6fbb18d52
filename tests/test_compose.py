"""docker-compose.yml: valid, pinned, bounded, reachable from this machine only, and without a secret in it."""

from __future__ import annotations

import mmap
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from docqa.settings import Settings

TEXT = (Path(__file__).parents[1] / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = YAML(typ="safe").load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
UNITS = {"MiB": 1, "M": 1, "GiB": 1024, "G": 1024}  # Compose's G is binary, too
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def mebibytes(size: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(\w+)", size).groups()  # type: ignore[union-attr]
    return int(number) * UNITS[unit]


def check(path: Path, text: str) -> subprocess.CompletedProcess[str]:
    """The file, checked with the schema of the compose specification that check-jsonschema carries."""
    path.write_text(text)
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_file_is_valid_by_the_compose_specification(tmp_path: Path) -> None:
    checked = check(tmp_path / "docker-compose.yml", TEXT)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("restart: unless-stopped", "restrat: unless-stopped"), ("secrets: [valkey_password]", "secrets: 7")],
)
def test_the_specification_refuses_a_mistake(tmp_path: Path, right: str, wrong: str) -> None:
    checked = check(tmp_path / "docker-compose.yml", TEXT.replace(right, wrong))
    assert checked.returncode == 1
    assert "Schema validation errors" in checked.stdout


@each_service
def test_an_image_is_pinned_to_an_exact_version(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"postgres:\d+\.\d+|[\w./-]+:\d+\.\d+\.\d+", service["image"])  # PostgreSQL's have two numbers


@each_service
def test_a_service_is_watched_bounded_and_restarted(service: dict[str, Any]) -> None:
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert mebibytes(service["deploy"]["resources"]["limits"]["memory"]) >= 512
    assert service["restart"] == "unless-stopped"
    assert service["stop_grace_period"]


@each_service
def test_a_service_keeps_its_data_in_a_named_volume(service: dict[str, Any]) -> None:
    volumes = [volume.split(":")[0] for volume in service["volumes"]]
    assert volumes
    assert set(volumes) <= COMPOSE["volumes"].keys()


@each_service
def test_a_port_is_open_to_this_machine_only(service: dict[str, Any]) -> None:
    assert service["ports"]
    assert [port for port in service["ports"] if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)] == []


def test_only_what_docqa_uses_today_starts_by_itself() -> None:
    assert [name for name, service in SERVICES.items() if not service.get("profiles")] == ["weaviate"]


def test_weaviate_keeps_its_data_in_its_volume_and_its_heap_below_the_limit() -> None:
    weaviate = SERVICES["weaviate"]
    assert f"weaviate:{weaviate['environment']['PERSISTENCE_DATA_PATH']}" in weaviate["volumes"]
    limit = mebibytes(weaviate["deploy"]["resources"]["limits"]["memory"])
    assert limit * 0.75 <= mebibytes(weaviate["environment"]["GOMEMLIMIT"]) <= limit * 0.9


def test_weaviate_reads_every_setting_that_it_is_given(weaviate_binary: Path) -> None:
    names = [*SERVICES["weaviate"]["environment"]]
    with weaviate_binary.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as binary:
        assert [name for name in names if binary.find(name.encode()) < 0] == []
        assert binary.find(b"DISABLE_TELEMETRIE") < 0  # the search does tell names from others


def test_every_docqa_variable_is_a_setting() -> None:
    known = {f"DOCQA_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"DOCQA_[A-Z_]+", TEXT))
    assert "DOCQA_WEAVIATE_API_KEY" in named
    assert named <= known


def test_every_variable_is_required_and_says_what_to_do() -> None:
    assert re.findall(r"(?<!\$)\$\{(\w+):\?[A-Z][^}]+\.\}", TEXT) == ["DOCQA_WEAVIATE_API_KEY"]
    rest = "\n".join(line for line in TEXT.splitlines() if not line.lstrip().startswith("#"))
    assert len(re.findall(r"(?<!\$)\$(?!\$)", rest)) == 1


def test_no_secret_stands_in_the_file() -> None:
    settings = [item for service in SERVICES.values() for item in service.get("environment", {}).items()]
    secret = [value for name, value in settings if re.search(r"_KEYS?$|PASSWORD|TOKEN", name)]
    assert len(secret) == 2
    assert [value for value in secret if not value.startswith(("${DOCQA_WEAVIATE_API_KEY:?", "/run/secrets/"))] == []
    assert [list(secret) for secret in COMPOSE["secrets"].values()] == [["environment"], ["environment"]]


@each_service
def test_a_service_is_given_each_secret_that_it_reads(service: dict[str, Any]) -> None:
    assert set(re.findall(r"/run/secrets/(\w+)", str(service))) == set(service.get("secrets", []))
    assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
