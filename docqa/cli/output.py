"""How things are put on the screen or into JSON. Text out of documents is never trusted to be harmless."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


NUMERIC = ("pages", "chunks", "documents", "failed", "tokens", "messages", "share")


def clean(text: object) -> str:
    """One line of text that a terminal can show as it is: no control characters, no lone surrogates, no line breaks.

    Names and texts out of documents could otherwise move the cursor or set colours (escape sequences).
    """
    line = str(text).encode("utf-8", "replace").decode()
    return " ".join("".join(c if unicodedata.category(c) not in ("Cc", "Cf") else " " for c in line).split())


def shorten(text: object, limit: int) -> str:
    """``clean`` text of at most ``limit`` characters, with an ellipsis where something was cut off."""
    line = clean(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def plural(count: int, noun: str) -> str:
    """``1 page``, ``2 pages``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def date(when: float) -> str:
    """A moment (seconds since 1970) in local time, to the minute."""
    return datetime.fromtimestamp(when).strftime("%Y-%m-%d %H:%M")


def to_json(record: object, **more: object) -> str:
    """A record (a dataclass or a dict) as one line of JSON, with more fields before its own."""
    values = dataclasses.asdict(record) if dataclasses.is_dataclass(record) and not isinstance(record, type) else record
    fields = {**more, **values} if isinstance(values, dict) else values
    return json.dumps(fields, ensure_ascii=False, default=_plain).encode("utf-8", "replace").decode()


def event_json(event: object) -> str:
    """An event as one line of JSON; ``event`` names its kind in snake case (``tool_called``)."""
    return to_json(event, event=re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower())


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


class Screen:
    """Lines on standard output or error: in colour on a terminal, plain elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """``stream``: where the lines go; standard output if not given."""
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()

    @cached_property
    def console(self) -> Console:
        """The terminal as rich sees it."""
        from rich.console import Console

        return Console(file=self.stream, highlight=False)

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """Write a line; on a terminal it is wrapped at words and keeps its indentation."""
        if not self.live:
            self.stream.write(f"{' ' * indent}{text}\n")
            self.stream.flush()
            return
        from rich.padding import Padding
        from rich.text import Text

        self.console.print(Padding(Text(text or " ", style=style), (0, 0, 0, indent), expand=False))

    def piece(self, text: str, style: str = "") -> None:
        """Write a piece of a line on a terminal."""
        from rich.text import Text

        self.console.print(Text(text, style=style), end="", soft_wrap=True)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write a table; without a terminal its cells are separated by tabs."""
        if not self.live:
            for row in chain([headings], rows):
                self.line("\t".join(row))
            return
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, header_style="bold", pad_edge=False)
        for heading in headings:
            numeric = heading in NUMERIC
            table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.console.print(table)
