"""The reader of a file is chosen by its content, then by its suffix."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.errors import DamagedError, DocumentError, UnsupportedError
from ingest.parsers.formats import open_document
from tests.ingest.parsers.made import drawn


def media_type(folder: Path, name: str, data: bytes) -> str:
    (folder / "file").write_bytes(data)
    return open_document(folder / "file", name, 99).survey(lambda number: None).media_type


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("a.txt", "text/plain"), ("a.MD", "text/markdown"), ("a.htm", "text/html"), ("README", "text/plain")],
)
def test_text_formats_are_told_by_their_suffix(tmp_path: Path, name: str, wanted: str) -> None:
    assert media_type(tmp_path, name, b"Some words.") == wanted


def test_a_pdf_is_a_pdf_whatever_it_is_called(tmp_path: Path) -> None:
    assert media_type(tmp_path, "a.txt", b"junk\n" + drawn([(72, 72, "x")]).tobytes()) == "application/pdf"


def test_html_without_a_suffix_is_known_by_how_it_begins(tmp_path: Path) -> None:
    assert media_type(tmp_path, "page", b"\n<!DOCTYPE html><p>x</p>") == "text/html"


def test_a_text_that_is_named_pdf_is_refused_with_what_helps(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"not a PDF: it holds plain text; rename it to \.txt"):
        media_type(tmp_path, "a.pdf", b"Just some words.")


def test_binary_data_that_is_named_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"its name ends in \.txt"):
        media_type(tmp_path, "a.txt", bytes(range(256)))


def test_an_unknown_format_is_refused_and_the_known_ones_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"'\.docx' are not read; known are \.pdf, \.md"):
        media_type(tmp_path, "a.docx", b"PK\x03\x04")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read: no such file"):
        open_document(tmp_path / "gone.txt", "gone.txt", 99)
