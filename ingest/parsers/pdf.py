"""PDF by PyMuPDF: what has to be known of the document, and its pages one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

from ingest.errors import DamagedError, EncryptedError, TooLargeError
from ingest.parsers import furniture, order
from ingest.parsers.blocks import Draft, drafts
from ingest.parsers.compose import Composer
from ingest.parsers.frames import Drawing
from ingest.parsers.headings import path_after, path_before
from ingest.parsers.lines import Segment, rows, segments
from ingest.parsers.normalise import masked, squeezed
from ingest.parsers.picture import check_page, page_png
from ingest.parsers.words import Word, page_words
from ingest.types import OutlineEntry, Page, Survey

MEDIA_TYPE = "application/pdf"
_FIRST_TEXT = 8_000
_FIRST_PAGES = 3
_MAX_OUTLINE = 5_000
_MAX_WORDS = 200_000
_LOOK_BACK = 2
_KEPT_WORDS = 2_000


class Sheet(NamedTuple):
    """The words of a page in its reading frame, and their segments.

    ``width`` and ``height`` are of the page as shown; ``frame`` is as ``Composer`` wants it.
    """

    words: list[Word]
    parts: list[Segment]
    width: float
    height: float
    frame: tuple[int, float, float]


class PdfDocument:
    """An open PDF.

    Args:
        path: file to read.
        max_pages: most pages allowed.

    Raises:
        EncryptedError: it needs a password.
        DamagedError: it cannot be opened or has no page.
        TooLargeError: it has more pages than allowed.
    """

    def __init__(self, path: Path, max_pages: int) -> None:
        import pymupdf

        tools: Any = pymupdf.TOOLS
        tools.mupdf_display_errors(False)
        tools.mupdf_display_warnings(False)
        self._flags: int = pymupdf.TEXT_MEDIABOX_CLIP
        try:
            opened: Any = pymupdf.open
            self._file: Any = opened(filename=self._name(path), filetype="pdf")
        except Exception as error:
            _raise_if_memory(error)
            raise DamagedError("damaged: no page could be read") from error
        if self._file.needs_pass:
            raise EncryptedError("encrypted: needs a password")
        self._headings: dict[int, tuple[tuple[int, str], ...]] = {}
        self._surveyed: dict[int, Sheet] = {}
        self.page_count: int = self._file.page_count
        if self.page_count < 1:
            raise DamagedError("damaged: no page could be read")
        if self.page_count > max_pages:
            raise TooLargeError(f"has {self.page_count:,} pages; DOCQA_MAX_PAGES allows {max_pages:,}")

    def __enter__(self) -> PdfDocument:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._file.close()
        if self._handle is not None:
            self._handle.close()

    def _name(self, path: Path) -> str:
        """The path as MuPDF can take it: in UTF-8, so other names go by an open file."""
        self._handle: BinaryIO | None = None
        try:
            path.as_posix().encode()
        except UnicodeEncodeError:
            self._handle = path.open("rb")
            return f"/dev/fd/{self._handle.fileno()}"
        return str(path)

    def survey(self, report: Callable[[int], None], skip: Collection[int] = ()) -> Survey:
        """What has to be known of the whole before a page can be read; looks at a bounded number of pages.

        Args:
            report: called with the number of each page before it is read.
            skip: pages that must not be touched.

        Raises:
            DamagedError: none of the pages that it looked at could be read.
        """
        sizes, samples, readable = Counter[float](), [], 0
        first_text, large = "", ""
        numbers = furniture.sample(self.page_count)
        for number in numbers:
            if number in skip:
                continue
            report(number)
            try:
                sheet = self._sheet(number)
            except Exception as error:
                _raise_if_memory(error)
                continue
            readable += 1
            if len(sheet.words) <= _KEPT_WORDS:  # the page itself is likely to be asked for soon
                self._surveyed[number] = sheet
            lines = rows(sheet.parts)
            samples.append((number, furniture.edges(lines, sheet.frame[2])))
            for word in sheet.words:
                sizes[round(word.size, 1)] += len(word.text)
            if number <= _FIRST_PAGES:
                first_text += "\n".join(row.text for row in lines) + "\n"
                large = large or _largest(sheet.words)
        if not readable:
            raise DamagedError("damaged: no page could be read")
        metadata = self._file.metadata or {}
        body = max(sizes, key=lambda size: (sizes[size], -size)) if sizes else 0.0
        return Survey(
            MEDIA_TYPE, self.page_count, squeezed(metadata.get("title") or ""), squeezed(metadata.get("author") or ""),
            large, first_text[:_FIRST_TEXT].strip(), self._outline(), furniture.repeated(samples, body), body,
        )  # fmt: skip

    def page(
        self,
        number: int,
        survey: Survey,
        report: Callable[[int], None] = lambda number: None,
        skip: Collection[int] = (),
    ) -> Page:
        """One page, read with what the survey knows; never raises for what is wrong with the page alone.

        The headings that hold where the page begins come from the outline. A document without one has them from the
        page before, or the one before that if it has no heading, so that any part of a document reads the same on
        its own.
        """
        path = path_before(survey.outline, number)
        if not survey.outline:
            for earlier in range(number - 1, max(0, number - 1 - _LOOK_BACK), -1):
                if earlier not in self._headings and earlier not in skip:
                    report(earlier)
                    self._read(earlier, survey)
                if path := path_after(self._headings.get(earlier, ())):
                    break
        report(number)
        page = self._read(number, survey)
        return replace(page, headings=path) if path else page

    def picture(self, drawing: Drawing) -> bytes:
        """A page as PNG, some rectangles marked.

        Raises:
            NotFoundError: there is no such page.
            DamagedError: it cannot be drawn.
        """
        check_page(drawing.page, self.page_count)
        try:
            return page_png(self._file.load_page(drawing.page - 1), drawing)
        except Exception as error:
            _raise_if_memory(error)
            raise DamagedError(f"damaged: page {drawing.page} cannot be drawn") from error

    def _read(self, number: int, survey: Survey) -> Page:
        """One page without the headings before it; its own are remembered."""
        try:
            page = self._page(number, survey)
            found = tuple((b.level, page.text[b.start : b.end][:200]) for b in page.blocks if b.kind == "heading")
            self._headings[number] = found
            return page
        except Exception as error:
            _raise_if_memory(error)
            self._headings[number] = ()
            return Page(
                number,
                "",
                error=f"page {number} could not be read: {squeezed(str(error))[:200] or type(error).__name__}",
            )

    def _page(self, number: int, survey: Survey) -> Page:
        sheet = self._surveyed.pop(number, None) or self._sheet(number)
        left_out, kept = furniture.parted(sheet.parts, sheet.frame[2], survey, number)
        titles = {masked(entry.title): entry.level for entry in survey.outline if entry.page == number}
        composer = Composer(sheet.words, sheet.frame)
        for region in order.columns(kept):
            for draft in drafts(rows(region), survey.body_size, titles):
                composer.add(draft)
        for line in _sideways(sheet.words):
            composer.add(line)
        scanned = not sheet.words and _shows_something(self._file.load_page(number - 1))
        return Page(
            number, composer.text, round(sheet.width, 2), round(sheet.height, 2), tuple(composer.blocks),
            tuple(composer.spans), (), left_out, scanned,
        )  # fmt: skip

    def _sheet(self, number: int) -> Sheet:
        page = self._file.load_page(number - 1)
        shown = page.rect
        width, height = shown.width, shown.height
        rotation = page.rotation // 90 % 4
        if rotation % 2:
            width, height = height, width
        words, quarters = page_words(page.get_textpage(flags=self._flags), width, height)
        if len(words) > _MAX_WORDS:
            raise ValueError(f"it holds more than {_MAX_WORDS:,} words")
        if quarters % 2:
            width, height = height, width
        parts = segments([word for word in words if not word.turn])
        return Sheet(words, parts, shown.width, shown.height, ((rotation - quarters) % 4, width, height))

    def _outline(self) -> tuple[OutlineEntry, ...]:
        try:
            entries = self._file.get_toc(simple=True)
        except Exception as error:
            _raise_if_memory(error)
            return ()
        found = (OutlineEntry(level, squeezed(title)[:300], page) for level, title, page, *_ in entries[:_MAX_OUTLINE])
        return tuple(entry for entry in found if entry.title)


def _raise_if_memory(error: Exception) -> None:
    """MuPDF tells that memory ran out by an error of its own."""
    if isinstance(error, MemoryError) or "alloc (" in str(error):
        raise MemoryError from error


def _largest(words: list[Word]) -> str:
    """The words of a page in its largest type, with the small capitals between, if that type stands out."""
    sizes = Counter[int]()
    for word in words:
        sizes[round(word.size)] += sum(c.isalpha() for c in word.text)
    for size in sorted(sizes, reverse=True):
        if sizes[size] >= 3 and len(sizes) > 1:
            lines = {word.line for word in words if round(word.size) == size}
            return squeezed(" ".join(w.text for w in words if w.line in lines and w.size > 0.7 * size))[:200]
    return ""


def _sideways(words: list[Word]) -> list[Draft]:
    """Words that stand across the reading direction, one block for each of their lines."""
    lines: dict[int, list[Word]] = {}
    for word in words:
        if word.turn:
            lines.setdefault(word.line, []).append(word)
    return [Draft("text", [[line]]) for line in lines.values()]


def _shows_something(page: Any) -> bool:
    """Whether a page without text has an image or a drawing."""
    return bool(page.get_images()) or any(True for _ in page.get_bboxlog())
