"""``docqa doctor``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from docqa.llm import Message
from docqa.memory.recall import open_recall
from docqa.settings import Settings
from ingest.library import Library
from tests.docqa.cli.conftest import Docqa
from tests.servers.openai import ModelServer
from tests.servers.openai.replies import shaped


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


def test_a_kind_of_model_that_there_is_not_names_its_variable(docqa: Docqa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCQA_LLM", "oracle")
    ended = docqa("doctor")
    assert ended.code == 1
    assert ended.err.startswith("docqa: DOCQA_LLM is 'oracle': ")


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


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A server, and settings that name it."""
    with ModelServer() as opened:
        monkeypatch.setenv("DOCQA_LLM", "openai")
        monkeypatch.setenv("DOCQA_LLM_BASE_URL", opened.url)
        monkeypatch.setenv("DOCQA_LLM_API_KEY", "a-secret-key")
        yield opened


def test_a_model_is_told_with_its_server_and_without_its_key(docqa: Docqa, server: ModelServer) -> None:
    ended = docqa("doctor")
    assert f"ok      model       m at {server.url}\n" in ended.out
    assert "calls functions: found out with the first question (DOCQA_LLM_CALLS=auto)" in ended.out
    assert "window: the server does not tell" in ended.out
    assert "a-secret-key" not in ended.out


@pytest.mark.parametrize(("window", "code"), [(4096, 1), (8192, 0)])
def test_a_window_that_the_server_does_not_have_is_broken(
    docqa: Docqa, server: ModelServer, window: int, code: int
) -> None:
    server.models = shaped(200, {"data": [{"id": "m", "max_model_len": window}]})
    ended = docqa("doctor")
    assert ended.code == code
    assert ("its window has 4,096 tokens, and DOCQA_CONTEXT_WINDOW is 8,192: set it to 4096." in ended.out) == bool(
        code
    )


def test_a_server_that_does_not_answer_is_broken_and_the_rest_is_still_checked(
    docqa: Docqa, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCQA_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    ended = docqa("doctor")
    assert ended.code == 1
    assert "BROKEN  model       No server answers at http://127.0.0.1:9/v1" in ended.out
    assert "DOCQA_LLM_BASE_URL" in ended.out
    assert "ok      window" in ended.out


def test_conversations_are_counted_and_none_is_made(docqa: Docqa, library: Path, tmp_path: Path) -> None:
    assert "ok      recall      There is none yet; the first chat makes it.\n" in docqa("doctor").out
    assert not (tmp_path / "data/recall.sqlite").exists()
    with Library.open(Settings()) as opened, open_recall(Settings(), opened) as store:
        store.conversation().add([Message("user", "Hello")], spoken=True)
    assert "ok      recall      1 conversation of the user 'default' (DOCQA_USER).\n" in docqa("doctor").out
    assert len(docqa("chat", "--list").out.splitlines()) == 2
