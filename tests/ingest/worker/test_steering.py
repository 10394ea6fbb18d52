"""Jobs that are paused, cancelled or overtaken while workers are in the midst of their parts."""

from __future__ import annotations

import pytest

from ingest.catalog.job_rows import BULK, URGENT
from ingest.verify import verify
from tests.ingest.ingesting import write_text
from tests.ingest.worker.working import Workshop, write_sentences

PROCESSES = 2
SMALL = {f"pump{number}.txt": "live" for number in range(3)}
pytestmark = pytest.mark.timeout(400)


def midway(shop: Workshop, name: str) -> str:
    """A job of three small documents, which are complete, and a slow one of thirty parts, which has been begun."""
    small = [write_text(shop.inputs / name / each, f"{each} of {name}") for each in SMALL]
    slow = write_sentences(shop.inputs / name / f"slow-{name}.pdf", 120)
    return shop.submit_after(small, slow, name)


def begun_afterwards(shop: Workshop, name: str, before: int) -> int:
    """How many parts were begun since there were so many, when all processes have come to rest."""
    shop.until(shop.idle)
    return shop.begun(name).total() - before


def test_after_a_cancellation_each_process_begins_one_part_at_most(shop: Workshop) -> None:
    job = midway(shop, "cancelled")
    shop.library.catalog.jobs.cancel(job)
    assert begun_afterwards(shop, "slow-cancelled", shop.begun("slow-cancelled").total()) <= PROCESSES
    assert shop.job(job).state == "cancelled"
    assert shop.states("cancelled") == SMALL


def test_what_a_cancelled_job_has_not_finished_is_removed_and_the_rest_can_be_searched(shop: Workshop) -> None:
    job = midway(shop, "left")
    shop.library.catalog.jobs.cancel(job)
    shop.until(lambda: not shop.kept(shop.inputs / "left" / "slow-left.pdf"))
    assert len(shop.texts("left")) == len(SMALL)
    found = shop.library.archive.search("pump1.txt of left", None, 1, mode="keyword")
    assert "pump1.txt of left" in shop.library.archive.fetch([found[0].id])[0].text
    assert verify(shop.library, deep=True) == []


def test_a_job_can_be_removed_with_all_that_it_has_brought_in(shop: Workshop) -> None:
    job = midway(shop, "removed")
    shop.library.catalog.jobs.cancel(job)
    removal = shop.library.catalog.jobs.create("delete", "removed", {"of_job": job})
    assert shop.ended(removal.id).state == "finished"
    shop.until(lambda: not shop.kept(*(shop.inputs / "removed").iterdir()))
    assert (shop.states("removed"), shop.texts("removed")) == ({}, [])


def test_a_paused_job_rests_and_goes_on_where_it_was(shop: Workshop) -> None:
    job = midway(shop, "paused")
    shop.library.catalog.jobs.pause(job)
    assert begun_afterwards(shop, "slow-paused", shop.begun("slow-paused").total()) <= PROCESSES
    done = shop.job(job).counters.parts_done
    shop.library.catalog.jobs.resume(job)
    assert done < shop.ended(job).counters.parts_done == 33
    assert set(shop.begun("slow-paused").values()) == {1}


def test_a_job_that_goes_on_gets_its_share_beside_one_that_has_all_processes(shop: Workshop) -> None:
    waiting = midway(shop, "waits")
    shop.library.catalog.jobs.pause(waiting)
    before = begun_afterwards(shop, "slow-waits", 0)
    other = shop.submit(write_sentences(shop.inputs / "slow-other.pdf", 1200), collection="other")
    shop.until(lambda: shop.begun("slow-other").total() > 4 * PROCESSES)
    shop.library.catalog.jobs.resume(waiting)
    shop.until(lambda: shop.begun("slow-waits").total() > before)
    assert shop.job(other).open
    shop.library.catalog.jobs.cancel(other)
    assert shop.ended(waiting).state == "finished"


def test_an_urgent_job_overtakes_a_bulk_one_that_has_all_processes(shop: Workshop) -> None:
    bulk = shop.submit(write_sentences(shop.inputs / "slow-bulk.pdf", 400), collection="bulk", priority=BULK)
    shop.until(lambda: len(shop.begun("slow-bulk")) > PROCESSES)
    path = write_text(shop.inputs / "urgent.txt", "urgent pump")
    urgent = shop.ended(shop.submit(path, collection="urgent", priority=URGENT))
    assert urgent.counters.finished == 1
    assert shop.job(bulk).counters.parts_done < 100
    shop.library.catalog.jobs.cancel(bulk)
