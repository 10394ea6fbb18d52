"""What an upload is, told by how it begins."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ingest.errors import EmptyError, UnsupportedError
from ingest.parse import sniff
from ingest.parsers.formats import open_document
from tests.ingest.parsers.made import drawn

PDF = drawn([(72, 72, "x")]).tobytes()
ZIP = b"PK\x03\x04\x14\x00\x06\x00\x08\x00" + bytes(range(256))


@pytest.mark.parametrize(
    ("name", "data", "wanted"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("a.docx", PDF, "application/pdf"),
        ("a.txt", b"junk\n" + PDF, "application/pdf"),
        ("a.pdf", b"1 0 obj\n<</Type/Catalog>>", "application/pdf"),
        ("a.txt", b"words", "text/plain"),
        ("a.md", b"# words", "text/markdown"),
        ("a.HTM", b"words", "text/html"),
        ("a", b"<!doctype html><p>words", "text/html"),
        ("data.csv", b"one,two\n1,2\n", "text/plain"),
        ("main.py", b"print('words')\n", "text/plain"),
        ("page.php", b"<html><p>words", "text/html"),
        ("a.txt", "wörter".encode("latin-1"), "text/plain"),
        ("a.txt", "words".encode("utf-16"), "text/plain"),
    ],
)
def test_the_media_type_is_told_by_content_first(tmp_path: Path, name: str, data: bytes, wanted: str) -> None:
    assert sniff(data, name) == wanted
    if b" obj" not in data[:20]:
        (tmp_path / "file").write_bytes(data)
        assert open_document(tmp_path / "file", name, 9).survey(lambda number: None).media_type == wanted


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.docx", ZIP, r"files of type '\.docx' are not read; known are \.pdf"),
        ("a.pdf", ZIP, "not a PDF: it does not begin like one, though its name ends in .pdf"),
        ("a.pdf", b"just words", r"not a PDF: it holds plain text; rename it to \.txt"),
        ("a.txt", ZIP, r"not a text: it holds binary data, though its name ends in \.txt"),
        ("a", gzip.compress(b"words", mtime=0), "its format is not one that docqa reads"),
        ("a.rtf", rb"{\rtf1\ansi words}", r"files of type '\.rtf' are not read"),
        ("a.ps", b"%!PS-Adobe-3.0\n", r"files of type '\.ps' are not read"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", r"files of type '\.png' are not read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(name: str, data: bytes, said: str) -> None:
    with pytest.raises(UnsupportedError, match=said):
        sniff(data, name)


def test_nothing_is_no_file() -> None:
    with pytest.raises(EmptyError, match="it has no bytes"):
        sniff(b"", "a.pdf")
