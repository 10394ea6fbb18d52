"""What the commands share: their common options, the settings, and the library that they open."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.errors import NotFoundError, SettingsError

if TYPE_CHECKING:
    from docqa.settings import Settings
    from ingest.library import Library

Json = Annotated[bool, typer.Option("--json", help="Print JSON: one object, or one object a line where things go on.")]
OneCollection = Annotated[str, typer.Option("--collection", "-c", help="The collection that the documents belong to.")]
Collections = Annotated[
    list[str] | None, typer.Option("--collection", "-c", help="Only this collection; repeat it for several.")
]


def examples(*lines: str) -> str:
    """The examples of a command, as they stand at the end of its help."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def load_settings() -> Settings:
    """The settings of the environment and ``.env``.

    Raises:
        SettingsError: one of them is wrong; the message names its variable.
    """
    from pydantic import ValidationError

    from docqa.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = "DOCQA_" + "_".join(str(place) for place in first["loc"]).upper()
        raise SettingsError(f"{variable} is '{first['input']}': {first['msg']}; see docs/settings.md.") from None


@contextmanager
def open_library(settings: Settings) -> Iterator[Library]:
    """The library of the settings, closed at the end."""
    from ingest.library import Library

    with Library.open(settings) as library:
        yield library


def known_collections(library: Library, asked: Sequence[str] | None) -> list[str]:
    """The collections asked for; none stands for all.

    Raises:
        NotFoundError: one of them does not exist, or there is no document at all.
    """
    known = [row.name for row in library.catalog.collections()]
    if not known:
        raise NotFoundError("The library is empty: take documents in with 'docqa ingest PATH' first.")
    for name in asked or ():
        if name not in known:
            raise NotFoundError(f"There is no collection '{name}'; there are: {', '.join(known)}.")
    return list(asked or ())


def confirmed(question: str, yes: bool) -> bool:
    """Whether the user agrees; without a terminal only ``--yes`` does.

    Raises:
        SettingsError: nobody can be asked.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise SettingsError("Nobody can be asked here: repeat it with --yes.")
    return typer.confirm(question)
