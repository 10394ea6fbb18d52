"""What a user can get wrong ends with one clear sentence and a useful exit code."""

from __future__ import annotations

import io
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docqa.cli.conftest import Docqa


def one_sentence(text: str) -> bool:
    return text.startswith("docqa: ") and text.count("\n") == 1 and "Traceback" not in text


def test_an_empty_folder_says_so(docqa: Docqa, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = docqa("ingest", tmp_path / "empty")
    assert ended.code == 2
    assert "no file that docqa reads is in this folder" in ended.out


def test_a_path_that_is_not_there_says_so(docqa: Docqa, tmp_path: Path) -> None:
    ended = docqa("ingest", tmp_path / "nowhere")
    assert ended.code == 2
    assert "nowhere: there is no such file or folder" in ended.out


def test_a_name_with_a_line_break_stays_on_its_line(docqa: Docqa, tmp_path: Path) -> None:
    (tmp_path / "two\nlines\x1b[31m.pdf").write_bytes(b"")
    ended = docqa("ingest", tmp_path / "two\nlines\x1b[31m.pdf")
    assert ended.code == 2
    assert "\x1b" not in ended.out
    assert all("lines" not in line or "two" in line for line in ended.out.splitlines())


@pytest.mark.parametrize("question", ["", "  \n "])
def test_an_empty_question_is_refused(docqa: Docqa, question: str) -> None:
    ended = docqa("ask", question)
    assert ended.code == 1
    assert one_sentence(ended.err)
    assert "question is empty" in ended.err


def test_a_question_of_400_000_characters_is_refused_with_the_limit(docqa: Docqa) -> None:
    ended = docqa("ask", "why " * 100_000)
    assert ended.code == 1
    assert one_sentence(ended.err)
    assert "400,000 characters" in ended.err
    assert "DOCQA_MAX_QUESTION_CHARS" in ended.err


def test_an_unknown_collection_names_those_that_exist(docqa: Docqa, library: Path) -> None:
    ended = docqa("ask", "Who opened the harbour?", "--collection", "letters")
    assert ended.code == 1
    assert ended.err == "docqa: There is no collection 'letters'; there are: default.\n"


def test_a_question_to_an_empty_library_names_the_command_that_fills_it(docqa: Docqa) -> None:
    ended = docqa("ask", "Who opened the harbour?")
    assert ended.code == 1
    assert "docqa ingest PATH" in ended.err


def test_a_catalog_of_a_newer_version_is_left_alone(docqa: Docqa, library: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data/catalog.sqlite") as catalog:
        catalog.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    catalog.close()
    ended = docqa("documents", "list")
    assert ended.code == 1
    assert one_sentence(ended.err)
    assert "made by a newer docqa" in ended.err


def test_an_archive_of_another_embedder_is_refused_with_both_names(docqa: Docqa, library: Path, tmp_path: Path) -> None:
    import numpy as np

    from ingest.archive import open_archive
    from ingest.settings import Settings
    from ingest.types import Chunk

    settings = Settings(data_dir=tmp_path / "other")
    other = open_archive(settings, "another embedder", 2)
    other.put([Chunk("1", "d", "g", "default", "t", 1, 10_000, 0, 4, "text")], np.eye(2, dtype=np.float32)[:1])
    other.close()
    data = tmp_path / "data"
    (data / "archive").rename(data / "aside")
    (tmp_path / "other/archive").rename(data / "archive")
    ended = docqa("ask", "Who opened the harbour?", "--quiet")
    assert ended.code == 1
    assert one_sentence(ended.err)
    assert "another embedder" in ended.err
    assert "MiniLM" in ended.err


def test_a_wrong_setting_names_its_variable(docqa: Docqa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCQA_MAX_STEPS", "many")
    ended = docqa("documents", "list")
    assert ended.code == 1
    assert one_sentence(ended.err)
    assert "DOCQA_MAX_STEPS is 'many'" in ended.err


def test_a_data_folder_that_is_a_file_says_so(docqa: Docqa, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCQA_DATA_DIR", str(folder / "harbour.md"))
    ended = docqa("ingest", folder)
    assert ended.code == 1
    assert one_sentence(ended.err)
    assert "harbour.md" in ended.err


def test_a_document_that_is_not_there_is_told_with_the_command_that_lists_them(docqa: Docqa, library: Path) -> None:
    ended = docqa("documents", "show", "atlantis")
    assert ended.code == 1
    assert one_sentence(ended.err)
    assert "docqa documents list" in ended.err


@pytest.mark.parametrize("command", [("ask", "Who opened \udcff Ostervik?"), ("ask", "-"), ("chat",)])
def test_a_question_with_bytes_that_are_no_utf_8_is_asked_without_them(
    docqa: Docqa, library: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Who opened \udcff Ostervik?\nWho opened the harbour of Ostervik?\n"))
    ended = docqa(*command)
    assert "Norda Shipyard" in ended.out
    assert "Who opened \ufffd Ostervik?" in ended.err


def test_standard_input_that_is_no_utf_8_is_read_all_the_same(library: Path) -> None:
    command = [sys.executable, "-X", "utf8", "-c", "from docqa.cli import main; main()", "ask", "-", "--quiet"]
    ended = subprocess.run(command, input=b"Who opened the harbour of \xff Ostervik?", capture_output=True, check=False)
    assert b"Norda Shipyard" in ended.stdout
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("name", ["", " ", "co\udcff", "a/b", "-x", ".hidden", "a\nb", "a ", "x" * 65])
def test_a_name_that_no_collection_may_have_is_refused(docqa: Docqa, folder: Path, tmp_path: Path, name: str) -> None:
    ended = docqa("ingest", folder, f"--collection={name}")
    assert ended.code == 1
    assert one_sentence(ended.err)
    assert "cannot name a collection" in ended.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["a", "2024", "Verträge 2024_v1.2-b", "x" * 64])
def test_letters_digits_spaces_and_some_marks_name_a_collection(docqa: Docqa, folder: Path, name: str) -> None:
    assert docqa("ingest", folder / "harbour.md", "--collection", name).code == 0
    assert [record["name"] for record in docqa("collections", "--json").records] == [name]


@pytest.mark.parametrize("command", [("documents", "show", "co\udcff"), ("ask", "Who?", "--collection", "co\udcff")])
def test_a_name_that_is_no_utf_8_is_told_in_one_sentence(docqa: Docqa, library: Path, command: tuple[str, ...]) -> None:
    ended = docqa(*command)
    assert ended.code == 1
    assert one_sentence(ended.err)


def test_a_data_folder_whose_name_is_no_utf_8_is_told_in_one_sentence(
    docqa: Docqa, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCQA_DATA_DIR", str(tmp_path / "d\udcff"))
    ended = docqa("ingest", folder)
    assert ended.code == 1
    assert one_sentence(ended.err)
    assert "DOCQA_DATA_DIR" in ended.err
    assert "not valid UTF-8" in ended.err


def test_a_lost_archive_is_told_with_the_command_that_mends_it(docqa: Docqa, library: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "data/archive")
    ended = docqa("ask", "Who opened the harbour of Ostervik?", "--quiet")
    assert ended.code == 1
    assert one_sentence(ended.err)
    assert "docqa verify --repair" in ended.err
    docqa("verify", "--repair")
    assert "Norda Shipyard" in docqa("ask", "Who opened the harbour of Ostervik?").out


@pytest.mark.parametrize("command", [("verify",), ("documents", "list"), ("collections",), ("ask", "Who?")])
def test_what_only_looks_makes_no_data_folder(docqa: Docqa, tmp_path: Path, command: tuple[str, ...]) -> None:
    docqa(*command)
    assert not (tmp_path / "data").exists()
