"""``/v1/jobs``: jobs are listed, followed and steered."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from docqa.settings import Settings
from ingest.library import Library
from tests.servers.api import serving

UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    with Library.open(settings) as library:
        yield library


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx.Client]:
    with serving(settings) as base, httpx.Client(base_url=f"{base}/v1", timeout=60) as client:
        yield client


def test_the_newest_are_listed_first_and_can_be_chosen_by_state(api: httpx.Client, library: Library) -> None:
    old, new = (library.catalog.jobs.create("ingest", name, {"paths": []}).id for name in ("old", "new"))
    library.catalog.jobs.pause(old)
    assert [each["id"] for each in api.get("/jobs").json()["data"]] == [new, old]
    assert [each["id"] for each in api.get("/jobs", params={"state": "paused"}).json()["data"]] == [old]


def test_a_job_is_paused_resumed_and_cancelled(api: httpx.Client, library: Library) -> None:
    job = library.catalog.jobs.create("ingest", "pumps", {"paths": []}).id
    states = [api.post(f"/jobs/{job}/{action}").json()["state"] for action in ("pause", "resume", "cancel", "cancel")]
    assert states == ["paused", "running", "cancelled", "cancelled"]
    refused = api.post(f"/jobs/{job}/resume")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")


def test_what_happened_is_told_in_order(api: httpx.Client, library: Library) -> None:
    job = library.catalog.jobs.create("ingest", "pumps", {"paths": []}).id
    api.post(f"/jobs/{job}/pause")
    api.post(f"/jobs/{job}/resume")
    first = api.get(f"/jobs/{job}/log", params={"limit": 1}).json()
    rest = api.get(f"/jobs/{job}/log", params={"after": first["last_id"]}).json()
    told = [each["message"] for each in [*first["data"], *rest["data"]]]
    assert [message for message in told if message in ("paused", "running")] == ["paused", "running"]


def test_a_verification_can_be_begun(api: httpx.Client, library: Library) -> None:
    begun = api.post("/jobs", json={"kind": "verify", "repair": True}).json()
    assert (begun["kind"], begun["state"]) == ("verify", "running")
    assert library.catalog.jobs.get(begun["id"]).arguments == {"repair": True, "deep": False}


@pytest.mark.parametrize(
    "method_and_path", ["GET ", "GET /log", "POST /cancel", "POST /pause", "POST /resume", "POST /retry"]
)
def test_an_unknown_job_is_not_found(api: httpx.Client, method_and_path: str) -> None:
    method, _, path = method_and_path.partition(" ")
    assert api.request(method, f"/jobs/{UNKNOWN}{path}").json()["error"]["code"] == "not_found"


def test_paths_of_the_machine_are_not_among_what_is_told(api: httpx.Client, library: Library) -> None:
    library.catalog.jobs.create("ingest", "pumps", {"paths": ["/srv/secret/report.pdf"]})
    assert "secret" not in api.get("/jobs").text
