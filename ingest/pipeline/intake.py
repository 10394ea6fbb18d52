"""The first step: files are found, told from those that are in the library, copied in and claimed, in groups."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ingest.catalog.rows import Offer, Outcome, Work
from ingest.errors import DocumentError
from ingest.library import Library
from ingest.pipeline.discover import Found, discover, document_id, path_of, shown
from ingest.pipeline.progress import Progress

LOOKED_UP = 256  # places in one question to the catalog
GROUP = 64  # files claimed in one transaction at most
GROUP_BYTES = 32 << 20
GROUP_SECONDS = 0.3
SURE_AFTER_NS = 2_000_000_000
"""A file changed less than this ago could change again without another time stamp (as git's racy index has it)."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    path: Path
    place: str
    document: str


class Intake:
    """Hands on the work of one run over some paths.

    Args:
        library: where the files go.
        run: the run that claims them.
        parser: version of the parser, without which a half-read document is not gone on with.
        tell: takes what there is to say.
        hand_on: takes each document that has been claimed.
        job: the job for whose workers files are claimed; they open the archive, so that it is not opened here.
    """

    def __init__(
        self,
        library: Library,
        run: str,
        parser: str,
        tell: Callable[[Progress], None],
        hand_on: Callable[[Work], None],
        job: str | None = None,
    ) -> None:
        self._library = library
        self._run = run
        self._parser = parser
        self._tell = tell
        self._hand_on = hand_on
        self._job = job

    def take(self, paths: Sequence[Path], collection: str, suffixes: frozenset[str]) -> None:
        """Go through the files at and below the paths, to the end."""
        candidates = self._candidates(discover(paths, suffixes), collection)
        while some := list(islice(candidates, LOOKED_UP)):
            for group in _groups(self._offers(some, collection)):
                self._claim(group)

    def _candidates(self, found: Iterable[Found], collection: str) -> Iterator[_Candidate]:
        """What is to be looked at; what is refused or ignored is told."""
        tenant = self._library.settings.tenant
        for each in found:
            place = shown(each.path)
            if each.reason:
                self._tell(Progress("failed" if each.named else "ignored", place, reason=each.reason))
            else:
                yield _Candidate(each.path, place, document_id(tenant, collection, place))

    def _offers(self, candidates: Sequence[_Candidate], collection: str) -> Iterator[tuple[Offer, Path]]:
        """Copies of the files that are new or may have changed."""
        seen = self._library.catalog.ledger.seen([each.document for each in candidates], self._job)
        for each in candidates:
            try:
                stamp = _stamp(each.path)
                known = seen.get(each.document)
                if known and stamp and known.stamp == stamp and (known.source == each.place or _there(known.source)):
                    reason = f"already in the library as {known.source}"
                    if self._job is None or known.job != self._job:  # else it was counted when it was found
                        self._tell(Progress("skipped", each.place, each.document, reason))
                    continue
                if not known:
                    self._refuse_another_embedder()
                sha256, size = self._library.files.add(each.path)
                if known and known.sha256 != sha256:
                    self._refuse_another_embedder()
            except DocumentError as error:
                self._tell(Progress("failed", each.place, each.document, str(error)))
                continue
            sure = stamp if _stamp(each.path) == stamp else ""
            yield Offer(each.document, collection, each.place, sure, sha256, size), each.path

    def _refuse_another_embedder(self) -> None:
        """Open the archive before anything new is written down: it is what refuses an embedder that is not its own."""
        if self._job is None:
            _ = self._library.archive

    def _claim(self, group: Sequence[tuple[Offer, Path]]) -> None:
        offers = [offer for offer, _ in group]
        outcomes = self._library.catalog.ledger.claim(self._run, self._parser, offers, _there, self._job)
        for outcome, (_, path) in zip(outcomes, group, strict=True):
            if outcome.own:
                continue  # an earlier try of this job has claimed and counted it
            if outcome.work is None:
                self._tell(Progress("skipped", outcome.offer.place, outcome.offer.document, outcome.reason))
            else:
                self._begin(outcome, path)

    def _begin(self, outcome: Outcome, path: Path) -> None:
        """Hand on a claimed document, after a look whether its bytes have been removed between copy and claim."""
        work, offer = outcome.work, outcome.offer
        assert work is not None
        self._tell(Progress("found", offer.place, work.generation.document))
        if not self._library.files.has(offer.sha256):
            self._library.files.add(path)
        self._hand_on(work)


def _there(source: str) -> bool:
    """Whether a file is at a place, given as it is shown."""
    return os.path.isfile(path_of(source))


def _stamp(path: Path) -> str:
    """What tells without reading whether a file has changed; empty where it changed so lately that this is not sure."""
    try:
        status = os.stat(path)
    except OSError:
        return ""
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < SURE_AFTER_NS:
        return ""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _groups(offers: Iterable[tuple[Offer, Path]]) -> Iterator[list[tuple[Offer, Path]]]:
    """Groups that are claimed together: large enough to be quick, small enough that the first is not waited for."""
    group: list[tuple[Offer, Path]] = []
    began, size = time.monotonic(), 0
    for offer, path in offers:
        group.append((offer, path))
        size += offer.size
        if len(group) >= GROUP or size >= GROUP_BYTES or time.monotonic() - began >= GROUP_SECONDS:
            yield group
            group, size, began = [], 0, time.monotonic()
    if group:
        yield group
