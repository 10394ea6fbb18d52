"""Make the sample documents: every source in ``sources/`` becomes one file in ``documents/``.

A ``.md`` source with front matter becomes a PDF; every other source is copied as it is. The same sources give the same
bytes on every run. Front matter is ``key: value`` lines between two ``---`` lines: title, author, subject, date
(YYYY-MM-DD), header, columns (1 or 2), css (one more rule), cover (yes: the first page has no header) and break (the
heading level that starts a new page).

Run it with ``python sample_docs/build.py [FOLDER]``.
"""

from __future__ import annotations

import importlib
import io
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

pymupdf: Any = importlib.import_module("pymupdf")  # typed only in part

HERE = Path(__file__).parent
MARGIN, TOP, BOTTOM, GUTTER = 62.0, 74.0, 70.0, 20.0
CSS = """
body { font-family: serif; font-size: 10.5px; line-height: 1.4; }
h1 { font-family: sans-serif; font-size: 19px; margin-bottom: 10px; }
h2 { font-family: sans-serif; font-size: 13px; margin-top: 12px; margin-bottom: 4px; }
h3 { font-family: sans-serif; font-size: 11px; margin-top: 8px; margin-bottom: 2px; }
p { margin-top: 4px; margin-bottom: 6px; }
table { width: 100%; border-collapse: collapse; font-family: sans-serif; font-size: 9px; }
table { margin-top: 6px; margin-bottom: 8px; }
th { border-bottom: 1px solid #1d3f5e; padding: 3px 7px 3px 3px; text-align: left; }
td { border-bottom: 0.5px solid #b8c4ce; padding: 3px 7px 3px 3px; text-align: left; }
.note { font-size: 8px; color: #333333; margin-top: 2px; margin-bottom: 2px; }
.cover { font-size: 12px; color: #1d3f5e; }
"""
TWO_COLUMNS = "body { line-height: 1.45; } table { font-size: 8px; } h2 { font-size: 12px; }"


@dataclass
class Source:
    """A source read: its front matter and its sections (Markdown), each of which begins on a new page."""

    meta: dict[str, str]
    sections: list[str]

    @property
    def columns(self) -> int:
        """How many columns the text is set in."""
        return int(self.meta.get("columns", "1"))

    @property
    def css(self) -> str:
        """The style sheet for what is set in these columns."""
        return CSS + (TWO_COLUMNS if self.columns > 1 else "") + self.meta.get("css", "")


def read_source(path: Path) -> Source:
    """Split a source into front matter and the sections that begin on new pages."""
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    meta = dict(line.split(": ", 1) for line in front.strip().splitlines())
    level = int(meta.get("break", "0"))
    sections = re.split(rf"^(?=#{{{level}}} )", body, flags=re.M) if level else [body]
    return Source(meta, [section for section in sections if section.strip()])


def make_pdf(source: Source) -> bytes:
    """Typeset a source as a PDF with running header and footer, bookmarks and fixed metadata."""
    buffer = io.BytesIO()
    writer = pymupdf.DocumentWriter(buffer)
    outline: list[tuple[int, str, int]] = []
    pages = 0
    for section in source.sections:
        pages = typeset(writer, section, source, pages, outline)
    writer.close()
    document = pymupdf.open("pdf", buffer.getvalue())
    document.subset_fonts()
    draw_furniture(document, source.meta)
    date = "D:" + source.meta["date"].replace("-", "") + "090000Z"
    document.set_metadata(
        {key: source.meta.get(key, "") for key in ("title", "author", "subject")}
        | {"creationDate": date, "modDate": date, "producer": "sample_docs/build.py"}
    )
    document.set_toc([[level, title, page] for level, title, page in outline])
    return bytes(document.tobytes(garbage=4, deflate=True, no_new_id=True))


def typeset(writer: Any, section: str, source: Source, pages: int, outline: list[tuple[int, str, int]]) -> int:
    """Set one section from a new page on; returns the number of pages so far and adds its headings to the outline.

    In two columns, what stands before a line ``<!-- columns -->`` is set across the whole width.
    """
    head, mark, body = section.partition("<!-- columns -->\n")
    stories = [open_story(part, source.css) for part in ((head, body) if mark else (section,))]
    more = True
    while more:
        page = pymupdf.paper_rect("a4")
        device = writer.begin_page(page)
        pages += 1
        frame = pymupdf.Rect(MARGIN, TOP, page.width - MARGIN, page.height - BOTTOM)
        while len(stories) > 1:
            frame.y0 = place(stories.pop(0), device, frame, pages, outline)[1] + 10
        for column in cut_columns(frame, source.columns):
            more = more and place(stories[0], device, column, pages, outline)[0]
        writer.end_page()
    return pages


def open_story(markdown: str, css: str) -> Any:
    """A PyMuPDF story of a piece of Markdown (CommonMark with tables and HTML)."""
    html = MarkdownIt("commonmark").enable("table").render(markdown)
    return pymupdf.Story(f'<html lang="en"><body>{html}</body></html>', user_css=css)


def place(story: Any, device: Any, frame: Any, page: int, outline: list[tuple[int, str, int]]) -> tuple[bool, float]:
    """Draw as much of a story as fits the frame; returns whether more is left and where the text ends (points)."""

    def note(position: Any) -> None:
        if position.heading and position.open_close & 1 and position.text:
            outline.append((min(position.heading, outline[-1][0] + 1 if outline else 1), position.text, page))

    more, filled = story.place(frame)
    story.element_positions(note, {})
    story.draw(device)
    return bool(more), float(filled[3])


def cut_columns(frame: Any, count: int) -> list[Any]:
    """Cut a frame into columns of equal width."""
    width = (frame.width - GUTTER * (count - 1)) / count
    lefts = [frame.x0 + index * (width + GUTTER) for index in range(count)]
    return [pymupdf.Rect(left, frame.y0, left + width, frame.y1) for left in lefts]


def draw_furniture(document: Any, meta: dict[str, str]) -> None:
    """Write the running header and the footer with page numbers on every page, apart from a cover."""
    grey, total = (0.35, 0.35, 0.35), document.page_count
    for number, page in enumerate(document, start=1):
        if number == 1 and meta.get("cover"):
            continue
        right = page.rect.width - MARGIN
        page.insert_text((MARGIN, 46), meta["header"], fontname="helv", fontsize=8, color=grey)
        page.draw_line((MARGIN, 52), (right, 52), color=grey, width=0.5)
        page.insert_text((MARGIN, page.rect.height - 40), meta["author"], fontname="helv", fontsize=8, color=grey)
        label = (right - 54, page.rect.height - 40)
        page.insert_text(label, f"Page {number} of {total}", fontname="helv", fontsize=8, color=grey)


def build(folder: Path) -> list[Path]:
    """Write every document into ``folder`` and return the paths in order of name."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted((HERE / "sources").iterdir()):
        data = path.read_bytes()
        is_pdf = path.suffix == ".md" and data.startswith(b"---\n")
        target = folder / (path.stem + ".pdf" if is_pdf else path.name)
        target.write_bytes(make_pdf(read_source(path)) if is_pdf else data)
        written.append(target)
    return written


if __name__ == "__main__":
    for made in build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "documents"):
        print(made)
