"""Jobs in any state, made by a test that plays the one who submits files and the worker who does their parts."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ingest.catalog import open_catalog
from ingest.catalog.job_rows import Job, Stages
from ingest.catalog.rows import Offer, Part, Plan
from ingest.pipeline.discover import document_id
from ingest.settings import Settings
from ingest.types import Names, Survey

PAGES = 8  # in a part


class Workshop:
    """A catalog in a data folder, and one worker.

    Args:
        data: the folder.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self.catalog = open_catalog(Settings(data_dir=data))
        self.run = self.catalog.leases.begin("worker")

    def submit(self, *places: str, unreadable: Mapping[str, str] | None = None, over: bool = True) -> Job:
        """An ingest job whose files were found, but for those that could not be read."""
        jobs, tenant = self.catalog.jobs, Settings().tenant
        job = jobs.create("ingest", "default", {"paths": ["/papers"]}, "ada", here=True)
        offers = [
            Offer(document_id(tenant, "default", place), "default", place, "", sha256, 1000)
            for place in places
            if (sha256 := hashlib.sha256(f"{job.id} {place}".encode()).hexdigest())
        ]
        jobs.begin_step(self.run, job.id)
        self.catalog.ledger.claim(self.run, "parser", offers, job=job.id)
        jobs.keep_step(self.run, job.id, list((unreadable or {}).items()), over=over)
        return jobs.get(job.id)

    def open(self, job: Job, parts: int = 2, failing: Mapping[str, str] | None = None) -> Job:
        """Survey the documents of a job; those that fail do so for a reason."""
        leases, broken = self.catalog.leases, failing or {}
        works = leases.surveys(self.run, job.id, 1000)
        cut = tuple(Part(number, number * PAGES + 1, (number + 1) * PAGES) for number in range(parts))
        plans = [
            Plan(work.generation, Survey("text/plain", parts * PAGES), Names("A paper"), cut)
            for work in works
            if work.source not in broken
        ]
        failed = [(work.generation.id, broken[work.source]) for work in works if work.source in broken]
        leases.planned(self.run, job.id, plans, failed)
        return self.catalog.jobs.get(job.id)

    def do(self, job: Job, parts: int = 1, error: str = "") -> Job:
        """Do parts of a job, or give them up for a reason."""
        for _ in range(parts):
            leases = self.catalog.leases.parts(self.run, job.id, PAGES)
            done = [(each.generation.id, _done(each.part, error)) for each in leases]
            self.catalog.leases.mark(self.run, job.id, done, Stages(0.5, 1.25, 0.25))
        return self.catalog.jobs.get(job.id)

    def finished(self, *places: str) -> Job:
        """A job that is done."""
        job = self.open(self.submit(*places), parts=1)
        return self.do(job, len(places))

    def fall_silent(self, seconds: float = 1000) -> None:
        """Let the last signs of life be long ago."""
        with sqlite3.connect(self._data / "catalog.sqlite") as database:
            database.execute("UPDATE runs SET heartbeat = heartbeat - ?", (seconds,))
        database.close()


def _done(part: Part, error: str) -> Part:
    if error:
        pages = tuple(range(part.first, part.last + 1))
        return replace(part, state="failed", missing_pages=pages, error=error)
    return replace(part, state="stored", expected=20, stored=20)
