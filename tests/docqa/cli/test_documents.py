"""``docqa documents`` and ``docqa collections``."""

from __future__ import annotations

from pathlib import Path

from tests.docqa.cli.conftest import Docqa


def test_a_list_has_a_line_for_each_document(docqa: Docqa, library: Path) -> None:
    lines = docqa("documents", "list").out.splitlines()
    assert lines[0].split("\t") == ["id", "title", "pages", "chunks", "state", "collection", "source"]
    assert sorted(line.split("\t")[1] for line in lines[1:]) == ["Norda Shipyard", "The harbour of Ostervik"]


def test_an_empty_library_says_how_to_fill_it(docqa: Docqa) -> None:
    assert "docqa ingest PATH" in docqa("documents", "list").out


def test_a_document_is_shown_by_title_file_name_or_the_beginning_of_its_id(docqa: Docqa, library: Path) -> None:
    row = docqa("documents", "show", "The harbour of Ostervik", "--json").records[0]
    assert docqa("documents", "show", "harbour.md", "--json").records[0] == row
    assert docqa("documents", "show", row["id"][:8], "--json").records[0] == row


def test_show_tells_its_facts_one_a_line(docqa: Docqa, library: Path) -> None:
    out = docqa("documents", "show", "harbour.md").out
    assert "title         The harbour of Ostervik\n" in out
    assert "state         live\n" in out


def test_a_deleted_document_is_gone(docqa: Docqa, library: Path) -> None:
    assert docqa("documents", "delete", "harbour.md", "--yes").out == "Deleted 'The harbour of Ostervik'.\n"
    assert [row["title"] for row in docqa("documents", "list", "--json").records] == ["Norda Shipyard"]
    assert docqa("verify").code == 0


def test_without_a_terminal_nothing_is_deleted_unless_told_so(docqa: Docqa, library: Path) -> None:
    ended = docqa("documents", "delete", "harbour.md")
    assert ended.code == 1
    assert "--yes" in ended.err
    assert len(docqa("documents", "list", "--json").records) == 2


def test_a_name_that_means_several_documents_lists_them(docqa: Docqa, library: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    twin.mkdir()
    (twin / "harbour.md").write_text("# Another harbour\n\nIt was never opened.\n")
    docqa("ingest", twin)
    ended = docqa("documents", "show", "harbour.md")
    assert ended.code == 1
    assert "means 2 documents" in ended.err
    assert "Another harbour" in ended.err


def test_collections_are_counted(docqa: Docqa, library: Path) -> None:
    assert docqa("collections", "--json").records == [
        {"name": "default", "documents": 2, "failed": 0, "pages": 2, "chunks": 2}
    ]


def test_deleting_a_document_names_the_copies_that_are_still_there(docqa: Docqa, folder: Path) -> None:
    copy = folder / "copy of harbour.md"
    copy.write_bytes((folder / "harbour.md").read_bytes())
    docqa("ingest", folder / "harbour.md")
    docqa("ingest", copy)
    ended = docqa("documents", "delete", "harbour.md", "--yes")
    assert f"A copy is still at {copy}" in ended.out
