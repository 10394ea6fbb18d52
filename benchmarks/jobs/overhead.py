"""The same PDFs by the pipeline in one process, by one worker of two processes, and by two workers of one, in turns."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pymupdf

from benchmarks.common import table, take_in
from benchmarks.jobs.running import finished, workers
from ingest.library import Library
from ingest.pipeline.scan import scan
from ingest.settings import Settings
from ingest.worker.app import configure, send

PART_PAGES = 10
PAGES_A_FILE = 100
WORDS = "the annual report of a water company tells how valves pumps meters and reservoirs were inspected".split()


def measure(options: argparse.Namespace) -> None:
    """Print the seconds of each way, and how much more a part takes than in one process."""
    with tempfile.TemporaryDirectory(prefix="docqa-bench-") as temporary, ExitStack() as stack:
        root = Path(temporary)
        ways: dict[str, Callable[[Path], float]] = {"one process, no jobs": _Alone(root / "alone", stack)}
        for name, count, processes in (("one worker, two processes", 1, 2), ("two workers, one process", 2, 1)):
            ways[name] = _Workers(root / f"{count}x{processes}", stack, count, processes)
        warm = _folder(root / "warm", PAGES_A_FILE)
        for way in ways.values():  # loads models and fills caches
            way(warm)
        times: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(options.rounds):
            folder = _folder(root / f"in{number}", options.pages)
            for name in [*ways][number % 3 :] + [*ways][: number % 3]:
                times[name].append(ways[name](folder))
    parts = options.pages / PART_PAGES
    alone = times["one process, no jobs"]
    rows = []
    for name, seconds in times.items():
        pairs = [100 * (mine / theirs - 1) for mine, theirs in zip(seconds, alone, strict=True)]
        rows.append(
            (name, statistics.median(seconds), 1000 * statistics.median(seconds) / parts, statistics.median(pairs),
             f"{min(pairs):.1f} to {max(pairs):.1f}")
        )  # fmt: skip
    title = f"{options.pages} pages in parts of {PART_PAGES}, {options.rounds} rounds, medians"
    table(title, ("way", "seconds", "ms a part", "more than alone, %", "in the rounds"), rows)


class _Alone:
    """The pipeline of one process, its library open all the time."""

    def __init__(self, data: Path, stack: ExitStack) -> None:
        self._library = stack.enter_context(Library.open(Settings(data_dir=data, part_pages=PART_PAGES)))

    def __call__(self, folder: Path) -> float:
        began = time.perf_counter()
        take_in(self._library, [folder])
        return time.perf_counter() - began


class _Workers:
    """Workers that run all the time; the files are found by this process, whose modules are loaded."""

    def __init__(self, data: Path, stack: ExitStack, count: int, processes: int) -> None:
        settings = Settings(data_dir=data, part_pages=PART_PAGES)
        self._library = stack.enter_context(Library.open(settings))
        stack.enter_context(workers(data, count, processes, DOCQA_PART_PAGES=str(PART_PAGES)))

    def __call__(self, folder: Path) -> float:
        catalog, began = self._library.catalog, time.perf_counter()
        job = catalog.jobs.create("ingest", "default", {"paths": [str(folder)]}, here=True)
        run = catalog.leases.begin("ingest")
        if catalog.jobs.begin_step(run, job.id):
            scan(self._library, run, job)
        catalog.leases.end(run)
        configure(self._library.settings)
        send("parse", job.tenant, job.id, job.priority)  # as the service does; else a keeper looks within a second
        finished(self._library)
        return time.perf_counter() - began


def _folder(folder: Path, pages: int) -> Path:
    """PDFs of a hundred pages each, every page different."""
    folder.mkdir()
    for number in range(pages // PAGES_A_FILE):
        with pymupdf.open() as document:
            for page in range(PAGES_A_FILE):
                at = document.new_page().insert_textbox((60, 60, 540, 780), _text(folder.name, number, page))
                assert at > 0
            document.save(folder / f"{folder.name} {number}.pdf")
    return folder


def _text(folder: str, number: int, page: int) -> str:
    lines = []
    for line in range(38):
        words = [WORDS[(line * 7 + word * 3 + page) % len(WORDS)] for word in range(11)]
        lines.append(f"{' '.join(words)} {folder} {number} {page * 38 + line}.")
    return "\n".join(lines)
