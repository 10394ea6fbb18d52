"""HTML by the standard library's parser: headings, paragraphs, lists, tables, code; no scripts, no navigation."""

from __future__ import annotations

from html.parser import HTMLParser

from ingest.parsers.normalise import clean, squeezed
from ingest.parsers.pieces import Piece, table_pieces
from ingest.types import BlockKind

_DROPPED = frozenset("script style nav template noscript svg iframe object select button head".split())
_BLOCKS = frozenset(
    "p div section article main header footer aside blockquote ul ol dl dt dd figure figcaption address details "
    "summary body html hr form fieldset center caption".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def html_pieces(text: str) -> tuple[str, list[Piece]]:
    """The title of an HTML text and its blocks."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.flush()
    return squeezed(reader.title), reader.pieces


class _Reader(HTMLParser):
    """Gathers text until a tag ends the block that it belongs to."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[Piece] = []
        self.title = ""
        self._text: list[str] = []
        self._kind: BlockKind = "text"
        self._level = 0
        self._dropped: list[str] = []
        self._in_title = False
        self._tables: list[_Table] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, a row, a cell, or a part that is left out."""
        if tag == "title" and not self.title:
            self._in_title = True
        elif tag == "body":
            self._dropped.clear()  # a head that is never closed ends here
        elif self._dropped:
            if tag in _DROPPED:
                self._dropped.append(tag)
        elif tag in _DROPPED:
            self._dropped.append(tag)
        elif tag == "br":
            self._text.append("\n" if self._kind == "code" else " ")
        elif tag in ("table", "tr", "td", "th"):
            self._table_tag(tag)
        elif not self._tables:
            self._begin(tag)
        elif tag in _BLOCKS or tag == "li":
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """End what the tag began."""
        if tag == "title":
            self._in_title = False
        elif self._dropped:
            if tag in self._dropped:
                del self._dropped[self._dropped.index(tag) :]
        elif tag in ("td", "th", "tr", "table") and self._tables:
            self._end_cell()
            if tag == "table":
                self.pieces += self._tables.pop().pieces()
        elif not self._tables and (tag in _BLOCKS or tag in _HEADINGS or tag in ("li", "pre")):
            self.flush()
        elif tag in _BLOCKS:
            self._text.append(" ")

    def handle_data(self, data: str) -> None:
        """Take in text."""
        if self._in_title:
            self.title += data
        elif not self._dropped:
            self._text.append(data)

    def flush(self) -> None:
        """End the block that is open."""
        for table in self._tables[:1]:
            self._end_cell()
            self.pieces += table.pieces()
        self._tables.clear()
        raw = "".join(self._text)
        self._text.clear()
        text = raw.strip("\n").rstrip() if self._kind == "code" else _words(raw)
        kind, level = self._kind, self._level
        self._kind, self._level = "text", 0
        if not text.strip():
            return
        if kind == "list" and self.pieces and self.pieces[-1].kind == "list":
            self.pieces[-1] = Piece("list", f"{self.pieces[-1].text}\n• {text}")
        else:
            self.pieces.append(Piece(kind, f"• {text}" if kind == "list" else text, level))

    def _begin(self, tag: str) -> None:
        if tag in _HEADINGS:
            self.flush()
            self._kind, self._level = "heading", _HEADINGS[tag]
        elif tag in ("li", "pre"):
            self.flush()
            self._kind = "list" if tag == "li" else "code"
        elif tag in _BLOCKS and not (self._kind == "list" and not "".join(self._text).strip()):
            self.flush()

    def _table_tag(self, tag: str) -> None:
        if tag == "table":
            if self._tables:
                self._end_cell()
            else:
                self.flush()
            self._tables.append(_Table())
        elif self._tables:
            self._end_cell()
            self._tables[-1].begin(tag)

    def _end_cell(self) -> None:
        self._tables[-1].end(_words("".join(self._text)))
        self._text.clear()


class _Table:
    """The rows of a table that is being read."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []
        self._labels: list[bool] = []
        self._open = False

    def begin(self, tag: str) -> None:
        """Begin a row or a cell."""
        if tag == "tr" or not self._rows:
            self._rows.append([])
            self._labels.append(True)
        if tag != "tr":
            self._open = True
            self._labels[-1] &= tag == "th"

    def end(self, text: str) -> None:
        """End the cell that is open; text outside of cells makes a row of its own."""
        if self._open:
            self._rows[-1].append(text)
        elif text:
            self._rows.append([text])
            self._labels.append(False)
        self._open = False

    def pieces(self) -> list[Piece]:
        """The table as a block; one that only lays out text becomes a paragraph."""
        heads = next((n for n, label in enumerate(self._labels) if not label), len(self._labels))
        rows = [row for row in self._rows if any(row)]
        if rows and all(sum(map(bool, row)) == 1 for row in rows):
            return [Piece("text", next(filter(None, row))) for row in rows]
        return table_pieces(rows, min(heads, len(rows) - 1) if rows else 0)


def _words(text: str) -> str:
    return " ".join(filter(None, map(clean, text.split())))
