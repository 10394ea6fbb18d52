"""Watching folders: they are walked again and again, and what is new in them and stands still is taken in.

Walking works on every file system, also on those of other machines. What was seen is kept in memory, file by file, so
that a round without news costs the walk and nothing else. Every now and then, and whenever a file has gone, a round is
*thorough*: all files are offered to the pipeline again, which finds moved ones and skips what it knows.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Literal

from ingest.catalog.standing import Standing, copies, standing
from ingest.errors import CatalogVersionError, DocqaError, EmbedderMismatch, NotFoundError, SettingsError
from ingest.library import Library
from ingest.pipeline.clean import delete
from ingest.pipeline.discover import path_of, shown
from ingest.pipeline.looking import Folders, Seen, inside, missing
from ingest.pipeline.progress import Progress

AGAIN_SECONDS = 600.0  # until an unchanged file that failed is read again, and until the next thorough round
BUSY_SECONDS = 60.0  # until a file is offered again that another process was taking in
LONGEST_PAUSE = 60.0  # between rounds that end with an error
MANY, SHARE = 10, 0.5  # this many documents, and more than this share of a folder's, are not dropped unasked
KNOWN = "already in the library"  # how the pipeline's reasons begin for files that need not be offered again
LASTING = (EmbedderMismatch, CatalogVersionError, SettingsError)  # errors that no waiting helps against

WatchedKind = Literal["finished", "replaced", "failed", "skipped", "dropped", "trouble", "done"]


@dataclass(frozen=True, slots=True)
class Watched:
    """One thing that a watch has to say.

    The kinds: a file's document is ``finished``, new in the library; or has ``replaced`` its older version; a file has
    ``failed``, or was ``skipped`` by a single round since it is still being written; a document was ``dropped`` with
    its file; there is ``trouble`` that may pass, told in ``reason``; a round is ``done``. The fields are those of
    ``Progress``.
    """

    kind: WatchedKind
    source: str = ""
    document: str = ""
    reason: str = ""
    pages: int = 0
    chunks: int = 0
    missing_pages: tuple[int, ...] = ()
    scanned_pages: tuple[int, ...] = ()


def watch(
    library: Library,
    folders: Sequence[Path],
    collection: str = "default",
    *,
    drop: bool = False,
    drop_many: bool = False,
    every: float = 5.0,
    once: bool = False,
) -> Generator[Watched, None, None]:
    """Take in what is in some folders and whatever comes into them or changes; yields what happens, round by round.

    A file is taken in when it has stood still for a round. Each round ends with ``done``; the pause before the next one
    begins when more is asked for. The generator may be closed at any moment.

    Args:
        library: where the files go.
        folders: the folders, each watched with all that is below it.
        collection: the collection that they go into.
        drop: whether documents are deleted whose file has been missing in two rounds.
        drop_many: the same, also where most of a folder's documents have lost their files or none is left in it.
        every: seconds between two rounds; after an error that may pass they grow to a minute.
        once: whether to end after one round, or two where files have to stand still or to be missed again.

    Raises:
        NotFoundError: one of the folders is not there at the start.
        EmbedderMismatch, CatalogVersionError, SettingsError: waiting does not help; with ``once`` any other error, too.
    """
    roots = [Path(os.path.abspath(os.path.expanduser(folder))) for folder in folders]
    for root in roots:
        if not root.exists():
            raise NotFoundError(f"There is no folder '{shown(root)}' to watch: make it first, or check its name.")
        if not root.is_dir():
            raise NotFoundError(f"'{shown(root)}' is not a folder: 'docqa watch' takes folders, 'docqa ingest' files.")
    looking = Folders(roots, every, library.settings.root)
    return _Watch(library, looking, collection, drop, drop_many).rounds(every, once)


class _Watch:
    """The state of a watch between its rounds."""

    def __init__(self, library: Library, folders: Folders, collection: str, drop: bool, drop_many: bool) -> None:
        self._library = library
        self._folders = folders
        self._collection = collection
        self._drop, self._drop_many = drop or drop_many, drop_many
        self._said: dict[str, str] = {}  # what was last said, by what it is about
        self._thorough, self._thorough_at = True, 0.0
        self._gone: set[str] = set()  # documents whose file was missing in the last round
        self._copies: list[Path] = []  # files elsewhere that hold the bytes of these, to which they can move

    def rounds(self, every: float, once: bool) -> Generator[Watched, None, None]:
        """Round after round, with pauses between them."""
        pause = every
        for number in itertools.count(1):
            try:
                yield from self._round()
                yield from self._trouble("pipeline", "")
                pause = every
            except DocqaError as error:
                if once or isinstance(error, LASTING):
                    raise
                yield from self._trouble("pipeline", str(error))
                pause = min(max(2 * pause, 1.0), max(LONGEST_PAUSE, every))
            moving = self._folders.unsettled()
            last = once and (number > 1 or not (moving or self._gone))
            if last:
                yield from (Watched("skipped", shown(Path(name)), reason="still being written") for name in moving)
            yield Watched("done")
            if last:
                return
            sleep(pause)

    def _round(self) -> Iterator[Watched]:
        known = self._folders.refused
        self._folders.look()
        for folder in self._folders.folders:
            why = self._folders.absent.get(folder)
            gone = f"{shown(folder)} cannot be read ({why}): its documents stay, and it is looked for again."
            yield from self._trouble(f"folder {folder}", gone if why else "")
        for name, reason in self._folders.refused.items():
            if known.get(name) != reason:
                yield Watched("failed", shown(Path(name)), reason=reason)
        self._thorough = self._thorough or self._folders.vanished or monotonic() >= self._thorough_at
        yield from self._take_in()
        if self._thorough:
            if self._drop:
                yield from self._drop_gone()
            self._thorough, self._thorough_at = bool(self._gone), monotonic() + AGAIN_SECONDS

    def _trouble(self, about: str, reason: str) -> Iterator[Watched]:
        """Tell of trouble unless that was last said about this; without a reason it is over."""
        if reason and reason != self._said.get(about):
            yield Watched("trouble", reason=reason)
        self._said[about] = reason

    def _take_in(self) -> Iterator[Watched]:
        """Offer the pipeline what has settled and is not known to be in the library; in a thorough round, that too."""
        from ingest.pipeline import ingest  # which exports this module's names

        now, files = monotonic(), self._folders.files
        due = {name: seen for name, seen in files.items() if seen.settled and self._due(seen, now)}
        if not (due or self._copies):
            return
        before = {row.source for row in self._standing() if row.live}
        begun: dict[str, str] = {}  # documents by place: one that goes on from elsewhere is shown with its first source
        with closing(ingest(self._library, [*map(Path, due), *self._copies], self._collection)) as events:
            for event in events:
                if event.kind == "found":
                    begun[event.document] = event.source
                elif event.kind in ("finished", "failed", "skipped"):
                    place = str(path_of(begun.pop(event.document, event.source)))
                    yield from self._heard(event, files.get(place) or Seen(), event.source in before)
        for seen in due.values():
            if seen.again <= now:  # nothing was said of it
                seen.again = now + BUSY_SECONDS

    def _due(self, seen: Seen, now: float) -> bool:
        return seen.again <= now or (self._thorough and seen.again == math.inf)

    def _heard(self, event: Progress, seen: Seen, replaces: bool) -> Iterator[Watched]:
        """Remember what became of a file, and tell it unless it was told before."""
        if event.kind == "finished":
            seen.again, seen.reason = math.inf, ""
            yield _told("replaced" if replaces else "finished", event)
        elif event.kind == "skipped":
            seen.again = math.inf if event.reason.startswith(KNOWN) else monotonic() + BUSY_SECONDS
        else:
            seen.again = monotonic() + AGAIN_SECONDS
            if seen.reason != event.reason and not missing(path_of(event.source)):
                seen.reason = event.reason
                yield _told("failed", event)

    def _standing(self) -> list[Standing]:
        """The documents below the watched folders."""
        prefixes = [inside(shown(folder)) for folder in self._folders.folders]
        return standing(self._library.catalog, self._collection, prefixes)

    def _drop_gone(self) -> Iterator[Watched]:
        """Delete the documents whose files were missing in the last round and still are. What is missing for the first
        time may have been renamed, or moves to a copy.
        """
        rows = self._standing()
        gone = {row.document: row.source for row in rows if self._folders.lost(path_of(row.source))}
        kept: set[str] = set()
        for folder in self._folders.folders:
            ids = {row.document for row in rows if row.source.startswith(inside(shown(folder)))}
            lost = ids & gone.keys()
            reason = self._objection(folder, len(lost), len(ids)) if lost else ""
            yield from self._trouble(f"drop {folder}", reason)
            if reason or folder in self._folders.absent:
                kept |= lost
        gone = {document: source for document, source in gone.items() if document not in kept}
        for document in sorted(gone.keys() & self._gone, key=gone.__getitem__):
            source = gone.pop(document)
            with suppress(NotFoundError):  # somebody else has deleted it
                delete(self._library, document)
                yield Watched("dropped", source, document)
        self._gone = set(gone)
        places = map(path_of, copies(self._library.catalog, self._gone))
        self._copies = [path for path in places if str(path) not in self._folders.files and path.is_file()]

    def _objection(self, folder: Path, lost: int, of: int) -> str:
        """Why documents of a folder are not dropped though their files are missing; empty if they may be."""
        confirm = "Nothing of it is dropped; if that is meant, start again with --drop-many."
        if self._drop_many or folder in self._folders.absent:
            return ""
        if self._folders.emptied(folder):
            return f"{shown(folder)} is empty, or another folder than it was: is its disk mounted? {confirm}"
        if lost >= MANY and lost > SHARE * of:
            return f"{lost} of the {of} documents of {shown(folder)} have lost their files at once. {confirm}"
        return ""


def _told(kind: WatchedKind, event: Progress) -> Watched:
    counts = (event.pages, event.chunks, event.missing_pages, event.scanned_pages)
    return Watched(kind, event.source, event.document, event.reason, *counts)
