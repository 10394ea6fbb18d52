"""OpenAI's client for JavaScript, unmodified, against a service as users start it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.foreign import told_by
from tests.clients.library import DOCUMENTS, Stocked, cited_in, link_in

pytestmark = pytest.mark.timeout(300)
PACKAGE = Path(__file__).parent / "javascript"


@pytest.fixture(scope="module")
def told(clients: None, service: Stocked, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the client was told."""
    document = tmp_path_factory.mktemp("javascript") / "ostervik.md"
    document.write_text(DOCUMENTS["ostervik.md"])
    return told_by("ask_openai.mjs", service, str(document))


def test_the_package_is_pinned_with_its_hash_and_without_an_address() -> None:
    lock = (PACKAGE / "package-lock.json").read_text()
    pinned = json.loads((PACKAGE / "package.json").read_text())["dependencies"]
    locked = {name.removeprefix("node_modules/"): each for name, each in json.loads(lock)["packages"].items() if name}
    assert pinned == {name: each["version"] for name, each in locked.items()}
    assert all(each["integrity"].startswith("sha512-") for each in locked.values())
    assert "://" not in lock


def test_a_file_is_uploaded_from_a_stream_and_given_back(told: Any) -> None:
    assert (told["file"]["filename"], told["file"]["status"]) == ("ostervik.md", "processed")
    assert told["content"] == DOCUMENTS["ostervik.md"]


def test_a_file_is_taken_into_a_vector_store_and_found(told: Any) -> None:
    assert told["done"]["status"] == "completed"
    assert told["found"]["file_id"] == told["done"]["id"]
    assert "Norda Shipyard" in told["found"]["content"][0]["text"]
    assert {"docqa", "notes", "from-javascript"} <= set(told["models"])


def test_a_chat_is_answered_with_its_sources(told: Any) -> None:
    message = told["chat"]["whole"]
    assert link_in(message["content"]) == message["annotations"][0]["url_citation"]["url"]


def test_a_chat_streams_in_pieces_with_its_sources(told: Any) -> None:
    assert len(told["chat"]["pieces"]) > 3
    assert link_in("".join(told["chat"]["pieces"]))
    assert link_in(told["chat"]["helped"])


def test_a_response_cites_its_file_and_includes_what_was_found(told: Any) -> None:
    search, message = told["responses"]["whole"]["output"]
    assert search["results"][0]["file_id"] == told["done"]["id"]
    assert "Norda Shipyard" in message["content"][0]["text"]
    assert cited_in(message["content"][0]["annotations"]) == ["ostervik.md"]
    assert message["content"][0]["annotations"][0]["file_id"] == told["done"]["id"]


def test_a_response_streams_in_pieces_and_ends_as_a_whole_one_does(told: Any) -> None:
    streamed = told["responses"]["streamed"]
    assert streamed["status"] == "completed"
    assert "".join(told["responses"]["pieces"]) == streamed["output_text"]
    assert streamed["output_text"] == told["responses"]["whole"]["output_text"]
    assert cited_in(streamed["output"][-1]["content"][0]["annotations"]) == ["ostervik.md"]


def test_a_response_goes_on_from_another(told: Any) -> None:
    assert told["responses"]["next"]["previous_response_id"] == told["responses"]["whole"]["id"]
    assert told["responses"]["next"]["status"] == "completed"


def test_a_response_of_the_background_is_polled_and_deleted(told: Any) -> None:
    assert told["background"]["first"] == "queued"
    assert told["background"]["last"] == "completed"
    assert "Norda Shipyard" in told["background"]["text"]
    assert told["background"]["gone"] == 404


def test_a_deleted_store_and_file_are_gone(told: Any) -> None:
    assert told["removed"] == [404, 404]
