"""What the tests of workers share: a library that real workers work on, and what they have said and begun."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pymupdf

from ingest.catalog.job_rows import USUAL, Job
from ingest.library import Library
from ingest.parse import SUFFIXES
from ingest.pipeline.discover import shown
from ingest.pipeline.intake import Intake
from ingest.pipeline.scan import scan
from ingest.settings import Settings
from ingest.types import PARSER_VERSION, Condition, Filter
from tests.servers.workers import WorkerProcess, processes_of, workers

PLUG = Path(__file__).parent / "plug"
LONG_SECONDS = 150.0


class Workshop:
    """A library in a folder of the test's own, with parts of four pages, and the workers that are started for it.

    Args:
        folder: where its data and the logs are.
        settings: environment variables of its workers, ``DOCQA_…``.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.inputs = folder / "in"
        self.data.mkdir()
        self.library = Library.open(Settings(data_dir=self.data, part_pages=4))
        path = os.pathsep.join([str(PLUG), os.environ["PYTHONPATH"]])
        self._settings = {"PYTHONPATH": path, "DOCQA_PART_PAGES": "4", **(settings or {})}

    @contextmanager
    def workers(self, count: int = 1, processes: int = 2, **settings: str) -> Iterator[list[WorkerProcess]]:
        """Some workers, with the plug for harmful documents."""
        with workers(self.data, self.folder, count, processes, {**self._settings, **settings}) as started:
            yield started

    def submit(self, *paths: Path, collection: str = "default", priority: int = USUAL) -> str:
        """Begin an ingest job, find its files, and return its id."""
        job, run = self._begin(paths, collection, priority)
        scan(self.library, run, job)
        self.library.catalog.leases.end(run)
        return job.id

    def submit_after(self, first: Sequence[Path], then: Path, collection: str) -> str:
        """The same with files that are complete before another one is found; returns when that has been begun."""
        job, run = self._begin([*first, then], collection, USUAL)
        intake = Intake(self.library, run, PARSER_VERSION, lambda progress: None, lambda work: None, job.id)
        intake.take(first, collection, SUFFIXES)
        self.until(lambda: self.job(job.id).counters.finished == len(first))
        scan(self.library, run, job)
        self.library.catalog.leases.end(run)
        self.until(lambda: self.begun(then.name))
        return job.id

    def _begin(self, paths: Sequence[Path], collection: str, priority: int) -> tuple[Job, str]:
        catalog, places = self.library.catalog, [shown(path) for path in paths]
        run = catalog.leases.begin("ingest")
        job = catalog.jobs.create("ingest", collection, {"paths": places}, "", priority, here=True)
        assert catalog.jobs.begin_step(run, job.id)
        return job, run

    def job(self, id: str) -> Job:
        """A job as it is now."""
        return self.library.catalog.jobs.get(id)

    def ended(self, id: str, seconds: float = LONG_SECONDS) -> Job:
        """A job when it has ended."""
        self.until(lambda: not self.job(id).open, seconds)
        return self.job(id)

    def until(self, true: Callable[[], object], seconds: float = LONG_SECONDS) -> None:
        """Wait until something is true; where it does not become so, fail with the last lines of the log."""
        ends = time.monotonic() + seconds
        while not true():
            if time.monotonic() > ends:
                said = [line for log in sorted(self.folder.glob("worker*.log")) for line in log.read_text().split("\n")]
                jobs = [(job.state, job.note, job.counters) for job in self.library.catalog.jobs.newest()]
                raise AssertionError("\n".join(["it did not become true; the workers said:", *said[-30:], str(jobs)]))
            time.sleep(0.03)

    def reasons(self, id: str) -> dict[str, str]:
        """Why documents of a job have failed, by file name."""
        entries = self.library.catalog.jobs.log(id, ("failed", "unreadable", "part"))
        return {entry.source.rpartition("/")[2]: entry.message for entry in entries}

    def said(self, event: str = "", **fields: object) -> list[dict[str, object]]:
        """What all workers have logged: the entries of an event, with some fields."""
        lines = [line for log in sorted(self.folder.glob("worker*.log")) for line in log.read_text().splitlines()]
        entries = [json.loads(line) for line in lines]
        chosen = {"event": event, **fields} if event else fields
        return [entry for entry in entries if chosen.items() <= entry.items()]

    def begun(self, name: str = "") -> Counter[tuple[str, int]]:
        """How often each part (file name, number) was begun, of the files with something in their name."""
        file = self.data / "begun"
        lines = file.read_text().splitlines() if file.exists() else []
        parts = [(source.rpartition("/")[2], int(number)) for source, number, _ in map(_split, lines)]
        return Counter(part for part in parts if name in part[0])

    def hold(self) -> None:
        """Let documents with ``held`` in their names wait where they are begun from now on."""
        (self.data / "hold").touch()

    def release(self) -> None:
        """Let them go on."""
        (self.data / "hold").unlink(missing_ok=True)

    def processes(self, *kinds: str) -> list[int]:
        """The processes of some kinds that work here now."""
        return [number for number, kind in processes_of(self.data).items() if kind in kinds]

    def idle(self) -> bool:
        """Whether no process has, or does, anything."""
        workers = self.library.catalog.keeping(60).workers()
        return not [worker for worker in workers if worker.doing]

    def texts(self, collection: str) -> list[str]:
        """The texts of the chunks of a collection, in order of their ids."""
        within = Filter((Condition("collection", "any_of", (collection,)),))
        archive = self.library.archive
        return [chunk.text for chunk in archive.fetch(sorted(archive.ids(within)))]

    def kept(self, *paths: Path) -> list[Path]:
        """Those of these files whose bytes are kept."""
        return [path for path in paths if self.library.files.has(hashlib.sha256(path.read_bytes()).hexdigest())]

    def lose(self, path: Path) -> None:
        """Remove the kept bytes of a file."""
        self.library.files.delete(hashlib.sha256(path.read_bytes()).hexdigest())

    def states(self, collection: str = "default") -> dict[str, str]:
        """The state of each document of a collection, by file name."""
        rows = self.library.catalog.documents([collection])
        return {row.source.rpartition("/")[2]: row.state for row in rows}


def _split(line: str) -> tuple[str, str, str]:
    source, number, process = line.rsplit(" ", 2)
    return source, number, process


@contextmanager
def workshop(folder: Path, **settings: str) -> Iterator[Workshop]:
    """A workshop, its library closed at the end."""
    shop = Workshop(folder, settings)
    with shop.library:
        yield shop


def write_sentences(path: Path, pages: int, keywords: str = "") -> Path:
    """A PDF with one short sentence a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open() as document:
        for number in range(1, pages + 1):
            document.new_page().insert_text((72, 72), f"Pump {number} of {path.stem} weighs {number * 17} kilograms.")
        document.set_metadata({"keywords": keywords})
        document.save(path)
    return path
