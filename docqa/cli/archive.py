"""``docqa archive``: from one archive to another, and from one schema to the next."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.options import Json, examples, load_settings, open_library
from docqa.cli.output import Screen, clean, plural, to_json
from ingest.errors import NotFoundError, SettingsError

if TYPE_CHECKING:
    from docqa.settings import Settings
    from ingest.archive.copy import Copied
    from ingest.settings import Settings as ArchiveSettings

app = typer.Typer(help="Copy the archive, or bring it to a new schema.", no_args_is_help=True, rich_markup_mode=None)
PLACE = "'lancedb:FOLDER' (a data folder) or 'weaviate:URL'; what follows ':' may be left out for the one configured."
From = Annotated[str, typer.Option("--from", help=f"Where the chunks are: {PLACE}", show_default=False)]
To = Annotated[str, typer.Option("--to", help="Where they go, in the same form.", show_default=False)]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the old collection on the server.")]
COPY_EXAMPLES = examples(
    "docqa archive copy --from lancedb: --to weaviate:http://127.0.0.1:8080",
    "docqa archive copy --from weaviate: --to lancedb:",
)
TOLD_EVERY = 2.0  # seconds


@app.command(epilog=COPY_EXAMPLES)
def copy(source: From, target: To, json: Json = False) -> None:
    """Copy all chunks with their vectors into another archive, without embedding them again.

    Copies the archive of one tenant (DOCQA_TENANT). Stopped and run again, it goes on where it was. At the end counts,
    sampled chunks and sampled searches of both are compared. The catalog and the files stay where they are: set
    DOCQA_ARCHIVE afterwards. Ingest nothing meanwhile. Ends with 0 if both are the same and with 1 otherwise.
    """
    from ingest.archive import open_archive
    from ingest.archive.copy import check_places, compare
    from ingest.archive.copy import copy as copied

    settings = load_settings()
    places = [place(settings, each) for each in (source, target)]
    if places[0] == places[1]:
        raise SettingsError("--from and --to are the same archive.")
    folder = places[0].root / "archive" / settings.tenant
    if places[0].archive == "lancedb" and not folder.is_dir():  # opening it would make it
        raise NotFoundError(f"There is no archive of tenant '{settings.tenant}' at {clean(folder)}.")
    with open_library(settings) as library:
        kind = (library.embedder.name, library.embedder.dimension)
    with (
        closing(open_archive(places[0], *kind)) as one,
        closing(open_archive(places[1], *kind)) as other,
    ):
        check_places(one, other)
        screen, written = Screen(), 0
        for step in told(copied(one, other), screen, json):
            written = step.written
        differences, chunks = compare(one, other), other.count()
    if json:
        print(to_json({"event": "done", "ok": not differences, "chunks": chunks, "written": written,
                       "differences": differences}))  # fmt: skip
    else:
        for each in differences:
            screen.line(f"differs  {clean(each)}", "yellow")
        same = "both archives are the same" if not differences else "the archives are not the same"
        screen.line(f"{plural(written, 'chunk')} copied, {chunks:,} there now; {same}.", "bold")
        screen.line(f"Catalog and files stay in {clean(settings.root)}; DOCQA_ARCHIVE says which archive is used.")
    raise typer.Exit(1 if differences else 0)


@app.command(epilog=examples("docqa archive migrate", "docqa archive migrate --keep"))
def migrate(keep: Keep = False, json: Json = False) -> None:
    """Bring a Weaviate archive to the schema that this version and its settings expect.

    Copies the collection of the configured embedder, with all tenants, into a new one, and switches to it in one step.
    Searches and ingests go on meanwhile. Stopped and run again, it goes on where it was. The embedded archive needs
    none of this.
    """
    settings, screen = load_settings(), Screen()
    said: list[str] = []

    def tell(sentence: str) -> None:
        said.append(sentence)
        if not json:
            screen.line(clean(sentence))

    if settings.archive == "weaviate":
        from ingest.archive.weaviate.migrate import migrate as migrated

        with open_library(settings) as library:
            kind = (library.embedder.name, library.embedder.dimension)
        for _ in told(migrated(settings, *kind, tell, keep), screen, json):
            pass
    else:
        tell(f"The archive is '{settings.archive}' (DOCQA_ARCHIVE): there is nothing to migrate.")
    if json:
        print(to_json({"event": "done", "ok": True, "said": said}))


def place(settings: Settings, text: str) -> ArchiveSettings:
    """The settings with the archive that a place names.

    Raises:
        SettingsError: it names none.
    """
    from pydantic import ValidationError

    kind, colon, where = text.partition(":")
    field = {"lancedb": "data_dir", "weaviate": "weaviate_url"}.get(kind)
    if field is None or not colon:
        raise SettingsError(f"'{clean(text)}' names no archive: write {PLACE}")
    if kind == "weaviate" and where and _is_mixed(settings, where):
        raise SettingsError(
            f"'{clean(text)}' is another server than DOCQA_WEAVIATE_URL, and its gRPC interface is not known: set "
            "DOCQA_WEAVIATE_URL and DOCQA_WEAVIATE_GRPC_URL to it, and write 'weaviate:'."
        )
    changes = {"archive": kind} | ({field: where} if where else {})
    try:
        return type(settings).model_validate(settings.model_dump() | changes)
    except ValidationError as error:
        raise SettingsError(f"'{clean(text)}' names no archive: {error.errors()[0]['msg']}; write {PLACE}") from None


def _is_mixed(settings: Settings, url: str) -> bool:
    """Whether the gRPC interface that a URL would be used with is that of the configured server, another one."""
    from urllib.parse import urlsplit

    configured, asked = urlsplit(settings.weaviate_url), urlsplit(url)
    same_host = configured.hostname == asked.hostname
    return configured.netloc != asked.netloc and (same_host or bool(settings.weaviate_grpc_url))


def told(steps: Iterable[Copied], screen: Screen, json: bool) -> Iterator[Copied]:
    """The steps, told every few seconds."""
    last = time.monotonic()
    for step in steps:
        if time.monotonic() - last >= TOLD_EVERY:
            last = time.monotonic()
            if json:
                print(to_json(step, event="copied"), flush=True)
            else:
                screen.line(f"{step.done:,} of {step.total:,} chunks")
        yield step
