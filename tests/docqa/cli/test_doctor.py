"""``docqa doctor``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docqa.cli.conftest import Docqa


def test_a_working_library_is_all_well(docqa: Docqa, library: Path) -> None:
    ended = docqa("doctor", "--json")
    checks = ended.records[0]["checks"]
    assert ended.code == 0
    assert all(check["ok"] for check in checks.values())
    assert {"data folder", "catalog", "archive", "embedder", "parser", "model"} <= checks.keys()


def test_before_the_first_ingest_all_is_well_and_nothing_is_made(docqa: Docqa, tmp_path: Path) -> None:
    assert docqa("doctor").code == 0
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_written_is_broken_and_says_what_to_do(
    docqa: Docqa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DOCQA_DATA_DIR", str(tmp_path / "file"))
    ended = docqa("doctor")
    assert ended.code == 1
    assert any(line.startswith("BROKEN  data folder") and "DOCQA_DATA_DIR" in line for line in ended.out.splitlines())


def test_an_unknown_model_is_broken_and_the_rest_is_still_checked(
    docqa: Docqa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCQA_LLM", "oracle")
    ended = docqa("doctor")
    assert ended.code == 1
    assert "BROKEN  model" in ended.out
    assert "ok      window" in ended.out


def test_of_a_small_window_a_quarter_at_most_is_reserved_as_in_a_run(
    docqa: Docqa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCQA_CONTEXT_WINDOW", "1024")
    monkeypatch.setenv("DOCQA_RESERVED_ANSWER", "8000")
    assert "ok      window      1,024 tokens, 768 of them to read; " in docqa("doctor").out


def test_one_of_a_kind_is_told_in_the_singular(docqa: Docqa, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCQA_MAX_STEPS", "1")
    docqa("ingest", folder / "harbour.md")
    said = docqa("doctor").out
    assert "1 document with 1 chunk in 1 collection\n" in said
    assert "a run ends after 1 step, " in said
