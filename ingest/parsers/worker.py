"""The main loop of a guarded child process: reads requests from the parent, sends back what it reads, page by page.

Reports are tuples of plain values, since the parent does not trust what comes out of a process that reads foreign
files.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from ingest import errors
from ingest.parsers.formats import Document, open_document
from ingest.parsers.frames import HEADER, MAX_FRAME, Report, Request, frame, receive
from ingest.types import Page, Survey


def main() -> None:
    """Serve requests until the parent closes the pipe. The first argument is the memory limit in MiB."""
    for addon in ("pymupdf.layout", "pymupdf4llm"):  # optional parts of PyMuPDF that are slow to import and not used
        sys.modules.setdefault(addon, None)  # type: ignore[arg-type]
    requests = os.fdopen(os.dup(0), "rb")
    reports = os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    import pymupdf  # noqa: F401  warm before the first request

    gc.freeze()
    gc.set_threshold(100_000)  # pages are many small tuples without cycles
    _limit_memory(int(sys.argv[1]) << 20)
    _send(reports, ("ready",))
    session = _Session(reports)
    while (request := receive(requests)) is not None:
        _limit_cpu(request.cpu_seconds)
        with _ends_with_parent(requests.fileno()):
            final = session.answer(request)
        _send(reports, final)
        if final[0] == "memory":
            return


class _Session:
    """The document that was read last is kept open, since its next part usually comes next."""

    def __init__(self, reports: BinaryIO) -> None:
        self._reports = reports
        self._key: tuple[Any, ...] = ()
        self._document: Document | None = None

    def answer(self, request: Request) -> Report:
        """Send what is asked for and return the final report."""
        try:
            document = self._open(request)
            if request.drawing is not None:
                return "picture", document.picture(request.drawing)
            if request.survey is None:
                survey = document.survey(self._report("at"), request.skip)
                self._key = (survey.media_type, *self._key[1:])  # as its pages will be asked for
                return "survey", _plain_survey(survey)
            for number in request.numbers:
                self._send_page(document.page(number, request.survey, self._report("at"), request.skip))
            return ("done",)
        except MemoryError:
            return ("memory",)
        except (errors.DocumentError, errors.NotFoundError) as error:
            return "refused", type(error).__name__, str(error)
        except Exception:
            return "refused", "DamagedError", "damaged: no page could be read"

    def _send_page(self, page: Page) -> None:
        blocks = tuple((b.kind, b.start, b.end, b.level, b.columns) for b in page.blocks)
        spans = tuple(map(tuple, page.spans))
        plain = (
            page.number, page.text, page.width, page.height, blocks, spans, page.headings, page.furniture, page.scanned,
            page.error,
        )  # fmt: skip
        _send(self._reports, ("page", plain))

    def _report(self, kind: str) -> Callable[[int], None]:
        return lambda number: _send(self._reports, (kind, number))

    def _open(self, request: Request) -> Document:
        stat = request.path.stat()
        kind = request.survey.media_type if request.survey else request.name
        key = (kind, request.path, stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
        if self._document is None or key != self._key:
            if self._document is not None:
                self._document.close()
            self._document, self._key = None, ()
            self._document, self._key = open_document(request.path, kind, request.max_pages), key
        return self._document


def _plain_survey(survey: Survey) -> Report:
    outline = tuple((entry.level, entry.title, entry.page) for entry in survey.outline)
    return (
        survey.media_type, survey.page_count, survey.title, survey.author, survey.large_text, survey.first_text,
        outline, survey.furniture, survey.body_size,
    )  # fmt: skip


def _send(stream: BinaryIO, report: Report) -> None:
    data = frame(report)
    if len(data) > MAX_FRAME + HEADER.size:
        data = frame(_too_long(report))
    stream.write(data)
    stream.flush()


def _too_long(report: Report) -> Report:
    """What is sent in place of a report that fits no frame."""
    if report[0] != "page":
        return "refused", "TooLargeError", "holds more text than can be read"
    number = report[1][0]
    return "page", (number, "", 0.0, 0.0, (), (), (), (), False, f"page {number} holds too much text")


def _limit_memory(size: int) -> None:
    """Bound the private memory; what the interpreter and libraries take is within it (Linux 4.7 and later)."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_cpu(seconds: float) -> None:
    """Let this process have so much more CPU time; the kernel ends it with SIGXCPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


@contextlib.contextmanager
def _ends_with_parent(descriptor: int) -> Iterator[None]:
    """Have the kernel end this process while it works as soon as the parent's end of the pipe is gone.

    MuPDF may be deep in a page for minutes, so nobody would look at the pipe. The parent writes nothing while a request
    is worked on, hence the only news on the pipe is its end, and SIGIO ends the process.
    """
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)
    try:
        yield
    finally:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags)


if __name__ == "__main__":
    main()
