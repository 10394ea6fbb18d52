"""``docqa watch``: folders whose files are taken in as they come and change."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from docqa.cli.ingest_report import gaps
from docqa.cli.options import Json, OneCollection, check_collection, examples, load_settings, open_library
from docqa.cli.output import Screen, clean, plural, to_json

if TYPE_CHECKING:
    from ingest.library import Library
    from ingest.pipeline import Watched

EXAMPLES = examples(
    "docqa watch ~/papers",
    "docqa watch ~/inbox /mnt/shared/reports --collection work --every 60",
    "docqa watch ~/papers --drop",
    "docqa watch ~/papers --once --json",
)
SOME_FAILED = 2
INTERRUPTED = 130
TOLD = {"finished": "taken in", **{kind: kind for kind in ("replaced", "failed", "skipped", "dropped")}}
STYLES = {"failed": "red", "skipped": "yellow", "dropped": "yellow"}
Folders = Annotated[list[Path], typer.Argument(help="Folders, each with all below it.", show_default=False)]
Every = Annotated[float, typer.Option(min=1, max=86_400, help="Seconds between two looks at the folders.")]
Drop = Annotated[bool, typer.Option("--drop", help="Delete a document when its file has gone.")]
DropMany = Annotated[
    bool, typer.Option("--drop-many", help="Also where most files of a folder, or all, have gone at once.")
]
Once = Annotated[bool, typer.Option("--once", help="End when the folders have been looked at once (for cron).")]


def watch(
    folders: Folders,
    collection: OneCollection = "default",
    every: Every = 5,
    drop: Drop = False,
    drop_many: DropMany = False,
    once: Once = False,
    json: Json = False,
) -> None:
    """Take documents in as they come into folders, until Ctrl-C.

    What is in the folders already is taken in first. A file is read when it has stood still from one look to the next;
    a changed one replaces its older version. A document whose file has gone stays, or is deleted with --drop: but never
    while its folder cannot be read, and only with --drop-many where a folder is found empty, or where ten files or
    more, and more than half of the folder's, have gone at once. Ctrl-C and SIGTERM end it with 0; --once ends with 2 if
    some files failed.
    """
    check_collection(collection)
    sums: Counter[str] = Counter()
    interrupted = False
    if not (once or json):
        Screen(sys.stderr).line(f"Watching {', '.join(map(clean, folders))}; Ctrl-C ends it.")
    options = {"collection": collection, "every": every, "drop": drop, "drop_many": drop_many, "once": once}
    with terminable():
        try:
            with open_library(load_settings()) as library, closing(_run(library, folders, options)) as events:
                for event in events:
                    sums[event.kind] += 1
                    show(event, json)
        except KeyboardInterrupt:
            interrupted = True
    if interrupted or any(sums[kind] for kind in TOLD):
        show_sums(sums, json)
    if once:
        raise typer.Exit(INTERRUPTED if interrupted else SOME_FAILED if sums["failed"] else 0)


def _run(library: Library, folders: list[Path], options: dict[str, Any]) -> Generator[Watched, None, None]:
    """The watch, in a form that can be closed: it stops its threads before the library is closed below them."""
    from ingest.pipeline import watch as watch_folders

    yield from watch_folders(library, folders, **options)


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM, with which services are stopped, end the command as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def show(event: Watched, json: bool) -> None:
    """Print an event; that a round is done is not worth a line."""
    if event.kind == "done":
        return
    if json:
        print(to_json(event, event="progress"), flush=True)
    elif event.kind == "trouble":
        Screen(sys.stderr).line(clean(event.reason), "bold yellow")
    else:
        line = f"{TOLD[event.kind]:<9}{clean(event.source)}{_details(event)}"
        Screen().line(line, STYLES.get(event.kind, ""))


def _details(event: Watched) -> str:
    from ingest.pipeline import Progress

    if event.kind not in ("finished", "replaced"):
        return f": {clean(event.reason)}" if event.reason else ""
    told = f" ({plural(event.pages, 'page')}, {plural(event.chunks, 'chunk')})"
    missing = gaps(Progress("finished", missing_pages=event.missing_pages, scanned_pages=event.scanned_pages))
    return f"{told}: {missing}" if missing else told


def show_sums(sums: Counter[str], json: bool) -> None:
    """Print what was done in all."""
    if json:
        print(to_json({"event": "progress", "kind": "done", **{kind: sums[kind] for kind in TOLD}}), flush=True)
        return
    told = [f"{plural(sums['finished'], 'file')} taken in"]
    told += [f"{sums[kind]:,} {TOLD[kind]}" for kind in ("replaced", "failed", "dropped") if sums[kind]]
    Screen().line(f"{', '.join(told)}.", "bold")
