"""AutoGen's client for OpenAI and an agent with it, unmodified."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.foreign import told_by
from tests.clients.library import Stocked, link_in


@pytest.fixture(scope="module")
def told(clients: None, library: Stocked) -> Any:
    """What client and agent were told."""
    return told_by("ask_autogen.py", library)


@pytest.mark.parametrize("way", ["created", "run", "streamed_result"])
def test_a_question_is_answered_with_its_sources(told: Any, way: str) -> None:
    assert link_in(told[way])


@pytest.mark.parametrize("way", ["created", "run"])
def test_an_answer_streams_in_pieces_with_its_sources(told: Any, way: str) -> None:
    assert len(told[f"{way}_streamed"]) > 3
    assert link_in("".join(told[f"{way}_streamed"]))


def test_a_stream_tells_its_usage(told: Any) -> None:
    assert min(told["usage"]) > 0


def test_an_agent_is_asked_again_in_the_same_conversation(told: Any) -> None:
    assert "Tverrdal" in told["run_next"]
