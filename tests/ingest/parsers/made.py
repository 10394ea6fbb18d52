"""Small PDFs made for one test each, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymupdf

from ingest.parsers.pdf import PdfDocument
from ingest.types import Page, Survey

Text = tuple[float, float, str] | tuple[float, float, str, float] | tuple[float, float, str, float, str]
"""x, baseline y, text, size (10), font (``helv``; ``hebo`` is bold)."""


def drawn(*pages: Sequence[Text], width: float = 595, height: float = 842) -> Any:
    """An open PyMuPDF document with one page for each list of texts."""
    file: Any = pymupdf.open()
    for texts in pages:
        page = file.new_page(width=width, height=height)
        for x, y, text, *style in texts:
            given: list[Any] = [*style]
            size, font = given + [10, "helv"][len(given) :]
            page.insert_text((x, y), text, fontsize=size, fontname=font)
    return file


def read(path: Path) -> list[Page]:
    """All pages of a PDF, read in this process."""
    with PdfDocument(path, 1000) as document:
        survey = document.survey(lambda number: None)
        return [document.page(number, survey) for number in range(1, survey.page_count + 1)]


def surveyed(path: Path) -> Survey:
    """The survey of a PDF, made in this process."""
    with PdfDocument(path, 1000) as document:
        return document.survey(lambda number: None)


def page_of(folder: Path, texts: Sequence[Text]) -> Page:
    """A page with these texts, as read."""
    drawn(texts).save(folder / "made.pdf")
    return read(folder / "made.pdf")[0]


def paragraph(x: float, y: float, words: str, lines: int, leading: float = 12) -> list[Text]:
    """Lines of running text one below the other."""
    return [(x, y + n * leading, words) for n in range(lines)]


def laughs(path: Path, leaf: bytes, levels: int = 10, extra_pages: int = 2) -> None:
    """A PDF whose second page draws a form that draws a form …: 10 to the power of ``levels`` times ``leaf``."""
    file = drawn(*([(72, 72, f"page {n + 1} is fine")] for n in range(extra_pages + 1)))
    inner = file.get_new_xref()
    font = file[1].get_fonts()[0][0]
    file.update_object(
        inner, f"<</Type/XObject/Subtype/Form/BBox[0 0 600 900]/Resources<</Font<</helv {font} 0 R>>>>>>"
    )
    file.update_stream(inner, leaf)
    for _ in range(levels):
        outer = file.get_new_xref()
        file.update_object(
            outer, f"<</Type/XObject/Subtype/Form/BBox[0 0 600 900]/Resources<</XObject<</X {inner} 0 R>>>>>>"
        )
        file.update_stream(outer, b"/X Do " * 10)
        inner = outer
    page = file[1]
    file.xref_set_key(page.xref, "Resources", f"<</XObject<</X {inner} 0 R>>>>")
    file.update_stream(page.get_contents()[0], b"/X Do ")
    file.save(path)
