"""``docqa ask`` with the extractive reader."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.docqa.cli.conftest import Docqa

QUESTION = "Who opened the harbour of Ostervik?"


def test_the_answer_comes_with_document_page_and_quote(docqa: Docqa, library: Path) -> None:
    ended = docqa("ask", QUESTION)
    assert ended.code == 0
    assert "Norda Shipyard" in ended.out
    assert "[1] The harbour of Ostervik, page 1" in ended.out
    assert "“" in ended.out


def test_the_steps_are_shown_on_standard_error(docqa: Docqa, library: Path) -> None:
    ended = docqa("ask", QUESTION)
    assert "→ search_archive(" in ended.err
    assert "→" not in ended.out


def test_it_is_plain_that_no_language_model_answered(docqa: Docqa, library: Path) -> None:
    assert "extractive reader. No language model" in docqa("ask", QUESTION).out


def test_quiet_leaves_the_steps_out(docqa: Docqa, library: Path) -> None:
    assert docqa("ask", QUESTION, "--quiet").err == ""


def test_what_the_documents_do_not_say_ends_with_3(docqa: Docqa, library: Path) -> None:
    ended = docqa("ask", "What is the boiling point of tungsten hexafluoride?")
    assert ended.code == 3
    assert "not in the documents · " in ended.out


def test_a_limit_ends_with_4_and_says_which(docqa: Docqa, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCQA_MAX_SECONDS", "0.001")
    ended = docqa("ask", QUESTION)
    assert ended.code == 4
    assert "This answer is partial. It was stopped by a limit: 0.001 seconds.\n" in ended.out


def test_json_is_one_event_a_line_and_the_answer_is_the_last(docqa: Docqa, library: Path) -> None:
    records = docqa("ask", QUESTION, "--json").records
    assert records[0]["event"] == "run_started"
    assert records[-1]["event"] == "answered"
    assert records[-1]["citations"][0]["page"] == 1


def test_a_dash_reads_the_question_from_standard_input(
    docqa: Docqa, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(QUESTION))
    assert "Norda Shipyard" in docqa("ask", "-").out


def test_a_question_is_recorded_and_replayed(docqa: Docqa, library: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    assert docqa("ask", QUESTION, "--record", path).code == 0
    assert docqa("ask", QUESTION, "--record", path).code == 0
    assert docqa("replay", path).out.count("identical") == 2


def test_nothing_is_kept_of_a_question(docqa: Docqa, library: Path, tmp_path: Path) -> None:
    docqa("ask", QUESTION)
    assert not (tmp_path / "data/recall.sqlite").exists()


def test_what_a_question_repeats_is_quoted_once(docqa: Docqa, folder: Path) -> None:
    (folder / "copy.md").write_text("# A copy\n\n" + (folder / "harbour.md").read_text())
    docqa("ingest", folder)
    answer = docqa("ask", QUESTION, "--json").records[-1]
    sentence = "The harbour of Ostervik was opened in 1911 by the builder Norda Shipyard."
    assert answer["text"].count(sentence) == 1
