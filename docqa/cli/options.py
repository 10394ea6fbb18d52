"""What the commands share: their common options, the settings, and the library that they open."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.output import clean, shorten
from ingest.errors import NotFoundError, SettingsError

if TYPE_CHECKING:
    from docqa.settings import Settings
    from ingest.catalog import CollectionRow
    from ingest.library import Library
    from ingest.settings import Settings as LibrarySettings

COLLECTION_NAME = re.compile(r"[^\W_](?:[\w .-]{0,62}[\w.-])?")
Json = Annotated[bool, typer.Option("--json", help="Print JSON Lines: one object a line.")]
NAMING = "letters, digits, spaces and '_', '.', '-', at most 64"
OneCollection = Annotated[
    str, typer.Option("--collection", "-c", help=f"The collection that the documents belong to ({NAMING}).")
]
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
        settings = Settings()
        str(settings.root).encode()
    except UnicodeEncodeError:
        told = "the name of the data folder is not valid UTF-8, set it to another folder"
        raise SettingsError(f"DOCQA_DATA_DIR is '{clean(settings.root)}': {told}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        variable = "DOCQA_" + "_".join(str(place) for place in first["loc"]).upper()
        field = Settings.model_fields.get(str(first["loc"][0])) if first["loc"] else None
        told = f"it has to look like {field.examples[0]}" if field and field.examples else first["msg"]
        shown = f"'{first['input']}'" if field is None or field.repr else "not usable"  # a key is never printed
        raise SettingsError(f"{variable} is {shown}: {told}; see docs/settings.md.") from None
    return settings


@contextmanager
def open_library(settings: Settings) -> Iterator[Library]:
    """The library of the settings, closed at the end."""
    from ingest.library import Library

    with Library.open(settings) as library:
        yield library


def check_collection(name: str) -> None:
    """Refuse a name that no collection may have.

    Raises:
        SettingsError: it is empty, too long, or has other characters than are easy to type.
    """
    if not COLLECTION_NAME.fullmatch(name):
        raise SettingsError(
            f"'{shorten(name, 80)}' cannot name a collection: use at most 64 letters, digits, spaces "
            "and '_', '.', '-', and begin with a letter or digit."
        )


def no_library_yet(settings: LibrarySettings) -> bool:
    """Whether there is no library: then nothing is opened, because opening it would make the data folder."""
    return not settings.catalog_url and not settings.root.exists()


def held_collections(library: Library) -> list[CollectionRow]:
    """The collections of a library, none where there is no library yet."""
    return [] if no_library_yet(library.settings) else library.catalog.collections()


def empty(library: Library) -> str:
    """The sentence that says that there is nothing, and where: the data folder is often another one than is meant."""
    return f"The library in {library.settings.root} (DOCQA_DATA_DIR) is empty."


def known_collections(library: Library, asked: Sequence[str] | None) -> list[str]:
    """The collections asked for; none stands for all.

    Raises:
        NotFoundError: one of them does not exist, or there is no document at all.
    """
    known = [row.name for row in held_collections(library)]
    if not known:
        raise NotFoundError(f"{empty(library)} Take documents in with 'docqa ingest PATH' first.")
    for name in asked or ():
        if name not in known:
            raise NotFoundError(f"There is no collection '{shorten(name, 80)}'; there are: {', '.join(known)}.")
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
