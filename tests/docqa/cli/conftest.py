"""Commands run as a user runs them, on a small library of real files."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from docqa.cli import main
from docqa.llm import Completion
from docqa.llm.scripted import ScriptedModel
from ingest.library import Library
from ingest.pipeline import ingest
from ingest.settings import Settings


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[Any]:
        """The output read as JSON, one record a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Docqa = Callable[..., Ended]


@pytest.fixture
def docqa(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Docqa:
    """Runs ``docqa`` with arguments in this process."""

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["docqa", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, said.out, said.err)

    return run


def write_papers(place: Path) -> Path:
    """Two documents that have something to say."""
    place.mkdir()
    (place / "harbour.md").write_text(
        "# The harbour of Ostervik\n\nThe harbour of Ostervik was opened in 1911 by the builder Norda Shipyard.\n"
    )
    (place / "engineer.md").write_text(
        "# Norda Shipyard\n\nThe builder Norda Shipyard was born in the village of Tverrdal.\n"
    )
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two documents that are in no library yet."""
    return write_papers(tmp_path / "papers")


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``papers`` and with ``data``, a library that holds them; it is copied and never changed."""
    place = tmp_path_factory.mktemp("stocked")
    write_papers(place / "papers")
    with Library.open(Settings(data_dir=place / "data")) as opened:
        assert list(ingest(opened, [place / "papers"]))[-1].totals.finished == 2
    return place


@pytest.fixture
def library(stocked: Path, tmp_path: Path) -> Path:
    """The folder of the two documents, which are in the library of this test."""
    shutil.copytree(stocked / "data", tmp_path / "data")
    return stocked / "papers"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedModel]:
    """Lets a scripted model answer instead of the one that the settings name."""

    def play(*script: Completion) -> ScriptedModel:
        scripted = ScriptedModel(script, summary="A summary.")
        monkeypatch.setattr("docqa.llm.open_llm", lambda _settings: scripted)
        return scripted

    return play


Typed = Callable[..., Ended]


@pytest.fixture
def typed(docqa: Docqa, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Runs ``docqa chat`` with lines on its standard input."""

    def run(*lines: str, options: Sequence[object] = ()) -> Ended:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return docqa("chat", *options)

    return run
