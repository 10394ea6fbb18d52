"""Original files as answers: streamed, and never shown by a browser as a page of this service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from starlette.responses import StreamingResponse

from ingest.library import Library

BLOCK = 1 << 18


def stream_file(library: Library, sha256: str, filename: str) -> StreamingResponse:
    """The bytes of a hash, to be saved under a name.

    Raises:
        NotFoundError: they are not kept any more.
    """
    stack = ExitStack()
    path = stack.enter_context(library.files.local(sha256))
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
        "Content-Length": str(path.stat().st_size),
    }
    return StreamingResponse(_blocks(path, stack), media_type="application/octet-stream", headers=headers)


def _blocks(path: Path, stack: ExitStack) -> Iterator[bytes]:
    with stack, path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
