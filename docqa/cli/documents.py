"""``docqa documents`` and ``docqa collections``: what the library holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.options import (
    Collections,
    Json,
    confirmed,
    empty,
    examples,
    held_collections,
    known_collections,
    load_settings,
    open_library,
)
from docqa.cli.output import Screen, clean, plural, shorten, to_json
from docqa.prompts import page_ranges
from ingest.errors import NotFoundError

if TYPE_CHECKING:
    from ingest.catalog import DocumentRow
    from ingest.library import Library

app = typer.Typer(help="List, show or delete documents.", no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(help="Id (or its beginning), title or file name.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
ID_LENGTH = 8
LISTED = ("id", "title", "pages", "chunks", "state", "collection", "source")
COLLECTIONS_EXAMPLES = examples("docqa collections", "docqa collections --json")


@app.command("list", epilog=examples("docqa documents list", "docqa documents list --collection reports --json"))
def list_documents(collection: Collections = None, json: Json = False) -> None:
    """List the documents with their pages, chunks and state."""
    screen = Screen()
    with open_library(load_settings()) as library:
        pages = _pages(library, collection)
        first = next(pages, [])
        if json:
            for row in chain(first, chain.from_iterable(pages)):
                print(to_json(row))
        elif not first:
            screen.line(f"{empty(library)} Take documents in with 'docqa ingest PATH'.")
        elif screen.live:
            for rows in chain([first], pages):  # each with its own widths, so that only a page is held in memory
                screen.table(LISTED, map(_cells, rows))
        else:
            screen.table(LISTED, map(_cells, chain(first, chain.from_iterable(pages))))


def _pages(library: Library, asked: list[str] | None) -> Iterator[list[DocumentRow]]:
    if held_collections(library):
        yield from library.catalog.pages(known_collections(library, asked))


def _cells(row: DocumentRow) -> tuple[str, ...]:
    title = shorten(row.title or PurePath(row.source).name, 60)
    numbers = (str(row.pages), str(row.chunks))
    return row.id[:ID_LENGTH], title, *numbers, row.state, row.collection, clean(row.source)


@app.command(epilog=examples("docqa documents show annual-report.pdf", "docqa documents show 3f2a91c0 --json"))
def show(document: Name, collection: Collections = None, json: Json = False) -> None:
    """Show what is known of a document: names, pages, chunks, and what is missing."""
    with open_library(load_settings()) as library:
        row = find(library, document, known_collections(library, collection))
    if json:
        print(to_json(row))
        return
    screen = Screen()
    for label, value in _facts(row):
        if value:
            screen.line(f"{label:<14}{clean(value)}")


@app.command(epilog=examples("docqa documents delete annual-report.pdf", "docqa documents delete 3f2a91c0 --yes"))
def delete(document: Name, collection: Collections = None, yes: Yes = False, json: Json = False) -> None:
    """Delete a document: its file, its chunks and its place in the catalog."""
    from ingest.pipeline import delete as delete_document

    with open_library(load_settings()) as library:
        row = find(library, document, known_collections(library, collection))
        if not confirmed(f"Delete '{clean(row.title)}' with its {plural(row.chunks, 'chunk')}?", yes):
            raise typer.Exit(1)
        copies = delete_document(library, row.id)
    if json:
        print(to_json({"deleted": row.id, "title": row.title, "copies": copies}))
        return
    print(f"Deleted '{clean(row.title)}'.")
    for copy in copies:
        print(f"A copy is still at {clean(copy)}; an ingest of it takes it in again.")


def collections(json: Json = False) -> None:
    """List the collections with the numbers of their documents, pages and chunks."""
    with open_library(load_settings()) as library:
        rows = held_collections(library)
    if json:
        for row in rows:
            print(to_json(row))
        return
    cells = [(clean(r.name), str(r.documents), str(r.failed), str(r.pages), str(r.chunks)) for r in rows]
    Screen().table(("collection", "documents", "failed", "pages", "chunks"), cells)


def find(library: Library, text: str, collections: list[str]) -> DocumentRow:
    """The one document that a text means.

    Raises:
        NotFoundError: no document is meant by it, or several are; the message names some.
    """
    rows = library.catalog.find(text, collections)
    if len(rows) == 1:
        return rows[0]
    if not rows:
        raise NotFoundError(f"There is no document '{shorten(text, 100)}'; 'docqa documents list' names them all.")
    some = "; ".join(f"{row.id[:ID_LENGTH]} {shorten(row.title, 50)}" for row in rows[:5])
    raise NotFoundError(f"'{shorten(text, 100)}' means {len(rows)} documents; name one by its id: {some}.")


def _facts(row: DocumentRow) -> list[tuple[str, str]]:
    return [
        ("id", row.id),
        ("title", row.title),
        ("organisation", row.names.organisation),
        ("period", row.names.period),
        ("form", row.names.form),
        ("aliases", ", ".join(row.names.aliases)),
        ("collection", row.collection),
        ("source", row.source),
        ("state", row.state),
        ("error", row.error),
        ("pages", str(row.pages)),
        ("missing pages", page_ranges(row.missing_pages)),
        ("scanned pages", page_ranges(row.scanned_pages)),
        ("chunks", str(row.chunks)),
        ("size", f"{row.size:,} bytes"),
        ("sha256", row.sha256),
        ("added", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.added))),
    ]
