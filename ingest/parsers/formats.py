"""Which reader a file needs: told by its content, then by its suffix."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path, PurePath
from typing import Protocol

from ingest.errors import DamagedError, DocumentError, EmptyError, UnsupportedError
from ingest.parsers.frames import Drawing
from ingest.types import Page, Survey

_SNIFFED = 4096
SUFFIXES = {
    ".pdf": "pdf", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".txt": "text", ".text": "text", ".log": "text", ".rst": "text",
}  # fmt: skip

MEDIA_TYPES = {"application/pdf": "pdf", "text/markdown": "markdown", "text/html": "html", "text/plain": "text"}

_NOT_PROSE = (b"{\\rtf", b"%!PS")
"""How formats begin that look like text and are none that a reader would want to see."""


class Document(Protocol):
    """An open document of any format."""

    def survey(self, report: Callable[[int], None], skip: Collection[int] = ()) -> Survey:
        """What has to be known of the whole; ``report`` is told each page before it is looked at, ``skip`` is not."""
        ...

    def page(self, number: int, survey: Survey, report: Callable[[int], None], skip: Collection[int] = ()) -> Page:
        """One page, from 1; ``report`` is told each page before it is looked at, those in ``skip`` are not."""
        ...

    def picture(self, drawing: Drawing) -> bytes:
        """A page as PNG. Raises NotFoundError where there is no such page, DamagedError where it cannot be drawn."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...


def open_document(path: Path, name: str, max_pages: int) -> Document:
    """Open a file with the reader that its content and its name ask for.

    Args:
        path: the file.
        name: its media type where it is known, else its name with the suffix.
        max_pages: most pages allowed.

    Raises:
        UnsupportedError: no reader knows the format.
        DocumentError: the file cannot be read, or the reader refuses it.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_SNIFFED)
    except OSError as error:
        raise DocumentError(f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    kind = MEDIA_TYPES.get(name) or _kind(head, PurePath(name).suffix.lower())
    if kind == "pdf":
        from ingest.parsers.pdf import PdfDocument

        document: Document = PdfDocument(path, max_pages)
        return document
    from ingest.parsers.text import TextDocument

    return TextDocument(path, kind, max_pages)


def sniff(first_bytes: bytes, name: str) -> str:
    """The media type of a file, told by its content; its name only tells one kind of text from another.

    Args:
        first_bytes: its beginning, 4,096 bytes or all of it.
        name: what it is called.

    Raises:
        EmptyError: it has no bytes.
        UnsupportedError: its format is not one that docqa reads.
    """
    if not first_bytes:
        raise EmptyError("empty: it has no bytes")
    try:
        kind = _kind(first_bytes[:_SNIFFED], PurePath(name).suffix.lower())
    except DamagedError as error:
        raise UnsupportedError(str(error)) from None
    if kind == "pdf" and not any(mark in first_bytes for mark in (b"%PDF-", b" obj")):
        raise UnsupportedError("not a PDF: it does not begin like one, though its name ends in .pdf")
    return next(media_type for media_type, known in MEDIA_TYPES.items() if known == kind)


def _kind(head: bytes, suffix: str) -> str:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    kind = SUFFIXES.get(suffix, "")
    if kind == "pdf":
        if looks_like_text(head) and b" obj" not in head:
            raise DamagedError("not a PDF: it holds plain text; rename it to .txt")
        return "pdf"
    if not kind and looks_like_text(head) and not head.startswith(_NOT_PROSE):
        start = head.lstrip()[:15].lower()
        return "html" if start.startswith((b"<!doctype html", b"<html")) else "text"
    if not kind:
        raise UnsupportedError(f"files of type '{suffix}' are not read; known are {', '.join(SUFFIXES)}"
                               if suffix else "its format is not one that docqa reads")  # fmt: skip
    if not looks_like_text(head):
        raise DamagedError(f"not a text: it holds binary data, though its name ends in {suffix}")
    return kind


def looks_like_text(head: bytes) -> bool:
    """Whether the beginning of a file is text: a byte order mark, or hardly any control characters and no zero byte."""
    if head.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return True
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return b"\0" not in head and control <= len(head) // 100
