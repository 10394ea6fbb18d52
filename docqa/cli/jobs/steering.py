"""``docqa jobs cancel``, ``pause``, ``resume``, ``retry`` and ``verify``: each can be repeated without harm."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.jobs.listing import Id
from docqa.cli.jobs.seen import NO_WORKER, find, nobody_works
from docqa.cli.jobs.words import short
from docqa.cli.options import (
    Collections,
    Json,
    confirmed,
    empty,
    known_collections,
    load_settings,
    no_library_yet,
    open_library,
)
from docqa.cli.output import Screen, clean, plural, to_json
from docqa.cli.verify import Deep, Repair
from ingest.errors import NotFoundError, SettingsError

if TYPE_CHECKING:
    from ingest.catalog.job_rows import Job

Remove = Annotated[bool, typer.Option("--remove", help="Also delete the documents that the job has brought in.")]
Folder = Annotated[Path, typer.Argument(help="Where to; it is made if it is not there.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --remove deletes.")]


def cancel(job: Id, remove: Remove = False, yes: Yes = False, json: Json = False) -> None:
    """End a job for good: nothing of it is begun any more.

    Documents that are complete stay and can be searched; those that are not are taken back. With --remove the complete
    ones are deleted too, by a job of its own that the workers do; that goes for a job that has ended, too.
    """
    settings, deleting, idle = load_settings(), None, False
    with open_library(settings) as library:
        found, catalog = find(library, job), library.catalog
        if remove and not confirmed(_question(found, len(catalog.documents_of(found.id))), yes):
            raise typer.Exit(1)
        if found.open or not remove:
            found = catalog.jobs.cancel(found.id)
        if remove and catalog.documents_of(found.id):
            deleting = catalog.jobs.create("delete", found.collection, {"of_job": found.id}, settings.user)
            idle = nobody_works(library)
    if json:
        for each in filter(None, (found, deleting)):
            print(to_json(each))
        return
    screen, id = Screen(), short(found.id)
    if deleting:
        screen.line(f"Job {id} is {found.state}; job {short(deleting.id)} deletes its documents.")
        follow(screen, deleting, idle)
    elif remove:
        screen.line(f"Job {id} is {found.state}; no document of it is in the library.")
    else:
        stay = plural(found.counters.finished, "document")
        screen.line(f"Job {id} is cancelled: {stay} done stay in the library, what was unfinished is taken back.")


def pause(job: Id, json: Json = False) -> None:
    """Let a job rest: nothing of it is begun until 'docqa jobs resume'. The parts at hand are finished."""
    with open_library(load_settings()) as library:
        found = library.catalog.jobs.pause(find(library, job).id)
    told = f"Job {short(found.id)} is paused: 'docqa jobs resume {short(found.id)}' lets it go on."
    print(to_json(found) if json else told)


def resume(job: Id, json: Json = False) -> None:
    """Let a paused job go on."""
    with open_library(load_settings()) as library:
        found = library.catalog.jobs.resume(find(library, job).id)
        idle = nobody_works(library)
    _tell(found, f"Job {short(found.id)} goes on.", idle, json)


def retry(job: Id, json: Json = False) -> None:
    """Try again what has failed in a job: documents, parts that were given up, files that could not be read."""
    with open_library(load_settings()) as library:
        found = library.catalog.jobs.retry(find(library, job).id)
        idle = nobody_works(library)
    told = "what has failed is tried again" if found.open else f"nothing is left to be tried again, it is {found.state}"
    _tell(found, f"Job {short(found.id)}: {told}.", idle, json)


def verify(repair: Repair = False, deep: Deep = False, json: Json = False) -> None:
    """Let the workers compare catalog, archive and files, as a job: 'docqa verify' does it in its own process."""
    settings = load_settings()
    with open_library(settings) as library:
        if no_library_yet(settings):
            raise NotFoundError(f"{empty(library)} Take documents in with 'docqa ingest PATH' first.")
        arguments = {"repair": repair, "deep": deep}
        found = library.catalog.jobs.create("verify", arguments=arguments, owner=settings.user)
        idle = nobody_works(library)
    _tell(found, f"Job {short(found.id)} verifies the library.", idle, json)


def re_embed(collection: Collections = None, json: Json = False) -> None:
    """Let the workers read, cut and embed all documents anew, as this version and these settings have it, as a job.

    The embedder has to be the archive's. Documents can be searched meanwhile; one whose original file is gone stays as
    it is.
    """
    settings = load_settings()
    with open_library(settings) as library:
        names = known_collections(library, collection) or [""]
        jobs = [library.catalog.jobs.create("re-embed", name, owner=settings.user) for name in names]
        idle = nobody_works(library)
    for each in jobs:
        _tell(each, f"Job {short(each.id)} embeds {each.collection or 'all collections'} anew.", idle, json)


def export(folder: Folder, collection: Collections = None, json: Json = False) -> None:
    """Let the workers write documents and chunks into a folder of this machine as JSON Lines, as a job.

    It gets the files documents.jsonl and chunks.jsonl; an earlier export's are replaced when the new ones are whole.
    """
    from ingest.pipeline.discover import shown

    settings = load_settings()
    with open_library(settings) as library:
        names = known_collections(library, collection)
        if len(names) > 1:
            raise SettingsError("One collection at a time, or all: give --collection once, or not at all.")
        arguments = {"to": shown(Path(os.path.abspath(folder.expanduser())))}
        job = library.catalog.jobs.create(
            "export", names[0] if names else "", arguments, owner=settings.user, here=True
        )
        idle = nobody_works(library)
    _tell(job, f"Job {short(job.id)} writes to {clean(folder)}.", idle, json)


def follow(screen: Screen, job: Job, idle: bool) -> None:
    """Say how a job is followed, and that workers are needed where none is at work."""
    screen.line(f"Follow it with: docqa jobs watch {short(job.id)}")
    if idle:
        screen.line(NO_WORKER, "yellow")


def _question(job: Job, count: int) -> str:
    first = f"Cancel job {short(job.id)} and delete" if job.open else "Delete"
    return f"{first} the {plural(count, 'document')} that it has brought in so far?"


def _tell(job: Job, sentence: str, idle: bool, json: bool) -> None:
    if json:
        print(to_json(job))
        return
    screen = Screen()
    screen.line(sentence)
    if job.open:
        follow(screen, job, idle)
