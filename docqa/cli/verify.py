"""``docqa verify``: whether catalog, archive and files agree."""

from __future__ import annotations

from typing import Annotated

import typer

from docqa.cli.options import Json, examples, load_settings, no_library_yet, open_library
from docqa.cli.output import Screen, clean, plural, to_json

EXAMPLES = examples("docqa verify", "docqa verify --repair", "docqa verify --deep --json")
Repair = Annotated[bool, typer.Option("--repair", help="Mend what differs.")]
Deep = Annotated[bool, typer.Option("--deep", help="Also read every file and count the chunks of every part (slower).")]

Orphans = Annotated[
    bool,
    typer.Option("--orphans", help="Mend, and remove chunks that no document here has: on a server, maybe another's."),
]


def verify(repair: Repair = False, deep: Deep = False, orphans: Orphans = False, json: Json = False) -> None:
    """Compare catalog, archive and files, and name every difference.

    Ends with 0 if there is none or all were mended, and with 1 otherwise.
    """
    from ingest.verify import verify as differences

    with open_library(load_settings()) as library:
        found = [] if no_library_yet(library.settings) else differences(library, repair or orphans, deep, orphans)
    left = sum(not each.repaired for each in found)
    if json:
        for each in found:
            print(to_json(each, event="difference"))
        print(to_json({"event": "done", "ok": left == 0, "differences": len(found), "left": left}))
    else:
        screen = Screen()
        for each in found:
            screen.line(
                f"{'mended ' if each.repaired else 'differs'}  {clean(each.detail)}", "" if each.repaired else "yellow"
            )
        screen.line(summary(len(found), left), "bold")
    raise typer.Exit(1 if left else 0)


def summary(found: int, left: int) -> str:
    """What came of it, in a sentence."""
    if not found:
        return "Catalog, archive and files agree."
    if not left:
        return f"{plural(found, 'difference')}, all mended."
    return f"{plural(left, 'difference')} left: 'docqa verify --repair' mends what can be mended."
