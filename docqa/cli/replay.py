"""``docqa replay``: recorded runs again, with the program of today."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.options import Json, examples
from docqa.cli.output import Screen, clean, plural, shorten, to_json

if TYPE_CHECKING:
    from docqa.recording import Departure, Replay

EXAMPLES = examples("docqa replay run.jsonl", "docqa replay run.jsonl --run 2", "docqa replay run.jsonl --json")
File = Annotated[Path, typer.Argument(help="A recording, as --record writes it.", show_default=False)]
Number = Annotated[int | None, typer.Option("--run", min=1, help="Only this run of the file, from 1.")]
_LINE = 200  # characters shown of a line


def replay(file: File, run: Number = None, json: Json = False) -> None:
    """Run recorded runs again with the recorded answers of model and archive, and say where they depart.

    Nothing is connected to and no library is read. Ends with 0 if every event is the same, and with 1 otherwise.
    """
    from docqa.recording import read
    from docqa.recording import replay as again

    runs = read(file, run or 0)
    screen = Screen()
    same = True
    for each in runs:
        result = again(each)
        same = same and result.identical
        if json:
            print(to_json(result, identical=result.identical))
        else:
            show(screen, result, named=len(runs) > 1)
    raise typer.Exit(0 if same else 1)


def show(screen: Screen, result: Replay, named: bool) -> None:
    """Put what came of a replay on the screen."""
    name = f"run {result.run}: " if named else ""
    compared = f"{name}{plural(result.steps, 'step')}, {plural(result.events, 'event')}"
    until = f" {result.until}" if result.until else ""
    if result.identical:
        screen.line(f"{compared}: identical{until}")
        return
    found = plural(len(result.departures), "departure") if result.departures else "stopped"
    screen.line(f"{compared}: {found}{until}", "bold yellow")
    for departure in result.departures:
        show_departure(screen, departure)
    if result.stopped:
        screen.line(f"It cannot go on: {shorten(result.stopped, 400)}.", "yellow", 2)


def show_departure(screen: Screen, departure: Departure) -> None:
    """Put a departure on the screen: where, which field, and both texts around it."""
    field = f", in {clean(departure.field)}" if departure.field else ""
    screen.line(f"step {departure.step}: {shorten(departure.what, _LINE)}{field}", "yellow", 2)
    if departure.diff:
        for line in departure.diff:
            screen.line(line[:1] + shorten(line[1:], _LINE), {"-": "red", "+": "green"}.get(line[:1], "dim"), 4)
        return
    screen.line(f"recorded: {shorten(departure.recorded, _LINE) or '(nothing)'}", "red", 4)
    screen.line(f"now:      {shorten(departure.now, _LINE) or '(nothing)'}", "green", 4)
