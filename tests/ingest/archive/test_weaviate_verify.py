"""Verification of a library on a server that others may use as well."""

from __future__ import annotations

from pathlib import Path

from ingest.library import Library
from ingest.settings import Settings
from ingest.types import Filter
from ingest.verify import verify
from tests.ingest.ingesting import contents, run, write_text


def test_chunks_that_another_library_keeps_on_the_server_are_left_alone_unless_asked_for(
    weaviate: Settings, tmp_path: Path
) -> None:
    other = weaviate.model_copy(update={"data_dir": tmp_path / "other"})
    with Library.open(weaviate) as mine, Library.open(other) as theirs:
        run(theirs, write_text(tmp_path / "theirs.txt", "pump"))
        run(mine, write_text(tmp_path / "mine.txt", "valve"))
        [difference] = verify(mine, repair=True)
        assert (difference.kind, difference.repaired) == ("orphan chunks", False)
        assert "--orphans" in difference.detail
        assert len(contents(theirs)) == 2
        assert [each.repaired for each in verify(mine, repair=True, orphans=True)] == [True]
        assert (len(contents(mine)), verify(mine)) == (1, [])


def test_a_server_that_lost_chunks_is_named_and_they_are_made_again(weaviate: Settings, tmp_path: Path) -> None:
    with Library.open(weaviate) as library:
        run(library, write_text(tmp_path / "note.txt", "valve"))
        library.archive.delete(Filter())
        assert "the catalog knows 1" in library.lost_chunks()
        assert all(each.repaired for each in verify(library, repair=True))
        assert (library.lost_chunks(), verify(library, deep=True)) == ("", [])
