"""Files become pages. Reading happens in guarded child processes, since files are foreign and readers have faults.

A child that hangs, grows or dies is replaced. What it had read is kept, the page that it stopped at is marked, and the
rest of the pages is read by its successor.
"""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from ingest import errors
from ingest.parsers.child import Child, Stopped
from ingest.parsers.formats import SUFFIXES as _SUFFIXES
from ingest.parsers.formats import sniff
from ingest.parsers.frames import Drawing, Report, Request
from ingest.settings import Settings
from ingest.types import PARSER_VERSION, Block, OutlineEntry, Page, Rect, Span, Survey

__all__ = ["PARSER_VERSION", "SUFFIXES", "ParserPool", "sniff"]

SUFFIXES = frozenset(_SUFFIXES)
"""Suffixes of the files that can be read, lower case."""
_SURVEY_TRIES = 4
_TRIES = 3
_MAX_SERVED = 500
_RENDER_SECONDS = 20.0  # somebody looks on, and others wait for the child
_PNG = b"\x89PNG\r\n\x1a\n"


class ParserPool:
    """Warm child processes that read documents; safe to use from several threads.

    Args:
        settings: ``parsers`` children at most; limits ``parse_seconds``, ``parse_cpu_seconds``, ``parse_memory_mb``,
            ``max_file_mb`` and ``max_pages``.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(settings.parsers)
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._owner = os.getpid()
        self._closed = False

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def survey(self, path: Path, name: str) -> Survey:
        """What has to be known of a document before its pages can be read; the same for the same bytes.

        Args:
            path: the file.
            name: what it is called, with its suffix, e.g. ``report.pdf``.

        Raises:
            DocumentError: one of its kinds, with a sentence that says why the file cannot be taken in.
        """
        self._check_size(path)
        skip: tuple[int, ...] = ()
        stops: Counter[int] = Counter()  # by the page that was being read; 0 while the file was opened
        while True:
            at = 0
            try:
                for report in self._ask(self._request(path, name, skip=skip)):
                    at = report[1] if report[0] == "at" else at
            except Stopped as stopped:
                stops[at] += 1
                if _may_be_chance(stopped, stops[at]):
                    continue
                if not at:
                    raise errors.ParserStoppedError(f"{stopped.reason} while the file was opened") from None
                skip = (*skip, at)
                if len(skip) >= _SURVEY_TRIES:
                    raise errors.ParserStoppedError(f"{stopped.reason} on page {at}") from None
                continue
            return _survey(_final(report, "survey"))

    def pages(self, path: Path, survey: Survey, first: int, last: int) -> list[Page]:
        """Pages ``first`` to ``last`` (from 1, both included). A page that cannot be read comes with ``error`` set.

        Raises:
            DocumentError: the file as a whole cannot be read any more.
        """
        wanted = range(max(first, 1), min(last, survey.page_count) + 1)
        found: dict[int, Page] = {}
        unopened = 0
        stopped_at: set[int] = set()
        skip: set[int] = set()
        while missing := tuple(number for number in wanted if number not in found):
            seen: list[int] = []
            try:
                for report in self._ask(self._request(path, "", survey, missing, tuple(skip))):
                    if report[0] == "at":
                        seen.append(report[1])
                    elif report[0] == "page":
                        found[report[1][0]] = _page(report[1])
                _final(report, "done")
            except Stopped as stopped:
                if not seen:
                    unopened += 1
                    if _may_be_chance(stopped, unopened):
                        continue
                    raise errors.ParserStoppedError(f"{stopped.reason} while the file was opened") from None
                # What came before a page may have used up the limit, and a kill may come from outside: then once more.
                if seen[-1] in stopped_at or (len(seen) == 1 and stopped.limit):
                    skip.add(seen[-1])
                    found[seen[-1]] = Page(seen[-1], "", error=f"{stopped.reason} on page {seen[-1]}")
                stopped_at.add(seen[-1])
        return [found[number] for number in wanted]

    def render(
        self,
        path: Path,
        name: str,
        page: int,
        scale: float = 2.0,
        highlights: Sequence[Rect] = (),
        ranges: Sequence[tuple[int, int]] = (),
    ) -> bytes:
        """A page as a PNG picture of at most 4,000 pixels a side.

        Args:
            path: the file.
            name: its media type, or what it is called with its suffix.
            page: its number, from 1.
            scale: pixels for each point; less where the picture would be too large.
            highlights: rectangles to mark, in points from the top left corner as ``Chunk.spans`` have them.
            ranges: characters ``[start, end)`` of the page's text to mark in a format without geometry, whose pages are
                drawn as plain sheets of text.

        Raises:
            NotFoundError: there is no such page.
            DocumentError: the file or the page cannot be drawn.
        """
        self._check_size(path)
        drawing = Drawing(page, scale, tuple(highlights), tuple(ranges))
        for times in itertools.count(1):
            try:
                *_, report = self._ask(replace(self._request(path, name), drawing=drawing), _RENDER_SECONDS)
                break
            except Stopped as stopped:
                if not _may_be_chance(stopped, times):
                    raise errors.ParserStoppedError(f"{stopped.reason} on page {page}") from None
        return _picture(_final(report, "picture"))

    def close(self) -> None:
        """End the children; a thread that reads with one of them gets a ``ParserStoppedError``."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for child in self._busy:
                child.kill()
        for child in idle:
            child.close()

    def _request(self, path: Path, name: str, survey: Survey | None = None, numbers: tuple[int, ...] = (),
                 skip: tuple[int, ...] = ()) -> Request:  # fmt: skip
        limits = self._settings
        return Request(path.absolute(), name, limits.max_pages, limits.parse_cpu_seconds, survey, numbers, skip)

    def _check_size(self, path: Path) -> None:
        try:
            size = path.stat().st_size
        except OSError as error:
            raise errors.DocumentError(f"cannot be read: {(error.strerror or str(error)).lower()}") from error
        if not size:
            raise errors.EmptyError("empty: the file has no bytes")
        if size > self._settings.max_file_mb << 20:
            raise errors.TooLargeError(
                f"has {size / (1 << 20):,.0f} MiB; DOCQA_MAX_FILE_MB allows {self._settings.max_file_mb:,}"
            )

    def _ask(self, request: Request, most: float = math.inf) -> Iterator[Report]:
        with self._child() as child:
            yield from child.ask(request, min(self._settings.parse_seconds, most))

    @contextmanager
    def _child(self) -> Iterator[Child]:
        """A warm child, or a new one; it goes back only if the request came to its end."""
        with self._slots:
            with self._lock:
                if self._owner != os.getpid():  # after a fork the children are the parent's
                    for child in self._idle:
                        child.disown()
                    self._idle, self._busy, self._owner = [], set(), os.getpid()
                if self._closed:
                    raise errors.ParserStoppedError("reading was ended")
                warm = self._idle.pop() if self._idle else None
            if warm is not None and not warm.alive:
                warm.close()
                warm = None
            child = warm or Child(self._settings.parse_memory_mb)
            with self._lock:
                self._busy.add(child)
            try:
                yield child
            except BaseException:
                child.close()
                raise
            finally:
                with self._lock:
                    self._busy.discard(child)
            with self._lock:
                if keep := not self._closed and child.served < _MAX_SERVED:
                    self._idle.append(child)
            if not keep:
                child.close()


