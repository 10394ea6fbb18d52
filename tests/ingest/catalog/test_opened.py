"""How many documents of a job still wait for being opened: true whatever becomes of them."""

from __future__ import annotations

from ingest.catalog import Catalog
from ingest.catalog.struck import MOST_DEATHS
from tests.ingest.catalog.working import Working, offer


def test_documents_are_unopened_until_they_are_surveyed_or_have_failed(catalog: Catalog) -> None:
    work = Working(catalog, "a", "b", "c")
    assert work.job.unopened == 3
    work.open(1)
    assert work.job.unopened == 2
    work.open(failed=["/in/a", "/in/b", "/in/c"])
    assert (work.job.unopened, work.job.counters.opened, work.job.counters.failed) == (0, 3, 2)


def test_a_document_that_ends_its_workers_is_opened_no_more(catalog: Catalog) -> None:
    work = Working(catalog, "a")
    for _ in range(MOST_DEATHS):
        assert work.job.unopened == 1
        catalog.leases.surveys(work.run, work.id, 1)
        catalog.keeping(60).blame("default", work.run, "it fell")
    assert (work.job.unopened, work.job.counters.failed) == (0, 1)


def test_documents_deleted_or_replaced_while_they_wait_are_waited_for_no_more(catalog: Catalog) -> None:
    work = Working(catalog, "a", "b", "c")
    work.open(1)
    for name in "abc":
        catalog.ledger.mark_deleted(f"id-{name}")
        catalog.ledger.mark_deleted(f"id-{name}")
    assert (work.job.unopened, work.job.counters.opened) == (0, 3)
    work.found()
    assert work.job.state == "finished"


def test_a_failed_document_that_is_deleted_is_counted_once(catalog: Catalog) -> None:
    work = Working(catalog, "a", "b")
    work.open(1, failed=["/in/a", "/in/b"])
    failed = next(row.id for row in catalog.documents() if row.state == "failed")
    catalog.ledger.mark_deleted(failed)
    assert work.job.unopened == 1


def test_what_is_tried_again_waits_for_being_opened_again(catalog: Catalog) -> None:
    work = Working(catalog, "a", "b")
    work.found()
    work.open(failed=["/in/a"])
    catalog.jobs.retry(work.id)
    assert work.job.unopened == 1
    work.finish()
    assert (work.job.state, work.job.unopened, work.job.counters.finished) == ("finished", 0, 2)


def test_what_was_opened_before_a_job_took_it_over_is_not_opened_again(catalog: Catalog) -> None:
    first = Working(catalog, "a")
    first.open(parts=2)
    ids = [row.generation for row in catalog.documents()]
    second = Working(catalog)
    catalog.leases.take_over(second.run, second.id, ids)
    assert (second.job.unopened, second.job.counters.found, second.job.counters.parts) == (0, 1, 2)


def test_a_replacement_that_is_replaced_before_it_was_opened_leaves_the_count_true(catalog: Catalog) -> None:
    work = Working(catalog, "a")
    catalog.jobs.cancel(work.id)
    again = Working(catalog, "a")
    again.hand_in(offer("a", "changed"))  # refused: this job is at it
    assert again.job.unopened == 1
