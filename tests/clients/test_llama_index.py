"""llama-index's classes for OpenAI, unmodified."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.foreign import told_by
from tests.clients.library import Stocked, cited_in, link_in, stock
from tests.servers.api import client_of

KNOWN = "gpt-4o"
"""A collection's name: the class ``OpenAI`` takes the names of OpenAI's models alone, ``OpenAILike`` takes any."""


@pytest.fixture(scope="module")
def told(clients: None, library: Stocked) -> Any:
    """What the classes were told."""
    with client_of(library.url.removesuffix("/v1")) as client:
        stock(client, KNOWN)
    return told_by("ask_llama_index.py", library, KNOWN)


@pytest.mark.parametrize("way", ["chat", "own", "completed"])
def test_a_chat_is_answered_with_its_sources(told: Any, way: str) -> None:
    assert link_in(told[way])


@pytest.mark.parametrize("way", ["chat", "own"])
def test_a_chat_streams_in_pieces_with_its_sources(told: Any, way: str) -> None:
    assert len(told[f"{way}_streamed"]) > 3
    assert link_in("".join(told[f"{way}_streamed"]))


def test_an_answer_goes_back_as_history(told: Any) -> None:
    assert "Tverrdal" in told["chat_next"]


def test_a_response_keeps_its_file_citations(told: Any) -> None:
    assert "Norda Shipyard" in told["response"]
    assert cited_in(told["annotations"]) == ["ostervik.md"]


def test_a_response_goes_on_from_the_one_before_and_streams_in_pieces(told: Any) -> None:
    assert len(told["response_streamed"]) > 1
    assert "Tverrdal" in "".join(told["response_streamed"])
