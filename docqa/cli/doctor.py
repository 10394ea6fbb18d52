"""``docqa doctor``: what is configured, what works, and what to do about what does not."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from docqa.cli.doctor_model import model, window
from docqa.cli.options import Json, examples, load_settings, no_library_yet, open_library
from docqa.cli.output import Screen, clean, plural, to_json
from ingest.errors import DocqaError
from ingest.types import Health

if TYPE_CHECKING:
    from docqa.settings import Settings
    from ingest.library import Library

Check = Callable[["Settings", "Library"], Health]
EXAMPLES = examples("docqa doctor", "docqa doctor --json")
LOW_SPACE = 1 << 30
COUNTED = 1000  # conversations
ONE_PAGE = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
4 0 obj<</Length 38>>stream
BT /F 12 Tf 20 100 Td (It works.) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
"""


def doctor(json: Json = False) -> None:
    """Check everything that docqa needs and say what to do about what does not work.

    Ends with 0 if all of it works and with 1 otherwise. Nothing that is stored is changed.
    """
    settings = load_settings()
    with open_library(settings) as library:
        found = {name: _outcome(check, settings, library) for name, check in CHECKS.items()}
    if json:
        print(to_json({"ok": all(h.ok for h in found.values()), "checks": {n: _plain(h) for n, h in found.items()}}))
    else:
        screen = Screen()
        for name, health in found.items():
            word, style = ("ok", "") if health.ok else ("BROKEN", "bold red")
            screen.line(f"{word:<8}{name:<12}{clean(health.message)}", style)
            for label, value in health.details.items():
                screen.line(f"{label}: {clean(value)}", "dim", 20)
    raise typer.Exit(0 if all(health.ok for health in found.values()) else 1)


def _outcome(check: Check, settings: Settings, library: Library) -> Health:
    try:
        return check(settings, library)
    except DocqaError as error:
        return Health(False, str(error))
    except OSError as error:
        return Health(False, f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))


def _plain(health: Health) -> dict[str, object]:
    return {"ok": health.ok, "message": health.message, "details": health.details}


def data_folder(settings: Settings, _library: Library) -> Health:
    """Whether the data folder, or the nearest folder above it that exists, can be written."""
    place = settings.root
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Health(
            False, f"{settings.root} cannot be written ({error.strerror}); set DOCQA_DATA_DIR to another folder."
        )
    if place != settings.root:
        return Health(True, f"{settings.root} does not exist yet; the first ingest makes it.")
    return Health(True, f"{settings.root} can be written.")


def disk_space(settings: Settings, _library: Library) -> Health:
    """Whether there is room for more documents where the data folder is."""
    place = next(p for p in (settings.root, *settings.root.parents) if p.exists())
    free = shutil.disk_usage(place).free
    message = f"{free / (1 << 30):,.1f} GiB free at {place}."
    if free < LOW_SPACE:
        return Health(False, f"Only {message} Free some space or set DOCQA_DATA_DIR to a folder on a larger disk.")
    return Health(True, message)


def catalog(settings: Settings, library: Library) -> Health:
    """Whether the catalog answers, and what it holds."""
    if no_library_yet(settings):
        return Health(True, "There is none yet; the first ingest makes it.")
    health = library.catalog.health()
    if not health.ok:
        return health
    held = library.catalog.collections()
    documents, chunks = sum(row.documents for row in held), sum(row.chunks for row in held)
    told = f"{plural(documents, 'document')} with {plural(chunks, 'chunk')} in {plural(len(held), 'collection')}"
    return replace(health, message=told)


def embedder(_settings: Settings, library: Library) -> Health:
    """Whether the embedder opens (the built-in one checks the hash of its model) and makes a vector."""
    opened = library.embedder
    shape = opened.embed(["It works."]).shape
    if shape != (1, opened.dimension):
        return Health(False, f"{opened.name} gave vectors of shape {shape} instead of (1, {opened.dimension}).")
    return Health(True, f"{opened.name}: {opened.dimension} dimensions, {opened.max_tokens} tokens.")


def archive(settings: Settings, library: Library) -> Health:
    """Whether the archive can be reached and read and was made with the embedder in use."""
    if settings.archive == "lancedb" and not settings.root.exists():
        return Health(True, "There is none yet; the first ingest makes it.")
    health = library.archive.health()
    if health.ok and not no_library_yet(settings) and (lost := library.lost_chunks()):
        return replace(health, ok=False, message=lost)
    return health


def parser(settings: Settings, _library: Library) -> Health:
    """Whether a guarded child process starts and reads a page."""
    from ingest.parse import ParserPool

    with tempfile.TemporaryDirectory() as folder, ParserPool(settings) as pool:
        path = Path(folder) / "page.pdf"
        path.write_bytes(ONE_PAGE)
        pages = pool.pages(path, pool.survey(path, path.name), 1, 1)
    if "It works." not in pages[0].text:
        return Health(False, "The parser read a page and found no text on it: install docqa's packages again.")
    limits = f"{settings.parse_seconds:g} s, {settings.parse_cpu_seconds:g} s of CPU, {settings.parse_memory_mb:,} MiB"
    return Health(True, f"A page was read. Processes side by side: {settings.parsers}; limits: {limits}.")


def recall(settings: Settings, library: Library) -> Health:
    """Whether recall storage can be opened, and what it holds for this user."""
    from docqa.memory.recall import open_recall
    from docqa.memory.recall.database import FILE

    in_a_file = not settings.recall_url and not settings.catalog_url.startswith("postgresql")
    if in_a_file and not (settings.root / FILE).exists():
        return Health(True, "There is none yet; the first chat makes it.")
    with open_recall(settings, library) as store:
        held = len(store.conversations(COUNTED + 1))
    conversations = f"more than {COUNTED:,} conversations" if held > COUNTED else plural(held, "conversation")
    return Health(True, f"{conversations} of the user '{settings.user}' (DOCQA_USER).")


def files(_settings: Settings, library: Library) -> Health:
    """Whether the original files can be written and read."""
    return library.files.health()


def broker(settings: Settings, _library: Library) -> Health:
    """Whether the workers' broker can be used: one that evicts keys must not be."""
    from ingest.broker import broker_health

    return broker_health(settings)


def workers(settings: Settings, library: Library) -> Health:
    """Whether somebody does what waits in jobs."""
    if no_library_yet(settings):
        return Health(True, "No job waits.")
    waiting = len(library.catalog.jobs.newest(("running",), COUNTED))
    running = library.catalog.keeping(settings.lease_seconds).workers()
    if waiting and not running:
        return Health(False, f"{plural(waiting, 'job')} to do and no worker: start one with 'docqa worker'.")
    processes = sum(each.role == "worker" for each in running)
    keepers = sum(each.role == "keeper" for each in running)
    told = f"{plural(keepers, 'worker')}, {processes:,} processes; {plural(waiting, 'running job')}."
    return Health(True, told)


CHECKS: dict[str, Check] = {
    "data folder": data_folder,
    "disk space": disk_space,
    "catalog": catalog,
    "embedder": embedder,
    "archive": archive,
    "files": files,
    "parser": parser,
    "broker": broker,
    "workers": workers,
    "recall": recall,
    "model": model,
    "window": window,
}
