"""Verification names what does not agree, and mends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.errors import CatalogError
from ingest.library import Library
from ingest.pipeline import ingest
from ingest.types import Condition, Filter
from ingest.verify import verify
from tests.ingest.ingesting import chunks, contents, library_at, run, write_pdf, write_text


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library that holds a PDF of six pages (three parts) and a text."""
    write_pdf(tmp_path / "in" / "pump.pdf", "pump", pages=6)
    write_text(tmp_path / "in" / "valve.txt", "valve")
    with library_at(tmp_path / "library") as library:
        run(library, tmp_path / "in")
        yield library


def lose_chunks(library: Library) -> None:
    library.archive.delete(Filter((Condition("page", "eq", 3),)))


def add_strange_chunks(library: Library) -> None:
    [chunk] = chunks(library)[:1]
    strange = replace(chunk, id="00000000-0000-0000-0000-000000000000", generation="unknown")
    library.archive.put([strange], library.embedder.embed([strange.text]))


def lose_file(library: Library) -> None:
    library.files.delete(library.catalog.find("valve.txt")[0].sha256)


def damage_file(library: Library) -> None:
    with library.files.local(library.catalog.find("valve.txt")[0].sha256) as path:
        path.write_bytes(b"something else")


def add_strange_file(library: Library) -> None:
    library.files.add(write_text(library.settings.root / "strange.txt", "strange"))


def stop_on_the_way(library: Library) -> None:
    said = ingest(library, [write_pdf(library.settings.root / "crane.pdf", "crane", pages=40)])
    assert any(each.kind == "started" for each in said)
    said.close()


def die_before_removal(library: Library) -> None:
    library.catalog.ledger.mark_deleted(library.catalog.find("valve.txt")[0].id)


def test_a_library_in_order_has_no_differences(library: Library) -> None:
    assert verify(library, deep=True) == []


@pytest.mark.parametrize(
    ("harm", "kind", "detail"),
    [
        (lose_chunks, "wrong count", "pump.pdf: pages 3 to 4: the archive holds 1 chunks of 2"),
        (add_strange_chunks, "orphan chunks", "1 chunks of unknown belong to no document of this catalog"),
        (lose_file, "missing file", "valve.txt: the original file is missing"),
        (damage_file, "changed file", "valve.txt: the original file is not what it was"),
        (add_strange_file, "orphan file", "belongs to no document"),
        (stop_on_the_way, "unfinished", "crane.pdf: it was not taken in to its end"),
        (die_before_removal, "leftover", "valve.txt: it is not quite deleted yet"),
    ],
)
def test_each_difference_is_named_and_mended(
    library: Library, harm: Callable[[Library], None], kind: str, detail: str
) -> None:
    harm(library)
    [difference] = verify(library, deep=True)
    assert (difference.kind, difference.repaired) == (kind, False)
    assert difference.detail.endswith(detail)
    assert [each.repaired for each in verify(library, repair=True, deep=True)] == [True]
    assert verify(library, deep=True) == []


def test_repair_restores_the_very_same_chunks(library: Library) -> None:
    before = contents(library)
    library.archive.delete(Filter())
    assert len(verify(library, repair=True)) == 4
    assert contents(library) == before


def test_bytes_that_are_nowhere_any_more_stay_missing(library: Library, tmp_path: Path) -> None:
    lose_file(library)
    (tmp_path / "in" / "valve.txt").unlink()
    assert [each.repaired for each in verify(library, repair=True)] == [False]


def test_what_a_living_process_takes_in_is_left_alone(library: Library, tmp_path: Path) -> None:
    said = ingest(library, [write_pdf(tmp_path / "crane.pdf", "crane", pages=40)])
    assert any(each.kind == "started" for each in said)
    assert verify(library, repair=True, deep=True) == []
    assert list(said)[-1].totals.finished == 1


@pytest.mark.parametrize("other", [False, True])
def test_nothing_is_removed_where_the_catalog_was_lost_or_is_another(
    library: Library, tmp_path: Path, other: bool
) -> None:
    before, files = contents(library), set(library.files.all())
    library.close()
    for path in (tmp_path / "library").glob("catalog.sqlite*"):
        path.unlink()
    if other:
        with library_at(tmp_path / "other") as strange:
            run(strange, write_text(tmp_path / "crane.txt", "crane"))
        shutil.copy(tmp_path / "other" / "catalog.sqlite", tmp_path / "library")
    with pytest.raises(CatalogError, match=r"nothing was removed: restore the catalog .* or move that folder away"):
        verify(library, repair=True)
    assert (contents(library), set(library.files.all())) == (before, files)