def _may_be_chance(stopped: Stopped, times: int) -> bool:
    """Whether a child that ended at one place for so many times may have been killed from outside, not by the file."""
    return not stopped.limit and times < _TRIES


def _final(report: Report, kind: str) -> Any:
    """The content of a final report, or the error that it tells of."""
    if report[0] == "refused":
        known = getattr(errors, str(report[1]), errors.DamagedError)
        raise known(str(report[2]))
    if report[0] != kind:
        raise errors.ParserStoppedError("the reader sent what cannot be understood")
    return report[1] if len(report) > 1 else ()


def _picture(content: object) -> bytes:
    if isinstance(content, bytes) and content.startswith(_PNG):
        return content
    raise errors.ParserStoppedError("the reader sent what cannot be understood")


def _survey(plain: tuple[Any, ...]) -> Survey:
    media_type, count, title, author, large, first, outline, furniture, body = plain
    entries = tuple(OutlineEntry(*entry) for entry in outline)
    return Survey(media_type, count, title, author, large, first, entries, furniture, body)


def _page(plain: tuple[Any, ...]) -> Page:
    number, text, width, height, blocks, spans, headings, furniture, scanned, error = plain
    return Page(
        number, text, width, height, tuple(Block(*block) for block in blocks), tuple(map(Span._make, spans)),
        headings, furniture, scanned, error,
    )  # fmt: skip
