"""How fast PDFs are read, on one core, beside pypdf and pymupdf4llm on the same pages in the same run.

python -m benchmarks.parse --data FOLDER
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.common import arguments, data_folder, table

SETS = ("financebench", "sec-10-q")
Pages = dict[Path, list[int]]
Found = tuple[int, int, int, int]
"""Pages read, and the characters, table rows and headings found on them."""


def whole(files: Sequence[Path]) -> Pages:
    """All pages (from 1) of files."""
    import pymupdf

    opened: Any = pymupdf.open
    found: Pages = {}
    for path in files:
        with opened(path) as file:
            found[path] = list(range(1, file.page_count + 1))
    return found


def docqa(pages: Pages) -> Found:
    """Read pages as docqa does, surveys included."""
    from ingest.parsers.pdf import PdfDocument

    characters = rows = headings = 0
    for path, numbers in pages.items():
        with PdfDocument(path, 100_000) as document:
            survey = document.survey(lambda number: None)
            for number in numbers:
                page = document.page(number, survey)
                characters += len(page.text)
                rows += sum(page.text.count("\n", b.start, b.end) + 1 for b in page.blocks if b.kind == "table")
                headings += sum(block.kind == "heading" for block in page.blocks)
    return sum(map(len, pages.values())), characters, rows, headings


def pypdf(pages: Pages) -> Found:
    """Read pages with pypdf's extract_text; a page that it refuses does not count as read."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    characters = count = 0
    for path, numbers in pages.items():
        with suppress(PyPdfError):
            reader = PdfReader(path)
            for number in numbers:
                characters += len(reader.pages[number - 1].extract_text())
                count += 1
    return count, characters, 0, 0


def pymupdf4llm(pages: Pages) -> Found:
    """Read pages with pymupdf4llm's to_markdown."""
    import pymupdf4llm as reader

    characters = rows = headings = 0
    for path, numbers in pages.items():
        text: Any = reader.to_markdown(str(path), pages=[number - 1 for number in numbers], show_progress=False)
        characters += len(text)
        rows += text.count("\n|")
        headings += text.count("\n#")
    return sum(map(len, pages.values())), characters, rows, headings


def measured(read: Callable[[Pages], Found], pages: Pages) -> list[object]:
    """Pages, CPU seconds, pages per CPU second, and per page the characters, table rows and headings found."""
    began = time.process_time()
    count, *found = read(pages)
    seconds = time.process_time() - began
    return [count, seconds, count / seconds, *(number / count for number in found)]


def main() -> None:
    """Read the command line, measure, and print the table."""
    options = arguments("Rate of reading PDFs, per core.").parse_args()
    files = [path for name in SETS for path in sorted((data_folder(options, name) / "pdfs").glob("*.pdf"))]
    if hasattr(os, "sched_setaffinity"):
        with suppress(OSError):  # one core for every reader, whatever threads its libraries start
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with without_addons():
        docqa(whole(files[-1:]))  # warm
        many, some = whole(files), whole(files[3::10])
        few = dict([min(many.items(), key=lambda item: len(item[1]))])
        rows = [["docqa", *measured(docqa, many)], ["docqa, the same as pypdf", *measured(docqa, some)]]
        rows += [["pypdf", *measured(pypdf, some)], ["docqa, the same as pymupdf4llm", *measured(docqa, few)]]
    rows.append(["pymupdf4llm", *measured(pymupdf4llm, few)])
    header = ["reader", "pages", "CPU s", "pages/s", "characters/page", "table rows/page", "headings/page"]
    table("Reading filings on one core", header, rows)
    print("\nRectangles: docqa gives one for every word; the texts of pypdf and pymupdf4llm have none.")
    print(
        "docqa's figures include the survey of each file. pymupdf4llm reads the shortest file only, pypdf every tenth."
    )


@contextmanager
def without_addons() -> Iterator[None]:
    """PyMuPDF without the optional parts that docqa's parser process does without."""
    addons = ("pymupdf.layout", "pymupdf4llm")
    for addon in addons:
        sys.modules[addon] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for addon in addons:
            del sys.modules[addon]


if __name__ == "__main__":
    main()
