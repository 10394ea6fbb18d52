"""The commands of ``docqa chat``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from docqa.llm.scripted import ScriptedModel, call
from tests.docqa.cli.conftest import Typed

Play = Callable[..., ScriptedModel]
REMEMBER = call("remember", block="user", text="I am called Ada")
SEARCH = call("search_archive", query="harbour of Ostervik")
NOTE = call("note_evidence", claim="Norda Shipyard opened it", chunk="c1", quote="the builder Norda Shipyard")
ANSWER = call("answer", text="Norda Shipyard [e1].", citations=["e1"])


@pytest.fixture
def ada(typed: Typed, library: Path, model: Play) -> Play:
    """A user whose name is remembered."""
    model(REMEMBER, SEARCH, call("answer", text="There is nothing of it.", not_found=True))
    typed("I am called Ada. What is my harbour?")
    return model


def test_memory_shows_the_blocks_and_how_full_they_are(typed: Typed, ada: Play) -> None:
    said = typed("/memory").out
    assert "user (about you)\n    I am called Ada\n" in said
    assert " of 600 tokens are used.\n" in said


def test_what_is_remembered_can_be_forgotten(typed: Typed, ada: Play) -> None:
    said = typed("/memory forget user called Ada", "/memory forget user called Ada").out
    assert "Forgotten: I am called Ada\n" in said
    assert "Nothing in 'user' is like 'called Ada'; /memory shows what is there.\n" in said
    assert typed("/memory", options=["--json"]).records[0]["memory"]["user"] == ""


@pytest.mark.parametrize("line", ["/memory forget", "/memory forget user", "/memory forget moon Ada"])
def test_forgetting_without_a_block_or_text_is_told(typed: Typed, library: Path, line: str) -> None:
    assert "Type /memory forget BLOCK TEXT; the blocks are: user, library, task." in typed(line).out


def test_evidence_shows_claims_with_quotes(typed: Typed, library: Path, model: Play) -> None:
    model(SEARCH, NOTE, ANSWER)
    said = typed("Who opened the harbour?", "/evidence").out
    assert "[e1] Norda Shipyard opened it\n" in said
    assert "    The harbour of Ostervik, page 1: “the builder Norda Shipyard”\n" in said


def test_evidence_of_a_run_that_failed_is_still_there(typed: Typed, library: Path, model: Play) -> None:
    model(SEARCH, NOTE)
    assert "[e1] Norda Shipyard opened it\n" in typed("Who opened the harbour?", "/evidence", "/sources").out


def test_context_shows_what_fills_the_window_and_adds_up(typed: Typed, library: Path, model: Play) -> None:
    model(SEARCH, NOTE, ANSWER)
    said = typed("/context", "Who opened the harbour?", "/context").out
    assert "Nothing fills the window yet: ask something first." in said
    rows = dict(line.split("\t")[:2] for line in said.splitlines() if line.count("\t") == 2)
    parts = {name: int(tokens.replace(",", "")) for name, tokens in rows.items() if name != "part"}
    assert sum(parts.values()) == 8192 - 1024
    assert {"instructions and functions", "core memory", "the question", "evidence", "free"} <= parts.keys()


def test_help_lists_the_commands(typed: Typed, library: Path) -> None:
    assert "/memory forget BLOCK TEXT  drop the lines" in typed("/help").out
