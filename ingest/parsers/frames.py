"""What parent and child say to each other: a frame is four bytes of length (big endian) and a pickle."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ingest.types import Rect, Survey

HEADER = struct.Struct(">I")
MAX_FRAME = 64 << 20
"""Longest frame in bytes that is sent or taken."""

Report = tuple[Any, ...]
"""A report of the child: its kind, then plain values. The last report on a request is none of ``at`` and ``page``."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of a page that is asked for.

    ``scale`` is in pixels for each point. ``highlights`` are rectangles to mark, in points from the top left corner of
    the page as shown; ``ranges`` are characters ``[start, end)`` of the page's text to mark where it has no geometry.
    """

    page: int
    scale: float
    highlights: tuple[Rect, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What a child is asked for: a ``drawing`` where there is one; else a survey where ``survey`` is None, else the
    pages ``numbers`` of the document.

    ``name`` tells the format of a file that has not been surveyed; ``skip`` lists pages that must not be touched.
    """

    path: Path
    name: str
    max_pages: int
    cpu_seconds: float
    survey: Survey | None = None
    numbers: tuple[int, ...] = ()
    skip: tuple[int, ...] = ()
    drawing: Drawing | None = None


def frame(content: object) -> bytes:
    """The frame of a request or report."""
    data = pickle.dumps(content, protocol=5)
    return HEADER.pack(len(data)) + data


def receive(stream: BinaryIO) -> Request | None:
    """The next request, or None when the parent's end is gone."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    request = pickle.loads(stream.read(HEADER.unpack(header)[0]))
    return request if isinstance(request, Request) else None
