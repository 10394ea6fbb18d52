"""Markdown by markdown-it-py (CommonMark with tables): its blocks with their headings, lists, tables and code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ingest.parsers.html import html_pieces
from ingest.parsers.normalise import clean, squeezed
from ingest.parsers.pieces import Piece, plain_pieces, table_pieces
from ingest.types import BlockKind

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*\n", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE | re.IGNORECASE)


def markdown_pieces(text: str) -> tuple[str, list[Piece]]:
    """The title (front matter, else none) and the blocks of a Markdown text.

    Links and emphasis keep their words only. A table's header is its first row and its column labels.
    """
    from markdown_it import MarkdownIt

    text = text.replace("\r\n", "\n")
    title = ""
    if front := _FRONT_MATTER.match(text):
        named = _TITLE.search(front[1])
        title = squeezed(named[1]) if named else ""
        text = text[front.end() :]
    writer = _Writer()
    writer.write(MarkdownIt("commonmark").enable("table").parse(text))
    return title, writer.pieces


class _Writer:
    """Turns markdown-it's stream of tokens into pieces."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self._table: list[list[str]] | None = None
        self._heads = 0
        self._markers: list[str] = []
        self._item = ""

    def write(self, tokens: Sequence[Any]) -> None:
        """Take in all tokens of a text."""
        heading = 0
        for token in tokens:
            kind = token.type
            if kind == "heading_open":
                heading = int(token.tag[1:])
            elif kind == "heading_close":
                heading = 0
            elif kind == "inline":
                self._inline(inline_text(token.children or ()), heading)
            elif kind in ("fence", "code_block"):
                self.pieces += [Piece("code", piece.text) for piece in plain_pieces(token.content)]
            elif kind == "html_block":
                self.pieces += html_pieces(token.content)[1]
            else:
                self._structure(kind, token)

    def _structure(self, kind: str, token: Any) -> None:
        if kind == "table_open":
            self._table, self._heads = [], 0
        elif kind == "tr_open" and self._table is not None:
            self._table.append([])
        elif kind == "thead_close" and self._table is not None:
            self._heads = len(self._table)
        elif kind == "table_close" and self._table is not None:
            self.pieces += table_pieces(self._table, self._heads)
            self._table = None
        elif kind in ("bullet_list_open", "ordered_list_open"):
            self._markers.append("•" if kind.startswith("bullet") else "1")
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._markers.pop()
        elif kind == "list_item_open":
            self._item = f"{token.info}{token.markup} " if token.info else "• "

    def _inline(self, text: str, heading: int) -> None:
        if self._table is not None:
            if self._table:
                self._table[-1].append(squeezed(text))
            return
        if not text:
            return
        kind: BlockKind = "heading" if heading else "list" if self._markers else "text"
        if heading:
            self.pieces.append(Piece(kind, squeezed(text), heading))
            return
        item, self._item = (self._item, "") if self._markers else ("", self._item)
        if self._markers and self.pieces and self.pieces[-1].kind == "list" and item:
            self.pieces[-1] = Piece("list", f"{self.pieces[-1].text}\n{item}{text}")
        else:
            self.pieces.append(Piece(kind, item + text))


def inline_text(tokens: Sequence[Any]) -> str:
    """The words of inline tokens: markup gone, images by their description."""
    parts: list[str] = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "image":
            parts.append(inline_text(token.children or ()))
    return " ".join(filter(None, map(clean, "".join(parts).split())))
