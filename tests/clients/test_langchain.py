"""LangChain's classes for OpenAI, unmodified."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.foreign import told_by
from tests.clients.library import Stocked, cited_in, link_in


@pytest.fixture(scope="module")
def told(clients: None, library: Stocked) -> Any:
    """What the classes were told."""
    return told_by("ask_langchain.py", library)


def test_a_chat_is_answered_with_its_sources(told: Any) -> None:
    assert link_in(told["chat"])


def test_a_chat_streams_in_pieces_with_its_sources_and_usage(told: Any) -> None:
    assert link_in(told["chat_streamed"])
    assert told["chunks"] > 3
    assert told["usage"]["total_tokens"] > 0


def test_an_answer_goes_back_as_history(told: Any) -> None:
    assert "Tverrdal" in told["chat_next"]
    assert "Tverrdal" in told["response_next"]


def test_a_response_keeps_its_file_citations_and_what_was_found(told: Any, library: Stocked) -> None:
    search, text = told["response"]
    assert (search["type"], search["status"]) == ("file_search_call", "completed")
    assert search["results"][0]["file_id"] == library.files["ostervik.md"]
    assert "Norda Shipyard" in text["text"]
    assert cited_in(text["annotations"]) == ["ostervik.md"]


def test_a_streamed_response_is_the_same(told: Any) -> None:
    search, text = told["response_streamed"]
    assert (search["type"], search["status"]) == ("file_search_call", "completed")
    assert text["text"] == told["response"][1]["text"]
    assert cited_in(text["annotations"]) == ["ostervik.md"]


def test_texts_become_vectors_though_they_are_sent_as_tokens(told: Any) -> None:
    harbour, village = told["vectors"]
    assert len(harbour) == len(village) == len(told["vector_of_text"])
    assert harbour == pytest.approx(told["vector_of_text"], abs=1e-5)
    assert harbour != village
