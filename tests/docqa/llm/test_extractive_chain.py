"""The extractive reader through the real chain: files, archive, agent, cited answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from docqa.agent import Agent
from docqa.events import Answered, StepStarted
from docqa.llm.extractive import ExtractiveReader
from docqa.memory.archival import open_archival
from docqa.settings import Settings
from ingest.library import Library
from ingest.pipeline import ingest

BRIDGE = "# The Selby bridge\n\nThe Selby bridge is 90 m long. The Selby bridge was designed by Quay Works.\n"
KEYS = [f"{n:08x}-1a2b-4c3d-8e4f-{n * 7919:012x}" for n in range(1, 82)]
QUESTION = "What is the value of key {}? Values may themselves be keys: follow them until the value is no key."


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A page on a bridge, and 80 records of which each third leads on to the next."""
    folder: Path = tmp_path_factory.mktemp("files")
    (folder / "bridge.md").write_text(BRIDGE)
    values = [KEYS[n + 1] if n % 3 < 2 else f"{n:08x}-ffff-4c3d-8e4f-{n:012x}" for n in range(80)]
    (folder / "records.txt").write_text("".join(f"{key}: {value}\n" for key, value in zip(KEYS, values, strict=False)))
    with Library.open(Settings(data_dir=tmp_path_factory.mktemp("library"))) as opened:
        list(ingest(opened, [folder]))
        yield opened


def ask(library: Library, question: str, window: int = 4096) -> tuple[Answered, list[StepStarted]]:
    settings = Settings(data_dir=library.settings.data_dir, context_window=window)
    events = list(Agent(ExtractiveReader(), open_archival(library, settings), settings).run(question))
    answered = events[-1]
    assert isinstance(answered, Answered)
    return answered, [e for e in events if isinstance(e, StepStarted)]


def test_a_question_is_answered_with_a_citation_of_its_page(library: Library) -> None:
    answered, _ = ask(library, "Who designed the Selby bridge?")
    assert answered.outcome == "answered"
    assert "Quay Works" in answered.text
    assert [(c.page, c.quote) for c in answered.citations[:1]] == [(1, "The Selby bridge was designed by Quay Works.")]


def test_a_chain_of_identifiers_is_followed_to_its_end_within_a_small_window(library: Library) -> None:
    answered, steps = ask(library, QUESTION.format(KEYS[30]))
    assert answered.text.startswith(f"{32:08x}-ffff-4c3d-8e4f-{32:012x}")
    assert len(answered.citations) == 3
    assert all(step.used <= step.budget for step in steps)


def test_an_identifier_that_is_nowhere_is_not_found(library: Library) -> None:
    answered, _ = ask(library, QUESTION.format("0badc0de-0000-4000-8000-00000badc0de"))
    assert answered.outcome == "not_found"
