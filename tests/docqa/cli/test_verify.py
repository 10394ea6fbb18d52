"""``docqa verify``."""

from __future__ import annotations

from pathlib import Path

from ingest.library import Library
from ingest.settings import Settings
from ingest.types import Condition, Filter
from tests.docqa.cli.conftest import Docqa


def lose_a_chunk(data: Path) -> None:
    with Library.open(Settings(data_dir=data)) as library:
        document = library.catalog.find("harbour.md")[0].id
        library.archive.delete(Filter((Condition("document", "eq", document),)))


def test_an_undisturbed_library_agrees(docqa: Docqa, library: Path) -> None:
    ended = docqa("verify")
    assert ended.code == 0
    assert ended.out == "Catalog, archive and files agree.\n"


def test_a_difference_is_named_and_ends_with_1(docqa: Docqa, library: Path, tmp_path: Path) -> None:
    lose_a_chunk(tmp_path / "data")
    ended = docqa("verify")
    assert ended.code == 1
    assert "harbour.md" in ended.out
    assert "docqa verify --repair" in ended.out


def test_repair_mends_it(docqa: Docqa, library: Path, tmp_path: Path) -> None:
    lose_a_chunk(tmp_path / "data")
    assert docqa("verify", "--repair").code == 0
    assert docqa("verify", "--deep").code == 0


def test_json_ends_with_what_is_left(docqa: Docqa, library: Path, tmp_path: Path) -> None:
    lose_a_chunk(tmp_path / "data")
    records = docqa("verify", "--json").records
    assert records[0]["event"] == "difference"
    assert records[-1] == {"event": "done", "ok": False, "differences": 1, "left": 1}
