"""The own step of an ingest that is a job: its files are found, copied in and claimed for the workers.

It can be killed and begun again at any moment: what it has claimed is known, and its other counts begin anew.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ingest.catalog.job_rows import Job
from ingest.errors import DocqaError, JobError
from ingest.library import Library
from ingest.pipeline.discover import path_of
from ingest.pipeline.intake import Intake
from ingest.pipeline.progress import Progress, Tally, Totals

KEEP_SECONDS = 1.0
LONGEST_SILENCE = 10.0


def scan(
    library: Library,
    run: str,
    job: Job,
    tell: Callable[[Progress], None] = lambda progress: None,
    seconds: float = math.inf,
) -> bool:
    """Find the files of an ingest job and claim them for its workers; the caller has leased the job's step.

    Args:
        library: where the files go.
        run: the run that has the step.
        job: of kind ``ingest``, with ``paths`` (as shown) among its arguments.
        tell: takes each step, with the totals.
        seconds: after which it stops for a while, so that others get their turn. Begun again it is soon where it was.

    Returns whether it came to its end; False where the time was over, or the job was paused, cancelled or taken over.

    Raises:
        CatalogError, FilesError, StorageFullError: it could not go on; begin it again later.
    """
    from ingest.parse import SUFFIXES
    from ingest.types import PARSER_VERSION

    books = _Books(library, run, job.id, tell, time.monotonic() + seconds)
    paths = [path_of(text) for text in job.arguments.get("paths", ())]
    try:
        with _beating(library, run):
            intake = Intake(library, run, PARSER_VERSION, books.add, lambda work: None, job.id)
            intake.take([Path(path) for path in paths], job.collection, SUFFIXES)
            return books.keep(over=True)
    except _Ended:
        return False


@contextmanager
def _beating(library: Library, run: str) -> Iterator[None]:
    """Give signs of life beside the work: a long scan, or one large file, may take longer than a lease lasts."""
    over, every = threading.Event(), min(library.settings.lease_seconds / 4, LONGEST_SILENCE)

    def beat() -> None:
        while not over.wait(every):
            with suppress(DocqaError):  # a catalog that is away for the moment
                library.catalog.leases.beat(run)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class _Ended(JobError):
    """The job does not want its files now."""


class _Books:
    """Counts what a scan meets and writes it down once a second."""

    def __init__(self, library: Library, run: str, job: str, tell: Callable[[Progress], None], ends: float) -> None:
        self._library = library
        self._run = run
        self._job = job
        self._tell = tell
        self._tally = Tally()
        self._totals = Totals()
        self._unreadable: list[tuple[str, str]] = []
        self._kept = time.monotonic()
        self._ends = ends

    def add(self, progress: Progress) -> None:
        """Count a step. Raises _Ended where the job has been stopped, or the time is over."""
        counted = self._tally.counted(progress)
        self._totals = counted.totals
        if progress.kind == "failed":
            self._unreadable.append((progress.source, progress.reason))
        self._tell(counted)
        now = time.monotonic()
        if now - self._kept > KEEP_SECONDS and (not self.keep() or now > self._ends):
            raise _Ended

    def keep(self, over: bool = False) -> bool:
        """Write the counts down; returns whether the scan may go on."""
        totals, told = self._totals, self._unreadable
        self._unreadable, self._kept = [], time.monotonic()
        keep = self._library.catalog.jobs.keep_step
        return keep(self._run, self._job, told, over=over, ignored=totals.ignored, skipped=totals.skipped)
