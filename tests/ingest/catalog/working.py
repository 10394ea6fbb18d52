"""What the tests of jobs in the catalog share: files handed in to a job, and a worker that does them step by step."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.catalog import Catalog
from ingest.catalog.job_rows import Job, Lease
from ingest.catalog.rows import Offer, Part, Plan, Settled
from ingest.types import Names, Survey


def offer(name: str, content: str = "") -> Offer:
    return Offer(f"id-{name}", "default", f"/in/{name}", "stamp", (content or name).ljust(64, "-"), 10)


def done(part: Part) -> Part:
    return Part(part.number, part.first, part.last, "stored", 3, 3)


class Working:
    """A job, and one worker at it.

    Args:
        catalog: where.
        names: of the files that are handed in at once.
    """

    def __init__(self, catalog: Catalog, *names: str) -> None:
        self.catalog = catalog
        self.run = catalog.leases.begin()
        self.id = catalog.jobs.create("ingest", "default", {"paths": []}).id
        self.hand_in(*map(offer, names))

    @property
    def job(self) -> Job:
        return self.catalog.jobs.get(self.id)

    def hand_in(self, *offers: Offer) -> list[str]:
        """Hand files in, and return the generations."""
        outcomes = self.catalog.ledger.claim(self.run, "1", offers, job=self.id)
        return [outcome.work.generation.id for outcome in outcomes if outcome.work]

    def found(self) -> None:
        """End the finding of files."""
        assert self.catalog.jobs.begin_step(self.run, self.id)
        assert self.catalog.jobs.keep_step(self.run, self.id, over=True)

    def open(self, most: int = 100, parts: int = 1, failed: Sequence[str] = ()) -> list[Settled]:
        """Open documents: each has parts of one page, or fails where its source is named."""
        works = self.catalog.leases.surveys(self.run, self.id, most)
        good = [work for work in works if work.source not in failed]
        bad = [(work.generation.id, "damaged") for work in works if work.source in failed]
        waiting = tuple(Part(number, number + 1, number + 1) for number in range(parts))
        plans = [Plan(work.generation, Survey("text/plain", parts), Names(work.source), waiting) for work in good]
        return self.catalog.leases.planned(self.run, self.id, plans, bad)

    def lease(self, pages: int = 1) -> list[Lease]:
        """Take parts."""
        return self.catalog.leases.parts(self.run, self.id, pages)

    def mark(self, leases: Sequence[Lease]) -> list[Settled]:
        """Say that parts are stored."""
        ended = [(lease.generation.id, done(lease.part)) for lease in leases]
        return self.catalog.leases.mark(self.run, self.id, ended)

    def finish(self) -> None:
        """Do all that there is to do."""
        self.open()
        while leases := self.lease(100):
            self.mark(leases)
