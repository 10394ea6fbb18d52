"""A run followed to its end: its steps and its answer on the screen, or its events as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Protocol

from docqa.cli.live import Busy, Paragraph
from docqa.cli.output import Screen, event_json
from docqa.cli.steps import show_answer, show_step
from docqa.events import Answered, Event, TextWritten


class Followed(Protocol):
    """The events of a run, which ends where it is closed."""

    def __iter__(self) -> Iterator[Event]: ...

    def close(self) -> None:
        """End the run, and with it what its model is sending."""
        ...


def follow(events: Followed, quiet: bool = False, json: bool = False, typed: bool = False) -> Answered:
    """Show a run as it goes, and return its answer; a question that was ``typed`` stands on the screen.

    However it ends, by an answer, an error or Ctrl-C, the run is closed.
    """
    with closing(events):
        answer = _printed(events, quiet) if json else _shown(events, quiet, typed)
    if answer is None:
        raise RuntimeError("the run ended without an answer")
    return answer


def _printed(events: Followed, quiet: bool) -> Answered | None:
    for event in events:
        if not quiet or isinstance(event, Answered):
            print(event_json(event), flush=True)
        if isinstance(event, Answered):
            return event
    return None


def _shown(events: Followed, quiet: bool, typed: bool) -> Answered | None:
    screen = Screen(sys.stderr)
    answer, text = None, Paragraph(screen)
    with Busy(screen) as busy:
        try:
            for event in events:
                if isinstance(event, Answered):
                    answer = event
                    break
                if not quiet:
                    with busy.writing():
                        _show(screen, text, event, typed)
        finally:
            with busy.writing():
                text.end()
    if answer:
        show_answer(Screen(sys.stdout), answer)
    return answer


def _show(screen: Screen, text: Paragraph, event: Event, typed: bool) -> None:
    if isinstance(event, TextWritten):
        text.write(event.text)
    else:
        text.end()
        show_step(screen, event, typed)
