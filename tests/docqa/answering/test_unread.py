"""Answers that have found nothing say where that may be because documents are not read yet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from docqa.answering.unread import told, without
from docqa.events import EXTRACTIVE, Answered
from docqa.settings import Settings
from ingest.library import Library
from ingest.pipeline import ingest
from ingest.pipeline.uploads import attach, keep

NOTHING = Answered("The documents do not say.", (), "not_found", "scripted", 1, 0.1, 10, 5)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A library with one document in the collection ``read``, and one that waits in ``waiting``."""
    library = Library.open(Settings(data_dir=tmp_path / "data"))
    (tmp_path / "note.md").write_text("# Note\n\nThe pump was sold.\n")
    list(ingest(library, [tmp_path / "note.md"], "read"))
    with library.files.receive() as receiving:
        receiving.write(b"# Another\n\nThe valve was sold.\n")
        upload = keep(library, receiving, "other.md", "assistants")
    attach(library, "waiting", [upload])
    return library


def test_that_documents_are_still_being_read_is_said(library: Library) -> None:
    with library:
        assert told(NOTHING, library.catalog, ["waiting"]).text.endswith("But 1 document is still being read: ask "
                                                                         "again in a while.")  # fmt: skip
        assert told(NOTHING, library.catalog, []).text != NOTHING.text


def test_that_there_is_no_document_is_said(library: Library) -> None:
    with library:
        assert told(NOTHING, library.catalog, ["empty"]).text.endswith("There is no document here yet.")


def test_that_no_language_model_read_the_documents_is_said_and_taken_away_again(library: Library) -> None:
    with library:
        text = told(replace(NOTHING, model=EXTRACTIVE), library.catalog, ["read"]).text
    assert text.endswith("an answer in other words may have been missed.")
    assert without(text) == NOTHING.text


def test_an_answer_over_documents_that_were_read_stays_as_it_is(library: Library) -> None:
    with library:
        assert told(NOTHING, library.catalog, ["read"]) == NOTHING


def test_an_answer_that_has_found_something_stays_as_it_is(library: Library) -> None:
    found = Answered("It was sold.", (), "answered", "scripted", 1, 0.1, 10, 5)
    with library:
        assert told(found, library.catalog, ["waiting"]) == found
