"""Verification knows the files that came over the API, which no document may have."""

from __future__ import annotations

from pathlib import Path

from ingest.catalog.uploads import Upload
from ingest.library import Library
from ingest.verify import Difference, verify
from tests.ingest.uploading import attach_all, send


def told(found: list[Difference]) -> list[tuple[str, str, bool]]:
    return [(each.kind, each.detail, each.repaired) for each in found]


def test_a_file_that_no_document_has_is_none_that_belongs_to_nothing(library: Library) -> None:
    upload = send(library)
    library.catalog.uploads.begin(
        Upload("file-" + 32 * "d", library.files.add(Path(__file__)).sha256, 1, "x.py", "user_data")
    )
    assert verify(library, repair=True, deep=True) == []
    assert library.files.has(upload.sha256)


def test_what_neither_a_document_nor_a_file_has_is_removed(library: Library) -> None:
    send(library)
    strange = library.files.add(Path(__file__))
    assert told(verify(library, repair=True)) == [
        ("orphan file", f"the file {strange.sha256} belongs to no document", True)
    ]
    assert not library.files.has(strange.sha256)


def test_a_file_that_is_missing_or_changed_is_named_and_stays_so(library: Library) -> None:
    missing, changed = send(library, "missing.txt", b"some words"), send(library, "changed.txt", b"other words")
    library.files.delete(missing.sha256)
    with library.files.local(changed.sha256) as path:
        path.write_bytes(b"no words")
    wanted = [
        ("changed file", f"{changed.place}: the uploaded file is not what it was", False),
        ("missing file", f"{missing.place}: the uploaded file is missing", False),
    ]
    assert sorted(told(verify(library, repair=True, deep=True))) == wanted


def test_a_missing_file_that_a_document_has_too_is_named_once(library: Library) -> None:
    upload = send(library)
    attach_all(library, [upload])
    library.files.delete(upload.sha256)
    assert told(verify(library)) == [("missing file", f"{upload.place}: the original file is missing", False)]
