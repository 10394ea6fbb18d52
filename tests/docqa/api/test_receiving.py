"""Forms that are read as they arrive, whatever the pieces that they arrive in."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request

from docqa.api.errors import ApiError
from docqa.api.storing.receiving import FORM_BYTES, MOST_FIELDS, received
from ingest.errors import TooLargeError, UnsupportedError
from ingest.files import Files
from ingest.files.receiving import HEAD

MIB = 1 << 20
TEXT = b"first\r\n--not the boundary\r\n\r\n--line\r\n-- last"


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    files = Files(str(tmp_path / "files"), tmp_path / "incoming", 8 * MIB)
    yield files
    files.close()


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    """A part of a form."""
    named = f'; filename="{filename}"' if filename is not None else ""
    return f'--line!\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + value + b"\r\n"


def read(files: Files, body: bytes, size: int = 1 << 16, **how: Any) -> tuple[str, dict[str, str], str, int]:
    """A form that arrives in pieces of a size: the file's name, the fields, the file's SHA-256 and bytes."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]

    async def receive() -> dict[str, Any]:
        if not pieces:
            await asyncio.sleep(how.get("stalls", 0))
            return {"type": "http.disconnect"}
        more = len(pieces) > 1 or how.get("stalls", 0)
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(more)}

    async def whole() -> tuple[str, dict[str, str], str, int]:
        headers = [(b"content-type", how.get("kind", b"multipart/form-data; boundary=line!")), *how.get("headers", ())]
        request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
        check = how.get("check", lambda head, name: None)
        async with received(request, files, "file", how.get("most", 8 * MIB), how.get("patience", 30), check) as form:
            return form.filename, form.fields, form.receiving.sha256, form.receiving.size

    return asyncio.run(whole())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
def test_the_file_is_the_same_whatever_the_pieces(files: Files, size: int) -> None:
    body = part("purpose", b"assistants") + part("file", TEXT, "a.txt") + part("after", "ö".encode()) + b"--line!--\r\n"
    fields = {"purpose": "assistants", "after": "ö"}
    assert read(files, body, size) == ("a.txt", fields, hashlib.sha256(TEXT).hexdigest(), len(TEXT))


def test_a_file_of_several_blocks_is_whole(files: Files) -> None:
    content = bytes(range(256)) * (3 * MIB // 256) + b"end"
    body = part("file", content, "a.bin") + b"--line!--"
    assert read(files, body, 65_521)[2:] == (hashlib.sha256(content).hexdigest(), len(content))


def test_nothing_remains_of_a_file_that_nobody_keeps(files: Files, tmp_path: Path) -> None:
    read(files, part("file", TEXT, "a.txt") + b"--line!--")
    assert [path for path in (tmp_path / "incoming").glob("*/*") if path.name != "lock"] == []
    assert list(files.all()) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\papers\report.pdf", "report.pdf"),
        ("bad\tname\x7f.txt", "bad name.txt"),
        ("résumé 2024.pdf", "résumé 2024.pdf"),
        ("nul\0 and bell\a.txt", "nul and bell.txt"),
        ("..", "file"),
    ],
)
def test_of_a_name_the_last_part_is_kept_without_what_cannot_be_shown(files: Files, given: str, kept: str) -> None:
    assert read(files, part("file", TEXT, given) + b"--line!--")[0] == kept


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"--line!--\r\n", "file"),
        (part("other", TEXT, "a.txt") + b"--line!--", "file"),
        (part("file", TEXT) + b"--line!--", "file"),
        (part("file", TEXT, "a") * 2 + b"--line!--", "file"),
        (part("purpose", b"x" * 5000) + b"--line!--", "purpose"),
    ],
)
def test_a_form_without_one_file_is_refused_with_the_field_at_fault(files: Files, body: bytes, param: str) -> None:
    with pytest.raises(ApiError) as raised:
        read(files, body)
    assert (raised.value.status, raised.value.param) == (400, param)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all",
        part("file", TEXT, "a.txt"),
        part("x", b"") * (MOST_FIELDS + 1) + b"--line!--",
        b"--line!\r\nContent-Disposition: form-data\r\nX: " + b"x" * FORM_BYTES,
        b"--line!\r\n\0: x\r\n\r\n--line!--",
    ],
)
def test_a_form_that_is_broken_or_too_much_is_refused(files: Files, body: bytes) -> None:
    with pytest.raises(ApiError) as raised:
        read(files, body)
    assert raised.value.status == 400


@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data", b"multipart/form-data; boundary="])
def test_what_is_no_form_is_refused(files: Files, kind: bytes) -> None:
    with pytest.raises(ApiError, match="multipart/form-data"):
        read(files, part("file", TEXT, "a.txt") + b"--line!--", kind=kind)


def test_a_file_over_the_limit_is_refused_before_all_of_it_has_come(files: Files) -> None:
    with pytest.raises(TooLargeError, match="DOCQA_MAX_FILE_MB"):
        read(files, part("file", b"x" * (MIB + 1), "a.txt"), most=MIB)
    with pytest.raises(TooLargeError):
        read(files, b"", headers=[(b"content-length", b"99999999")], most=MIB)


def test_a_file_is_looked_at_as_soon_as_its_beginning_is_there(files: Files) -> None:
    def refuse(head: bytes, name: str) -> None:
        raise UnsupportedError(f"{name} {len(head)}")

    with pytest.raises(UnsupportedError, match=f"^a {HEAD}$"):
        read(files, part("file", b"x" * MIB, "a"), 8192, check=refuse)
    with pytest.raises(UnsupportedError, match=f"^a {len(TEXT)}$"):
        read(files, part("file", TEXT, "a") + b"--line!--", check=refuse)


def test_a_body_that_stands_still_is_not_waited_for(files: Files) -> None:
    with pytest.raises(ApiError) as raised:
        read(files, part("file", TEXT, "a.txt"), stalls=60, patience=0.05)
    assert raised.value.status == 408


def test_nothing_remains_of_a_file_whose_client_left(files: Files, tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="left"):
        read(files, part("file", b"x" * 3 * MIB, "a.txt"), stalls=0.01)
    assert [path for path in (tmp_path / "incoming").glob("*/*") if path.name != "lock"] == []
