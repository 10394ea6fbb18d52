"""Quotes checked against the archive, and the numbers by which an answer's text refers to them.

A quote must stand in its chunk word for word. Tolerated: white space and the `` | `` of table rows, typographic
variants of quotation marks, dashes and ligatures, the case of the first letter, and an ellipsis between two pieces
that both stand there in this order. A match never begins or ends inside a word or a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from docqa.events import Citation
from ingest.types import Chunk, Rect, Span

_MARKS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´ʼ＇", "'"),
        **dict.fromkeys("“”„‟″«»＂", '"'),
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff|", ""),
    }
)
_ELLIPSIS = re.compile(r"\s*\[?(?:…|\.\s?\.\s?\.)\]?\s*")
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    a an and are as at be been but by did do does for from had has have he her his if in into is it its no nor not of on
    or our she so such than that the their them then there these they this those to was we were what when where which
    who will with would you your
""",
    )
)
_LONGEST_QUOTE = 4000


def says_nothing(quote: str) -> bool:
    """Whether a quote is too short to prove anything: under 3 letters and digits, or stop words only."""
    words = re.findall(r"\w+", quote.casefold())
    return sum(map(len, words)) < 3 or all(word in _STOP_WORDS for word in words)


def cite(chunk: Chunk, quote: str, marker: int = 0) -> Citation | None:
    """The citation of a quote that stands in a chunk, or None where it does not stand there.

    Its quote is the chunk's own wording, and its span and rectangles are those of the page.
    """
    found = find(chunk.text, quote)
    if found is None:
        return None
    start, end = found
    words, rects = chunk.text[start:end], _rects(chunk, start, end)
    span = (chunk.start + start, chunk.start + end)
    return Citation(marker, chunk.document, chunk.title, chunk.page, chunk.id, words, *span, rects)


def find(text: str, quote: str) -> tuple[int, int] | None:
    """Where a quote stands in a text, as ``[start, end)``, or None."""
    quote = quote.strip()[:_LONGEST_QUOTE]
    unwrapped = quote.strip("\"'“”‘’„«» \n\t")
    for tried in dict.fromkeys((quote, unwrapped, unwrapped.rstrip(".,;: "))):
        found = _find_pieces(text, [tried]) or _find_pieces(text, _ELLIPSIS.split(tried))
        if found:
            return found
    return None


def _find_pieces(text: str, pieces: Sequence[str]) -> tuple[int, int] | None:
    """Where all pieces stand in a text one after the other; an empty piece, before or after an ellipsis, is passed
    over.
    """
    folded, at = _folded(text)
    start, position = -1, 0
    for piece in (_folded(piece)[0] for piece in pieces if piece.strip()):
        if len(pieces) > 1 and len(piece) < 3:
            return None
        place = _place(text, folded, at, piece, position, any_case=start < 0)
        if place < 0:
            return None
        start = place if start < 0 else start
        position = place + len(piece)
    return (at[start], at[position - 1] + 1) if start >= 0 else None


def _place(text: str, folded: str, at: Sequence[int], piece: str, position: int, any_case: bool) -> int:
    """Where a folded piece stands in a folded text from a position on, on the bounds of words; -1 for nowhere."""
    if not piece:
        return -1
    variants = {piece, piece[0].swapcase() + piece[1:]} if any_case else {piece}
    pattern = re.compile("|".join(f"(?={re.escape(variant)})" for variant in variants))
    for place in (match.start() for match in pattern.finditer(folded, position)):
        first, last = at[place], at[place + len(piece) - 1]
        if not _joined(text, first) and not _joined(text, last + 1):
            return place
    return -1


def _joined(text: str, at: int) -> bool:
    """Whether a word or a number goes on across a position. Letters of scripts that write no spaces never join."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if before in ".," and after.isdigit():
        return at > 1 and text[at - 2].isdigit()
    if after in ".," and before.isdigit():
        return at + 1 < len(text) and text[at + 1].isdigit()
    return _in_word(before) and _in_word(after)


def _in_word(character: str) -> bool:
    return character.isalnum() and unicodedata.category(character) != "Lo"


def _folded(text: str) -> tuple[str, list[int]]:
    """A text without white space and typographic variety, and for each of its characters the place that it came
    from.
    """
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        plain = character if character < "\x7f" else unicodedata.normalize("NFKC", character)
        plain = "".join(plain.split()).translate(_MARKS) if plain != character or not plain.isalnum() else plain
        characters.append(plain)
        places.extend([place] * len(plain))
    return "".join(characters), places


def _rects(chunk: Chunk, start: int, end: int) -> tuple[Rect, ...]:
    """The rectangles of a part of a chunk's text: those of its lines, cut as if all letters were as wide."""
    first, last = chunk.start + start, chunk.start + end
    return tuple(_cut(span, first, last) for span in chunk.spans if span.start < last and span.end > first)


