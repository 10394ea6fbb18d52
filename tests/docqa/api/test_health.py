"""Health: whether the process lives, whether the service is ready, and who may see its figures."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from docqa.api.http.readiness import Readiness
from docqa.api.service import Service
from docqa.llm.scripted import ScriptedModel
from docqa.registry import open_registry
from docqa.settings import Settings
from ingest.errors import ArchiveError
from tests.docqa.api.asking import soon
from tests.servers.api import serving

NOBODY = "127.0.0.1:9"
AWAY: dict[str, dict[str, Any]] = {
    "broker": {"broker_url": f"redis://{NOBODY}/0"},
    "archive": {"archive": "weaviate", "weaviate_url": f"http://{NOBODY}", "weaviate_grpc_url": f"http://{NOBODY}"},
    "embedder": {"embedder": "openai", "embedding_base_url": f"http://{NOBODY}/v1", "embedding_model": "m"},
    "model": {"llm": "openai", "llm_base_url": f"http://{NOBODY}/v1", "llm_model": "m"},
}
NONE = cast(Service, None)
"""A service that no check looks at."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def test_a_service_whose_parts_all_work_is_ready(settings: Settings) -> None:
    with serving(settings) as base:
        assert httpx.get(f"{base}/livez").json() == {"status": "alive"}
        assert soon(lambda: httpx.get(f"{base}/readyz", timeout=30).status_code == 200)
        assert httpx.get(f"{base}/readyz").json() == {"status": "ready", "failing": []}


@pytest.mark.parametrize("part", AWAY)
def test_a_part_that_is_away_is_named_without_its_address(settings: Settings, part: str) -> None:
    with serving(settings.model_copy(update=AWAY[part]), ScriptedModel([])) as base:
        answer = httpx.get(f"{base}/readyz", timeout=60)
        assert answer.status_code == 503
        assert answer.json()["status"] == "not_ready"
        assert part in answer.json()["failing"]
        assert NOBODY not in answer.text
        assert httpx.get(f"{base}/livez").status_code == 200


def test_a_part_that_hangs_counts_as_failing_and_is_not_asked_once_more() -> None:
    asked, go_on = [], threading.Event()

    def hanging(_: Service) -> None:
        asked.append(1)
        go_on.wait(60)

    async def look() -> list[tuple[str, ...]]:
        readiness = Readiness(NONE, {"hanging": hanging, "well": lambda _: None}, seconds=0.05)
        found = [await readiness.failing() for _ in range(3)]
        go_on.set()
        return found

    assert asyncio.run(look()) == [("hanging",)] * 3
    assert asked == [1]


def test_what_was_found_counts_for_some_seconds() -> None:
    asked = []

    def broken(_: Service) -> None:
        asked.append(1)
        raise ArchiveError("The archive in /var/lib is away.")

    async def look() -> list[tuple[str, ...]]:
        readiness = Readiness(NONE, {"archive": broken})
        return list(await asyncio.gather(*(readiness.failing() for _ in range(50))))

    assert asyncio.run(look()) == [("archive",)] * 50
    assert asked == [1]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A service with keys: its address, and a key for each scope."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("guarded") / "data")
    with open_registry(settings) as registry:
        keys = {scope: registry.keys.create("default", scopes=(scope,))[1] for scope in ("read", "write", "admin")}
    with serving(settings) as base:
        yield base, keys


@pytest.mark.parametrize(("scope", "status"), [("", 401), ("read", 403), ("write", 403), ("admin", 200)])
def test_figures_are_for_administrators(guarded: tuple[str, dict[str, str]], scope: str, status: int) -> None:
    base, keys = guarded
    headers = {"Authorization": f"Bearer {keys[scope]}"} if scope else {}
    answer = httpx.get(f"{base}/metrics", headers=headers)
    assert answer.status_code == status
    assert ("process_resident_memory_bytes" in answer.text) == (status == 200)


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_need_no_key(guarded: tuple[str, dict[str, str]], path: str) -> None:
    assert httpx.get(f"{guarded[0]}{path}", timeout=60).status_code in (200, 503)


def test_figures_can_be_off(settings: Settings) -> None:
    with serving(settings.model_copy(update={"metrics": False})) as base:
        assert httpx.get(f"{base}/metrics").status_code == 404
