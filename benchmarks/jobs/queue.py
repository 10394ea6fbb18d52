"""Many files handed in while no worker reads them: what the broker and the submitting process need for that."""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.common import table
from benchmarks.jobs.running import submit, workers
from ingest.broker import open_broker
from ingest.library import Library
from ingest.settings import Settings
from ingest.worker.app import PRIORITIES, QUEUES

SETTLE_SECONDS = 10.0


def measure(options: argparse.Namespace) -> None:
    """Print messages and memory while the files wait. A worker runs that serves the maintenance queue alone."""
    with tempfile.TemporaryDirectory(prefix="docqa-bench-") as temporary:
        folder, data = Path(temporary) / "in", Path(temporary) / "docqa"
        _files(folder, options.files)
        with workers(data, 1, 1, "--queue", "maintenance"), Library.open(Settings(data_dir=data)) as library:
            time.sleep(SETTLE_SECONDS)
            with closing(open_broker(library.settings)) as broker:
                before = broker.used_memory()
                seconds, memory = submit(data, [folder])
                time.sleep(SETTLE_SECONDS)  # the keeper sends what it will send
                lengths, after = broker.lengths(QUEUES, PRIORITIES), broker.used_memory()
            queued = library.catalog.jobs.newest(most=1)[0].counters.found
    rows = [
        ("documents that wait", f"{queued:,}"),
        ("messages in the broker", f"{sum(lengths.values()):,}"),
        ("memory of the broker, MB", f"{after / 1e6:.1f} (before: {before / 1e6:.1f})"),
        ("most memory of the submitting process, MB", f"{memory:,}"),
        ("seconds to hand them in", f"{seconds:.0f} ({queued / seconds:,.0f} files a second)"),
    ]
    table(f"{options.files:,} files handed in", ("what", "measured"), rows)


def _files(folder: Path, count: int) -> None:
    """Small texts, no two alike, a thousand in a folder."""
    for number in range(count):
        if number % 1000 == 0:
            (folder / f"{number // 1000:04}").mkdir(parents=True)
        text = f"Note {number}\n\nThe valve {number} was inspected and found to be in order.\n"
        (folder / f"{number // 1000:04}" / f"{number:06}.txt").write_text(text)
