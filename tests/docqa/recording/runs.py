"""Runs that are recorded into a file, over a small shelf and with a model that plays a script."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docqa.events import Event
from docqa.llm import Completion
from docqa.llm.scripted import Script, ScriptedModel, call
from docqa.recording import Replay, Run, read, recorded, replay
from docqa.settings import Settings
from tests.docqa.shelf import Shelf, chunks

SHELF = chunks("The harbour was built in 1931 by Quay Works.", "Quay Works was born in Selby.", "The crane is red.")
SEARCH = call("search_archive", query="who built the harbour")
NOTE = call("note_evidence", claim="Works built it", chunk="c1", quote="built in 1931 by Quay Works")
ANSWER = call("answer", text="Quay Works [e1].", citations=["e1"], dismiss="Selby was not asked for")
FOUND = [SEARCH, NOTE, ANSWER, ANSWER]


def together(*completions: Completion) -> Completion:
    """One completion with the calls of several."""
    return Completion(calls=tuple(c for completion in completions for c in completion.calls))


def record(
    path: Path, script: Sequence[Completion] | Script = FOUND, question: str = "Who built it?", **settings: Any
) -> list[Event]:
    """All events of a recorded run over the shelf."""
    return list(recorded(path, ScriptedModel(script), Shelf(SHELF), Settings(**settings), question))


def only(path: Path) -> Run:
    """The only run of a recording."""
    (run,) = read(path)
    return run


def again(path: Path) -> Replay:
    """What comes of replaying the only run of a recording."""
    return replay(only(path))
