"""Pages to chunks, cut by llama-index's sentence splitter on the embedder's own token counts.

A chunk never crosses its page, so a citation names one page. Before its text stands a prefix (title, organisation,
period, headings) in what is embedded and indexed; text and prefix together are never longer than the embedder reads.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from ingest.names import names_in, title_keys
from ingest.settings import Settings
from ingest.types import PARSER_VERSION, Block, Chunk, Generation, Names, Page, Span

PREFIX_TOKENS = 30  # kept free for the prefix in every chunk; a short text leaves it more
SPECIAL_TOKENS = 2  # begin and end
CHUNKS_PER_PAGE = 10_000
WIDEST_BLANK = 0.8  # of the line's height: a wider gap parts columns
_NAMESPACE = uuid.UUID("6d1a6f6c-6f1d-5c0a-9a51-1c2f1b6f0d0c")
_WORD = re.compile(r"\w+")
_NEGATIONS = frozenset("no not never none neither nor without cannot except unless t".split())


class TokenCounter(Protocol):
    """What chunking needs of an embedder: its limit and its counts."""

    max_tokens: int

    def count(self, text: str) -> int:
        """Tokens of a text, special tokens not included."""
        ...


class Chunker:
    """Cuts pages for one embedder. The same page always gives the same chunks with the same ids."""

    def __init__(self, embedder: TokenCounter, settings: Settings) -> None:
        """Set up the splitter for ``settings.chunk_tokens`` and ``settings.chunk_overlap``."""
        from llama_index.core.node_parser import SentenceSplitter

        self._embedder = embedder
        self._room = embedder.max_tokens - SPECIAL_TOKENS
        size = max(16, min(settings.chunk_tokens, self._room - PREFIX_TOKENS))
        self._size = size
        # The splitter asks only for the length of what its tokenizer gives.
        self._splitter = SentenceSplitter(
            chunk_size=size,
            chunk_overlap=min(settings.chunk_overlap, size // 4),
            tokenizer=lambda text: range(embedder.count(text)),
            paragraph_separator="\n",
        )

    def chunks(self, pages: Sequence[Page], generation: Generation, names: Names) -> list[Chunk]:
        """The chunks of some pages of a document, in order.

        Args:
            pages: any pages of the document; each is cut on its own.
            generation: what the chunks belong to; their ids are UUIDv5 of it, the parser's version and the ordinal.
            names: of the document, for the prefix and the title.
        """
        return [chunk for page in pages for chunk in self._page(page, generation, names)]

    def _page(self, page: Page, generation: Generation, names: Names) -> Iterator[Chunk]:
        for place, (start, end) in enumerate(self._cuts(page.text)):
            text = page.text[start:end]
            tokens = self._embedder.count(text)
            headings = _headings(page, start)
            mentioned = names_in(text)
            ordinal = page.number * CHUNKS_PER_PAGE + place
            yield Chunk(
                id=_chunk_id(generation, ordinal),
                document=generation.document,
                generation=generation.id,
                collection=generation.collection,
                title=names.title,
                page=page.number,
                ordinal=ordinal,
                start=start,
                end=end,
                text=text,
                prefix=self._prefix(names, headings, self._room - tokens - 1),
                headings=headings,
                columns=_columns(page, start, end),
                spans=_lines(page, start, end),
                names=mentioned,
                title_keys=title_keys([names.title, *headings, *_headings_within(page, start, end)], text),
                fingerprint=_fingerprint(text, mentioned),
                tokens=tokens,
            )

    def _cuts(self, text: str) -> list[tuple[int, int]]:
        """Spans of the chunks of a text. The splitter gives strings, in order: each is found again after the last."""
        if not text.strip():
            return []
        spans: list[tuple[int, int]] = []
        at = 0
        for piece in self._splitter.split_text(text):
            start = text.find(piece, at)
            if start < 0 or not piece:
                continue
            spans.append((start, start + len(piece)))
            at = start + 1
        return [cut for span in spans for cut in self._within_limit(text, span)]

    def _within_limit(self, text: str, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """A span, halved at a blank until no half is too long: the splitter keeps a word whole whatever its length."""
        start, end = span
        if end - start < 2 or self._embedder.count(text[start:end]) <= self._size:
            yield span
            return
        blank = text.rfind(" ", start + 1, (start + end) // 2 + 1)
        middle = blank if blank > start else (start + end) // 2
        yield from self._within_limit(text, (start, middle))
        yield from self._within_limit(text, (middle, end))

    def _prefix(self, names: Names, headings: Sequence[str], room: int) -> str:
        """Title, organisation, form and period, then as many headings, the nearest first, as ``room`` tokens hold."""
        parts = [names.title]
        said = names.title.casefold()
        parts += [p for p in (names.organisation, names.form, names.period) if p and p.casefold() not in said]
        while parts and self._embedder.count(" · ".join(parts)) > room:
            parts.pop()
        kept: list[str] = []
        for heading in reversed(headings):
            if self._embedder.count(" · ".join([*parts, heading, *kept])) > room:
                break
            kept.insert(0, heading)
        return " · ".join([*parts, *kept])


def _chunk_id(generation: Generation, ordinal: int) -> str:
    key = "\x1f".join((generation.tenant, generation.collection, generation.sha256, PARSER_VERSION, str(ordinal)))
    return str(uuid.uuid5(_NAMESPACE, key))


def _headings(page: Page, start: int) -> tuple[str, ...]:
    """The path of headings that holds at a character: the page's own path, changed by the headings before it."""
    path: list[tuple[int, str]] = list(enumerate(page.headings, 1))
    for block in page.blocks:
        if block.start > start:
            break
        if block.kind == "heading":
            path = [entry for entry in path if entry[0] < block.level]
            path.append((block.level, _label(page, block)))
    return tuple(text for _, text in path)


