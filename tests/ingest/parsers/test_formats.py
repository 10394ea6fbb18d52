"""The reader of a file is chosen by its content, then by its suffix."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.md", b"# Top\n" + b"\n" * 5000 + b"one\x00two &#0; &#xD800; `co\x00de`\n"),
        ("a.html", b"<h1>Top</h1><p>one&#0;two&#xD800; three&#xDFFF;</p><pre>co&#xD800;de</pre>"),
        ("a.txt", "Top\n\none\0two".encode("utf-16")),
        ("a.txt", b"\xff\xfeT\x00o\x00p\x00\x00\xd8x\x00"),
    ],
)
def test_no_page_holds_a_lone_surrogate_or_a_nul(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    document = open_document(tmp_path / name, name, 99)
    page = document.page(1, document.survey(lambda number: None), lambda number: None)
    assert "Top" in page.text
    assert not re.search("[\0\ud800-\udfff]", page.text)
