"""Files that come over HTTP: multipart read as it arrives, hashed and written to disk block by block, never held whole.

What is wrong is found as early as it can be: a body that is too large before all of it has come, a format that is not
read after its first bytes, a client that sends next to nothing when it has done so for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from docqa.api.errors import ApiError
from ingest.errors import DocqaError, TooLargeError
from ingest.files import Files, Receiving
from ingest.files.receiving import HEAD
from ingest.pipeline.uploads import clean_name

BLOCK = 1 << 20
"""Bytes that are written at once."""
SLOWEST = 1024
"""Bytes a second that a client has to send, all in all, beside the pauses that it may make."""
MOST_FIELDS = 16
FIELD_BYTES = 4096
FORM_BYTES = 1 << 18
"""What a form may have beside the bytes of its file."""
LINGER_BYTES, LINGER_SECONDS = 64 << 20, 5.0
"""What is still read, and thrown away, of a body that was refused: a client that sends on would miss the answer."""
Check = Callable[[bytes, str], object]


@dataclass
class Form:
    """A form with one file: its fields, and the file with the name that it is to have."""

    receiving: Receiving
    filename: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    def field(self, name: str) -> str:
        """A field that has to be there. Raises ApiError where it is not."""
        if name not in self.fields:
            raise ApiError(400, f"The form lacks the field '{name}'.", "missing_required_parameter", name)
        return self.fields[name]


@asynccontextmanager
async def received(
    request: Request, files: Files, name: str, most: int, patience: float, check: Check = lambda head, filename: None
) -> AsyncIterator[Form]:
    """The form of a request, read to its end; unless its file is kept nothing remains of it.

    Args:
        request: whose body it is.
        files: where the file goes.
        name: the field that holds the file.
        most: the largest file, in bytes.
        patience: seconds that the body may stand still.
        check: takes the first bytes and the file's name, and raises where such a file is not wanted.

    Raises:
        ApiError: it is no such form, or it comes too slowly.
        DocumentError: the file is too large, or is refused by ``check``.
        StorageFullError: no space is left for it.
    """
    stack, body = ExitStack(), request.stream()
    try:
        form = Form(await run_in_threadpool(stack.enter_context, files.receive()))
        reading = _Reading(form, _boundary(request), name, most, check)
        try:
            _check_length(request, most)
            async with _in_time(patience) as alive:
                async for block in body:
                    alive(len(block))
                    await reading.take(block)
            await reading.end()
        except (ApiError, DocqaError):
            await _linger(body)
            raise
        except ClientDisconnect:
            raise ApiError(499, "The client has left.", "client_left") from None
        yield form
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(stack.close)


class _Reading:
    """What the parser of a form has come to."""

    def __init__(self, form: Form, boundary: bytes, name: str, most: int, check: Check) -> None:
        self._form, self._name, self._most, self._check = form, name, most, check
        self._waiting = bytearray()  # of the file, not yet written
        self._header = [bytearray(), bytearray()]
        self._disposition = ""
        self._value = bytearray()
        self._at, self._count, self._beside = "", 0, 0
        self._whole = self._checked = False
        callbacks = {
            "on_part_begin": self._part,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._headed,
            "on_headers_finished": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._ended,
            "on_end": self._over,
        }
        self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]

    async def take(self, block: bytes) -> None:
        """The next bytes of the body."""
        before = len(self._waiting)
        try:
            self._parser.write(block)
        except FormParserError:
            raise _broken() from None
        self._beside += len(block) - (len(self._waiting) - before)
        if self._beside > FORM_BYTES:
            raise ApiError(400, "The form has too much beside its file.", "invalid_form")
        if self._form.receiving.size + len(self._waiting) > self._most:
            raise _too_large(self._most)
        if not self._checked and len(self._waiting) >= HEAD:
            self._look()
        if len(self._waiting) >= BLOCK:
            await self._write()

    async def end(self) -> None:
        """The body is over. Raises ApiError where the form is not whole."""
        if not self._whole:
            raise _broken()
        if not self._form.filename:
            raise ApiError(400, f"The form lacks the file '{self._name}'.", "missing_required_parameter", self._name)
        if not self._checked:
            self._look()
        await self._write()

    async def _write(self) -> None:
        block, self._waiting = self._waiting, bytearray()
        if block:
            await run_in_threadpool(self._form.receiving.write, bytes(block))

    def _look(self) -> None:
        self._checked = True
        self._check(bytes(self._waiting[:HEAD]), self._form.filename)

    def _part(self) -> None:
        self._count += 1
        if self._count > MOST_FIELDS:
            raise ApiError(400, f"The form has more than {MOST_FIELDS} fields.", "invalid_form")
        self._disposition, self._value = "", bytearray()

    def _headed(self) -> None:
        key, value = (bytes(part) for part in self._header)
        if key.lower() == b"content-disposition":
            self._disposition = value.decode("latin-1")
        self._header = [bytearray(), bytearray()]

    def _begin(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._at = options.get(b"name", b"").decode(errors="replace")
        if self._at != self._name:
            return
        if self._form.filename:
            raise ApiError(400, f"The form has more than one file '{self._name}'.", "invalid_form", self._name)
        if b"filename" not in options:
            raise ApiError(400, f"'{self._name}' has to be a file with a name.", "invalid_value", self._name)
        self._form.filename = clean_name(options[b"filename"].decode(errors="replace"))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._at == self._name:
            self._waiting += data[start:end]
        else:
            self._value += data[start:end]
            if len(self._value) > FIELD_BYTES:
                raise ApiError(400, f"'{self._at[:80]}' is too long.", "invalid_value", self._at[:80])

    def _ended(self) -> None:
        if self._at and self._at != self._name:
            self._form.fields[self._at] = self._value.decode(errors="replace")

    def _over(self) -> None:
        self._whole = True


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise ApiError(400, "Send a form: Content-Type: multipart/form-data with a boundary.", "invalid_form")
    return options[b"boundary"]


def _check_length(request: Request, most: int) -> None:
    given = request.headers.get("content-length", "")
    if given.isdecimal() and int(given[:20]) > most + FORM_BYTES:
        raise _too_large(most)


@asynccontextmanager
async def _in_time(patience: float) -> AsyncIterator[Callable[[int], None]]:
    """A limit on how slowly a body may come; called with the bytes that came, it gives the next ones their time."""
    try:
        async with asyncio.timeout(patience) as limit:
            loop = asyncio.get_running_loop()
            began, so_far = loop.time(), 0

            def alive(count: int) -> None:
                nonlocal so_far
                so_far += count
                limit.reschedule(min(loop.time(), began + so_far / SLOWEST) + patience)

            yield alive
    except TimeoutError:
        raise ApiError(408, "The body comes too slowly.", "request_timeout") from None


async def _linger(body: AsyncIterator[bytes]) -> None:
    left = LINGER_BYTES
    with suppress(ClientDisconnect, TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            async for block in body:
                if (left := left - len(block)) < 0:
                    return


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"larger than {most >> 20:,} MiB; DOCQA_MAX_FILE_MB limits a file, and 64 MiB a part of one")


def _broken() -> ApiError:
    return ApiError(400, "The form cannot be read: it is not whole, or not as its boundary says.", "invalid_form")