def _headings_within(page: Page, start: int, end: int) -> list[str]:
    return [_label(page, b) for b in page.blocks if b.kind == "heading" and start < b.start < end]


def _label(page: Page, block: Block) -> str:
    return " ".join(page.text[block.start : block.end].split())[:120]


def _columns(page: Page, start: int, end: int) -> tuple[str, ...]:
    """Column labels of the first table that a chunk has rows of."""
    tables = [b for b in page.blocks if b.kind == "table" and b.start < end and start < b.end and b.columns]
    return tables[0].columns if tables else ()


def _lines(page: Page, start: int, end: int) -> tuple[Span, ...]:
    """The pieces of lines that a span of text stands in: words with a blank between are joined, cells not."""
    lines: list[Span] = []
    first = bisect_right(page.spans, start, key=lambda span: span.end)
    for span in page.spans[first:]:
        if span.start >= end:
            break
        if lines and _same_line(lines[-1], span):
            last = lines[-1]
            top, bottom = min(last.y0, span.y0), max(last.y1, span.y1)
            lines[-1] = Span(last.start, span.end, last.x0, top, max(last.x1, span.x1), bottom)
        else:
            lines.append(span)
    return tuple(lines)


def _same_line(line: Span, word: Span) -> bool:
    height = min(line.y1 - line.y0, word.y1 - word.y0)
    overlap = min(line.y1, word.y1) - max(line.y0, word.y0)
    return overlap > 0.5 * height and line.x0 <= word.x0 < line.x1 + WIDEST_BLANK * height


def _fingerprint(text: str, names: Sequence[str]) -> int:
    """48 bits of SimHash over word triples (Charikar 2002) above 16 bits of hash over numbers, names and negations.

    Two texts are near-duplicates where the lower part is equal and the upper one nearly: texts that differ in a number,
    in a ``not`` or in who they are about may say different things, and are both kept.
    """
    words = _WORD.findall(text.casefold())
    grams = {" ".join(words[i : i + 3]) for i in range(max(1, len(words) - 2))}
    digests = b"".join(hashlib.blake2b(gram.encode(), digest_size=6).digest() for gram in grams)
    bits = np.unpackbits(np.frombuffer(digests, np.uint8)).reshape(-1, 48).sum(axis=0)
    telling = [word for word in words if word in _NEGATIONS or not word.isalpha()]
    exact = " ".join([*telling, *names])
    signature = np.packbits(2 * bits > len(grams)).tobytes() + hashlib.blake2b(exact.encode(), digest_size=2).digest()
    return int.from_bytes(signature)
