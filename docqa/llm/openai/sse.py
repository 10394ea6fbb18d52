"""Server-sent events (WHATWG HTML, section 9.2) as bytes → the data of each event.

Lines are split as bytes: text could be split at characters that are line ends for Python and not for the format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_LINE_END = re.compile(rb"\r\n|\n|\r")


def events(chunks: Iterable[bytes]) -> Iterator[str]:
    """The data of each event, in order. A last event that no blank line ends is given as well.

    A line ``error: {…}``, as older servers of llama.cpp write, counts as data.
    """
    data: list[str] = []
    for line in _lines(chunks):
        name, _, value = line.partition(b":")
        if name in (b"data", b"error"):
            data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
        elif not line and data:
            yield "\n".join(data)
            data = []
    if data:
        yield "\n".join(data)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    waiting = b""
    for chunk in chunks:
        waiting += chunk
        held = waiting.endswith(b"\r")  # the line feed that belongs to it may follow
        *lines, waiting = _LINE_END.split(waiting[:-1] if held else waiting)
        waiting += b"\r" if held else b""
        yield from lines
    yield from _LINE_END.split(waiting)
