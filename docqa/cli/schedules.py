"""``docqa schedules``: jobs that begin again and again."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.jobs.seen import NO_WORKER, nobody_works
from docqa.cli.jobs.words import DAY, HOUR, MINUTE, moment, short, spell
from docqa.cli.options import (
    Json,
    OneCollection,
    check_collection,
    examples,
    load_settings,
    no_library_yet,
    open_library,
)
from docqa.cli.output import Screen, clean, shorten, to_json
from docqa.cli.verify import Repair
from ingest.errors import NotFoundError, SettingsError

if TYPE_CHECKING:
    from ingest.catalog.job_rows import JobKind, Schedule

app = typer.Typer(help="List, add or remove what begins again and again.", no_args_is_help=True, rich_markup_mode=None)
adding = typer.Typer(help="Add a schedule; the workers see to it.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(adding, name="add")
SHORTEST, LONGEST = 10, 366 * DAY
UNITS = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY}
DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([smhd])", re.ASCII)
Every = Annotated[
    str, typer.Option("--every", help="How often: like 30s, 10m, 1h or 1d, at least 10s.", show_default=False)
]
Folders = Annotated[
    list[Path], typer.Argument(help="Folders, files or patterns in quotes.", show_default=False, readable=False)
]
Id = Annotated[str, typer.Argument(help="Id of a schedule, or its beginning.", show_default=False)]
HEADINGS = ("id", "kind", "what", "collection", "every", "next", "last job")


@app.command("list", epilog=examples("docqa schedules list", "docqa schedules list --json"))
def list_schedules(json: Json = False) -> None:
    """List the schedules: what begins how often, and when next."""
    with open_library(load_settings()) as library:
        found = [] if no_library_yet(library.settings) else library.catalog.schedules.all()
    if json:
        for each in found:
            print(to_json(each))
    elif found:
        Screen().table(HEADINGS, map(_row, found))
    else:
        Screen().line("There is no schedule. 'docqa schedules add scan FOLDER --every 1h' adds one.")


@adding.command(
    epilog=examples(
        "docqa schedules add scan ~/papers --every 1h", "docqa schedules add scan /srv/in --every 10m --collection work"
    )
)
def scan(folders: Folders, every: Every, collection: OneCollection = "default", json: Json = False) -> None:
    """Look at folders again and again and take in new and changed files, on this machine."""
    from ingest.pipeline.discover import shown

    check_collection(collection)
    seconds = seconds_of(every)
    paths = [Path(os.path.abspath(path.expanduser())) for path in folders]
    for path in paths:
        if not os.path.lexists(path) and not glob.has_magic(str(path)):
            raise NotFoundError(f"There is no file or folder '{shown(path)}': make it first, or check its name.")
    _add("ingest", seconds, collection, {"paths": [shown(path) for path in paths]}, json)


@adding.command(
    epilog=examples("docqa schedules add verify --every 1d", "docqa schedules add verify --every 7d --repair")
)
def verify(every: Every, repair: Repair = False, json: Json = False) -> None:
    """Compare catalog, archive and files again and again."""
    _add("verify", seconds_of(every), "", {"repair": repair}, json)


@app.command(epilog=examples("docqa schedules remove 5c1d02aa"))
def remove(schedule: Id, json: Json = False) -> None:
    """Remove a schedule. A job that it has begun goes on."""
    settings = load_settings()
    with open_library(settings) as library:
        if no_library_yet(settings):
            raise NotFoundError("There is no schedule: 'docqa schedules add' adds one.")
        removed = library.catalog.schedules.remove(schedule)
    print(to_json(removed) if json else f"Removed schedule {short(removed.id)}: {_what(removed)}.")


def seconds_of(text: str) -> float:
    """The seconds of a duration like ``30s``, ``10m``, ``1h``, ``1d``.

    Raises:
        SettingsError: it is none, or too short, or too long.
    """
    match = DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise SettingsError(f"--every is '{shorten(text, 40)}': write it like 30s, 10m, 1h or 1d.")
    seconds = float(match[1]) * UNITS[match[2]]
    if not SHORTEST <= seconds <= LONGEST:
        raise SettingsError(f"--every is '{shorten(text, 40)}': at least {SHORTEST}s and at most 366d are possible.")
    return seconds


def _add(kind: JobKind, seconds: float, collection: str, arguments: dict[str, object], json: bool) -> None:
    with open_library(load_settings()) as library:
        added = library.catalog.schedules.add(kind, seconds, collection, arguments)
        idle = nobody_works(library)
    if json:
        print(to_json(added))
        return
    screen = Screen()
    screen.line(f"Schedule {short(added.id)}: {_what(added)}, every {spell(seconds)}, the first time now.")
    if idle:
        screen.line(NO_WORKER, "yellow")


def _what(schedule: Schedule) -> str:
    if paths := schedule.arguments.get("paths"):
        return f"scan {', '.join(clean(path) for path in paths)}"
    return f"{schedule.kind} and repair" if schedule.arguments.get("repair") else schedule.kind


def _row(schedule: Schedule) -> tuple[str, ...]:
    host = f" (on {clean(schedule.host)})" if schedule.host else ""
    return (
        *(short(schedule.id), schedule.kind, _what(schedule) + host, clean(schedule.collection)),
        *(spell(schedule.every), moment(schedule.due), short(schedule.job)),
    )
