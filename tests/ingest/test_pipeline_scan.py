"""The own step of an ingest that is a job."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from ingest.library import Library
from ingest.pipeline.progress import Progress
from ingest.pipeline.scan import scan
from ingest.settings import Settings
from tests.ingest.ingesting import write_text


def test_a_scan_gives_signs_of_life_while_a_file_takes_long(tmp_path: Path) -> None:
    write_text(tmp_path / "in" / "a.txt", "pump")
    with Library.open(Settings(data_dir=tmp_path / "data", lease_seconds=2)) as library:
        job = library.catalog.jobs.create("ingest", "default", {"paths": [str(tmp_path / "in")]})
        run = library.catalog.leases.begin("ingest")
        assert library.catalog.jobs.begin_step(run, job.id)

        def take_long(_: Progress) -> None:
            end = time.monotonic() + 30
            with closing(sqlite3.connect(tmp_path / "data" / "catalog.sqlite")) as catalog:
                while not catalog.execute("SELECT beats FROM runs WHERE id = ?", (run,)).fetchone()[0]:
                    assert time.monotonic() < end, "there was no sign of life"
                    time.sleep(0.05)

        assert scan(library, run, job, take_long)
