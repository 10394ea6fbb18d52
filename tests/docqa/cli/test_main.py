"""The command as a whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.docqa.cli.conftest import Docqa

START = (
    "import sys; from docqa.cli import main\ntry: main()\nfinally: print(*sorted(m.split('.')[0] for m in sys.modules))"
)
HEAVY = {
    "rich",
    "pydantic",
    "numpy",
    "sqlalchemy",
    "lancedb",
    "pyarrow",
    "openvino",
    "pymupdf",
    "llama_index",
    "openai",
}


def test_help_answers_without_loading_anything_heavy() -> None:
    child = subprocess.run([sys.executable, "-c", START, "--help"], capture_output=True, text=True, check=True)
    assert "Commands:" in child.stdout
    assert HEAVY & set(child.stdout.splitlines()[-1].split()) == set()


def test_without_arguments_the_help_is_shown(docqa: Docqa) -> None:
    ended = docqa()
    assert "docqa ingest FOLDER" in ended.out + ended.err


def test_an_unknown_command_ends_with_2(docqa: Docqa) -> None:
    ended = docqa("frobnicate")
    assert ended.code == 2
    assert "frobnicate" in ended.err


def test_the_version_is_told(docqa: Docqa) -> None:
    assert docqa("version").out.strip() == docqa("version", "--json").records[0]["version"]


def test_listing_documents_does_not_load_the_embedder(library: Path) -> None:
    command = [sys.executable, "-c", START, "documents", "list"]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {"openvino", "pymupdf", "llama_index", "lancedb"} & set(child.stdout.splitlines()[-1].split()) == set()
    assert "The harbour of Ostervik" in child.stdout