def _cut(span: Span, first: int, last: int) -> Rect:
    width = (span.x1 - span.x0) / (span.end - span.start)
    x0 = span.x0 + width * max(0, first - span.start)
    x1 = span.x1 - width * max(0, span.end - last)
    return (x0, span.y0, x1, span.y1)


def nearest(text: str, quote: str) -> str:
    """The sentence or line of a text that shares the most words with a quote; empty where it shares none."""
    wanted = set(re.findall(r"\w+", quote[:_LONGEST_QUOTE].casefold())) - _STOP_WORDS
    best, most = "", 0.0
    for piece in re.split(r"(?<=[.!?])\s+|\n+", text):
        words = set(re.findall(r"\w+", piece.casefold()))
        score = len(words & wanted) / (len(words | wanted) or 1)
        if score > most:
            best, most = piece.strip(), score
    return best[:300]


_NAME = r"(?:[ec]?\d{1,3}|m\d{1,9})"
_MARKER = re.compile(rf"\s?\[({_NAME}(?:\s*[,;]\s*{_NAME})*)\]", re.IGNORECASE)


def number(text: str, cited: Sequence[tuple[str, Citation]]) -> tuple[str, tuple[Citation, ...]]:
    """An answer's text with its markers as ``[1]``, ``[2]``, …, and its citations numbered by them.

    Args:
        text: as the model wrote it, with ``[e1]``, ``[c3]``, ``[1]`` (a place in its list), or no markers.
        cited: the citations with the name that the model used for each (``e1`` or ``c3``), in the order of its list.

    Citations are numbered in the order in which the text first refers to them; those that it does not refer to
    follow and their markers are put at its end. A marker that refers to nothing is taken out.
    """
    order: list[Citation] = []

    def numbered(citation: Citation) -> int:
        same = (citation.chunk, citation.start, citation.end)
        for place, other in enumerate(order, 1):
            if (other.chunk, other.start, other.end) == same:
                return place
        order.append(citation)
        return len(order)

    def marker(match: re.Match[str]) -> str:
        found = [c for name in re.split(r"[,;]", match.group(1)) for c in _named(name.strip().lower(), cited)]
        return "".join(f" [{n}]" if i == 0 else f"[{n}]" for i, n in enumerate(dict.fromkeys(map(numbered, found))))

    result = _MARKER.sub(marker, text).strip()
    named = len(order)
    for _, citation in cited:
        numbered(citation)
    rest = "".join(f"[{n}]" for n in range(named + 1, len(order) + 1))
    return f"{result} {rest}".strip(), tuple(replace(c, marker=n) for n, c in enumerate(order, 1))


def without_markers(text: str) -> str:
    """An answer's text without its markers."""
    return _MARKER.sub("", text).strip()


_IMAGE = re.compile(r"!\[([^\[\]]{0,300})\]\([^()]{0,2000}\)|<img\b[^<>]{0,2000}>", re.IGNORECASE)
_LINK = re.compile(r"\[([^\[\]]{1,300})\]\(\s{0,9}<?(?:[a-z][a-z0-9+.-]{0,30}:|//|/)[^()]{0,2000}\)", re.IGNORECASE)
_REFERENCE = re.compile(r"(?im)^[ \t]{0,9}\[[^\[\]]{1,300}\]:\s*<?(?:[a-z][a-z0-9+.-]*:|/)\S*.*$")
_TAG = re.compile(
    r"</?(?:a|img|iframe|script|style|link|object|embed|form|svg|video|audio|meta)\b[^<>]{0,2000}>", re.IGNORECASE
)
_HTML = re.compile(r"<(?=[A-Za-z/!?])")
_ADDRESS = re.compile(r"(?<![`\w])(?:https?|ftp|data|javascript|file):[^\s`<>\"')\]]+", re.IGNORECASE)


def without_links(text: str) -> str:
    """A text in which nothing is loaded or can be clicked when it is shown as Markdown or HTML.

    What a document says must not reach out through an answer: images are dropped, of links their text is kept, tags are
    taken out, and addresses stand as code.
    """
    text = _IMAGE.sub(lambda match: match.group(1) or "", text)
    text = _REFERENCE.sub("", _TAG.sub("", _LINK.sub(r"\1", text)))
    text = _ADDRESS.sub(lambda match: f"`{match.group()}`", text)
    return _HTML.sub("< ", text.replace("](", "] (").replace("]:", "] :").replace("![", "! [")).strip()


def _named(name: str, cited: Sequence[tuple[str, Citation]]) -> list[Citation]:
    """The citations that a marker's name refers to."""
    if name.isdigit():
        return [cited[int(name) - 1][1]] if 1 <= int(name) <= len(cited) else []
    return [citation for known, citation in cited if known == name]
