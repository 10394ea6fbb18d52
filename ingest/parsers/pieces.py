"""Blocks of a text before it has pages, as the readers of Markdown, HTML and plain text give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ingest.parsers.normalise import clean
from ingest.types import BlockKind


class Piece(NamedTuple):
    """A block of a text before it has a page. ``columns`` are a table's column labels."""

    kind: BlockKind
    text: str
    level: int = 0
    columns: tuple[str, ...] = ()


def plain_pieces(text: str) -> list[Piece]:
    """Paragraphs of a plain text, which blank lines part."""
    lines = "\n".join(_line(line) for line in text.splitlines())
    return [Piece("text", part.strip("\n")) for part in lines.split("\n\n") if part.strip()]


def table_pieces(rows: Sequence[Sequence[str]], heads: int) -> list[Piece]:
    """A table as ``cell | cell`` row by row; the first ``heads`` rows label its columns."""
    lines = [" | ".join(row).rstrip(" |") for row in rows if any(row)]
    labels = [" ".join(filter(None, parts)) for parts in zip(*(row[1:] for row in rows[:heads]), strict=False)]
    return [Piece("table", "\n".join(lines), columns=tuple(labels) if any(labels) else ())] if lines else []


def _line(line: str) -> str:
    """A line with its characters normalised and its inner spacing kept."""
    return " ".join(clean(word) for word in line.replace("\t", "    ").rstrip().split(" ")) if line.strip() else ""
