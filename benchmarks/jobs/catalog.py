"""A catalog with a million documents: how long what a user or a worker asks it takes."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import table
from benchmarks.jobs.filling import fill
from ingest.catalog import open_catalog
from ingest.settings import Settings

TIMES = 200


def measure(options: argparse.Namespace) -> None:
    """Print the 95th percentiles on SQLite, and on PostgreSQL where a URL is given."""
    with tempfile.TemporaryDirectory(prefix="docqa-bench-") as temporary:
        _measure("SQLite", Settings(data_dir=Path(temporary)), options.documents)
        if options.postgres:
            settings = Settings(data_dir=Path(temporary) / "pg", catalog_url=options.postgres)
            _measure("PostgreSQL", settings, options.documents)


def _measure(name: str, settings: Settings, count: int) -> None:
    catalog = open_catalog(settings)
    job = catalog.jobs.create("ingest", "default", {"paths": []}).id
    fill(catalog, job, count)
    run = catalog.leases.begin()
    pages = catalog.pages(most=100)
    asked: dict[str, Callable[[], object]] = {
        "list 100 documents, page after page": lambda: next(pages),
        "progress of the job": lambda: (catalog.jobs.get(job), catalog.jobs.work(job, time.time() - 180)),
        "claim the next part": lambda: catalog.leases.parts(run, job, 8),
        "claim 16 documents to open": lambda: catalog.leases.surveys(run, job, 16),
        "what is open (a keeper's question)": lambda: catalog.keeping(60).open(),
    }
    rows = []
    for what, ask in asked.items():
        took = sorted(_timed(ask) for _ in range(TIMES))
        rows.append((what, 1000 * statistics.median(took), 1000 * took[int(0.95 * TIMES)], 1000 * took[-1]))
    table(f"{count:,} documents in {name}", ("question", "median, ms", "95 %, ms", "longest, ms"), rows)
    catalog.close()


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
