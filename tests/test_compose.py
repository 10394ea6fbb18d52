"""docker-compose.yml: valid, pinned, bounded, reachable from this machine only, and without a secret in it."""

from __future__ import annotations

import mmap
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from docqa.settings import Settings

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docker-compose.yml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
COMPOSE: dict[str, Any] = YAML(typ="safe").load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+):\?[A-Z][^}]+\.\}")
REQUIRED = {"DOCQA_WEAVIATE_API_KEY", "VALKEY_PASSWORD", "POSTGRES_PASSWORD"}
OURS = [name for name, service in SERVICES.items() if "build" in service]
UNITS = {"MiB": 1, "M": 1, "GiB": 1024, "G": 1024}  # Compose's G is binary, too
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def mebibytes(size: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(\w+)", size).groups()  # type: ignore[union-attr]
    return int(number) * UNITS[unit]


def seconds(time: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([sm])", time).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "m": 60}[unit]


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
    assert [port for port in service.get("ports", []) if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)] == []


def test_the_service_waits_for_the_servers_that_it_needs() -> None:
    assert OURS == ["api", "worker", "keeper"]
    servers = SERVICES.keys() - set(OURS)
    assert all(
        SERVICES[name]["depends_on"] == {each: {"condition": "service_healthy"} for each in servers} for name in OURS
    )


def test_the_image_is_of_this_version() -> None:
    assert {SERVICES[name]["image"] for name in OURS} == {f"docqa:{metadata.version('docqa')}"}


def test_a_service_of_ours_may_do_nothing_that_it_need_not() -> None:
    for name in OURS:
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


def test_a_service_has_the_time_to_end_that_it_may_take() -> None:
    settings = Settings()
    assert seconds(SERVICES["api"]["stop_grace_period"]) > settings.shutdown_seconds + 30
    for name in ("worker", "keeper"):
        assert seconds(SERVICES[name]["stop_grace_period"]) > settings.part_seconds + 30


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


def test_every_variable_is_required_and_says_what_to_do_and_stands_in_the_example() -> None:
    assert set(VARIABLE.findall(TEXT)) == REQUIRED
    rest = "\n".join(line for line in TEXT.splitlines() if not line.lstrip().startswith("#"))
    assert len(re.findall(r"(?<!\$)\$(?!\$)", rest)) == len(VARIABLE.findall(TEXT))
    assert set(re.findall(r"(?m)^(\w+)=<", EXAMPLE)) == REQUIRED


def test_every_variable_of_the_example_is_a_setting_or_a_password() -> None:
    known = {f"DOCQA_{name.upper()}" for name in Settings.model_fields} | REQUIRED
    assert set(re.findall(r"(?m)^#?([A-Z_]+)=", EXAMPLE)) <= known


def test_no_secret_stands_in_the_file() -> None:
    settings = [item for service in SERVICES.values() for item in service.get("environment", {}).items()]
    secret = [value for name, value in settings if re.search(r"_KEYS?$|PASSWORD|TOKEN|BROKER_URL|CATALOG_URL", name)]
    assert len(secret) == 2 + 3 * len(OURS)
    assert [value for value in secret if not re.search(r"(^|:)\$\{\w+:\?|^/run/secrets/", value)] == []
    assert [list(secret) for secret in COMPOSE["secrets"].values()] == [["environment"], ["environment"]]


@each_service
def test_a_service_is_given_each_secret_that_it_reads(service: dict[str, Any]) -> None:
    assert set(re.findall(r"/run/secrets/(\w+)", str(service))) == set(service.get("secrets", []))
    assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
