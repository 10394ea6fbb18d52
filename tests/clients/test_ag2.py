"""AG2's agent with its configurations for OpenAI, unmodified."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.foreign import told_by
from tests.clients.library import Stocked, link_in


@pytest.fixture(scope="module")
def told(clients: None, library: Stocked) -> Any:
    """What the agent was told."""
    return told_by("ask_ag2.py", library)


def test_a_question_is_answered_with_its_sources(told: Any) -> None:
    assert link_in(told["chat"])


def test_an_answer_streams_in_pieces_with_its_sources(told: Any) -> None:
    assert len(told["chat_streamed"]) > 3
    assert link_in("".join(told["chat_streamed"]))


def test_responses_are_answered_and_stream_the_same_text(told: Any) -> None:
    assert "Norda Shipyard" in told["response"]
    assert "[1]" in told["response"]
    assert len(told["response_streamed"]) > 1
    assert "".join(told["response_streamed"]) == told["response"]


@pytest.mark.parametrize("way", ["chat", "response"])
def test_an_agent_is_asked_again_in_the_same_conversation(told: Any, way: str) -> None:
    assert "Tverrdal" in told[f"{way}_next"]
