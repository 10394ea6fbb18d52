"""Archival storage as an agent reads it, over a real library."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from docqa.memory.archival import Archival, open_archival
from docqa.settings import Settings
from ingest.errors import NotFoundError
from ingest.library import Library
from ingest.pipeline import ingest

HARBOURS = ("Ostervik", "Tarnholm", "Lindmouth")


def write_report(folder: Path, name: str, depth: int) -> None:
    text = (
        f"# {name} Harbour report\n\nThe basin of the harbour is {depth} metres deep. "
        + "Ships moor at the quay. " * 150
    )
    (folder / f"{name}.md").write_text(f"{text}\n\nThe crane lifts {depth + 30} tonnes.\n")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    for depth, name in enumerate(HARBOURS, 11):
        write_report(folder, name, depth)
    return folder


@pytest.fixture
def library(place: Path) -> Iterator[Library]:
    with Library.open(Settings()) as opened:
        list(ingest(opened, [place], "harbours"))
        yield opened


@pytest.fixture
def archival(library: Library) -> Archival:
    return open_archival(library, Settings())


def first_text(archival: Archival, query: str) -> str:
    return archival.fetch([archival.search(query).hits[0].id])[0].text


def test_the_chunk_that_answers_comes_first(archival: Archival) -> None:
    assert "13 metres deep" in first_text(archival, "How deep is the basin of Lindmouth Harbour?")


def test_a_document_that_is_named_is_preferred_and_the_hit_says_why(archival: Archival) -> None:
    hit = archival.search("How deep is the basin in the Tarnholm Harbour report?").hits[0]
    assert hit.reasons == ("the question names tarnholm harbour report",)


def test_a_search_gives_the_same_snapshot_again(archival: Archival) -> None:
    assert archival.search("crane") == archival.search("crane")


def test_near_duplicates_are_left_out_of_a_snapshot(archival: Archival, library: Library) -> None:
    hits = archival.search("Ships moor at the quay").hits
    assert 0 < len(hits) < library.archive.count()
    assert len({hit.id for hit in hits}) == len(hits)


def test_pages_of_a_document_are_read_in_order(archival: Archival) -> None:
    document = archival.document("Ostervik Harbour report")
    hits = archival.read(document, 1, 2).hits
    assert {hit.page for hit in hits} == {1, 2}
    assert [hit.ordinal for hit in hits] == sorted(hit.ordinal for hit in hits)


@pytest.mark.parametrize("name", ["Ostervik Harbour report", "ostervik harbour REPORT", "Ostervik.md"])
def test_a_document_is_found_by_title_or_file_name(archival: Archival, name: str) -> None:
    assert (
        archival.fetch([archival.read(archival.document(name), 1, 1).hits[0].id])[0].title == "Ostervik Harbour report"
    )


def test_an_unknown_document_is_said_to_be_unknown(archival: Archival) -> None:
    with pytest.raises(NotFoundError, match="no document is called 'The moon'"):
        archival.document("The moon")


def test_other_collections_are_out_of_sight(library: Library) -> None:
    elsewhere = open_archival(library, Settings(), ["airports"])
    assert elsewhere.search("harbour").hits == ()
    assert elsewhere.describe() == "no documents yet"


def test_what_the_library_holds_is_said_in_a_line(archival: Archival, library: Library) -> None:
    pages = sum(row.pages for row in library.catalog.documents())
    titles = "; ".join(sorted(f"{name} Harbour report" for name in HARBOURS))
    assert archival.describe() == f"3 documents with {pages} pages: {titles}"


def test_while_a_document_is_replaced_a_search_sees_one_version_and_never_both_or_none(
    library: Library, archival: Archival, place: Path
) -> None:
    seen: list[set[str]] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            hits = archival.search("How deep is the basin of the Ostervik Harbour?").hits
            titles = {hit.generation for hit in hits if hit.reasons}
            seen.append(titles)

    reader = threading.Thread(target=look)
    reader.start()
    for depth in (21, 22, 23):
        write_report(place, "Ostervik", depth)
        list(ingest(library, [place], "harbours"))
    ended.set()
    reader.join()
    assert len(seen) > 3
    assert {len(generations) for generations in seen} == {1}


@pytest.fixture
def one_document(library: Library) -> Archival:
    """Archival storage of which Tarnholm's report alone is there."""
    (row,) = [row for row in library.catalog.documents() if "Tarnholm" in row.title]
    return open_archival(library, Settings(), ["harbours"], [row.id])


def test_a_search_within_some_documents_finds_no_other(one_document: Archival, library: Library) -> None:
    found = {hit.document for hit in one_document.search("How deep is the basin of Ostervik Harbour?").hits}
    assert len(found) == 1
    assert "Tarnholm" in library.catalog.document(found.pop()).title


def test_within_some_documents_no_other_is_named_listed_or_read(one_document: Archival, archival: Archival) -> None:
    assert one_document.describe() == "1 documents with 3 pages: Tarnholm Harbour report"
    assert [listed.title for listed in one_document.documents("harbour", 0, 9)[0]] == ["Tarnholm Harbour report"]
    assert one_document.documents("ostervik", 0, 9) == ([], 0)
    with pytest.raises(NotFoundError):
        one_document.document("Ostervik Harbour report")
    assert one_document.read(archival.document("Ostervik.md"), 1, 9).hits == ()


def test_within_no_document_there_is_nothing(library: Library) -> None:
    nothing = open_archival(library, Settings(), (), ())
    assert nothing.search("harbour").hits == ()
    assert nothing.describe() == "no documents yet"


def test_within_many_documents_all_of_them_are_there(library: Library, archival: Archival) -> None:
    every = [row.id for row in library.catalog.documents()]
    many = open_archival(library, Settings(), (), [*every, *map(str, range(200))])
    assert many.describe() == archival.describe()
    assert many.search("crane").hits == archival.search("crane").hits
