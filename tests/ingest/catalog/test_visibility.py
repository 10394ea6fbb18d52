"""What a search may see while a job goes on: each document in one version, whole."""

from __future__ import annotations

from ingest.catalog import Catalog
from tests.ingest.catalog.working import Working, offer


def test_a_queued_document_is_not_hidden_and_hides_from_its_first_lease_until_its_last_part(catalog: Catalog) -> None:
    work = Working(catalog)
    [id] = work.hand_in(offer("a"))
    work.open(parts=2)
    assert catalog.visibility().hidden == ()
    first = work.lease()
    assert catalog.visibility().hidden == (id,)
    work.mark(first)
    assert catalog.visibility().hidden == (id,)
    work.mark(work.lease())
    assert (catalog.visibility().hidden, catalog.live([id])) == ((), {id})


def test_a_lease_that_is_given_back_leaves_its_document_hidden(catalog: Catalog) -> None:
    work = Working(catalog)
    [id] = work.hand_in(offer("a"))
    work.open()
    work.lease()
    catalog.leases.release(work.run)  # some chunks of it may be stored
    assert catalog.visibility().hidden == (id,)
    work.mark(work.lease())
    assert catalog.visibility().hidden == ()


def test_documents_that_wait_by_the_thousand_make_no_search_slow(catalog: Catalog) -> None:
    work = Working(catalog, *(f"file {number}" for number in range(1000)))
    work.open(500)
    assert work.job.counters.found == 1000
    assert catalog.visibility().hidden == ()


def test_the_epoch_grows_when_a_queued_replacement_begins_to_be_written_and_when_it_switches(catalog: Catalog) -> None:
    work = Working(catalog, "a")
    work.finish()
    assert catalog.visibility().epoch == 0  # a new document takes nothing out of sight
    work.hand_in(offer("a", "changed"))
    work.open(parts=2)
    epochs = [catalog.visibility().epoch]
    for _ in range(2):
        leases = work.lease()
        epochs.append(catalog.visibility().epoch)
        work.mark(leases)
        epochs.append(catalog.visibility().epoch)
    before = epochs[0]
    assert epochs[1:] == [before + 1, before + 1, before + 1, before + 2]


def test_the_old_version_is_seen_until_the_new_one_is_whole(catalog: Catalog) -> None:
    work = Working(catalog)
    [old] = work.hand_in(offer("a"))
    work.finish()
    [new] = work.hand_in(offer("a", "changed"))
    work.open(parts=2)
    work.mark(work.lease())
    assert (catalog.visibility().hidden, catalog.live([old, new])) == ((new,), {old})
    work.mark(work.lease())
    assert (catalog.visibility().hidden, catalog.live([old, new])) == ((old,), {new})
    catalog.ledger.forget(catalog.ledger.leftovers(), lambda sha256: None)
    assert catalog.visibility().hidden == ()


def test_what_a_cancelled_job_had_begun_stays_hidden_until_it_is_removed(catalog: Catalog) -> None:
    work = Working(catalog, "done")
    work.finish()
    work.hand_in(offer("begun"), offer("waiting"))
    work.open()
    work.lease()
    epoch = catalog.visibility().epoch
    catalog.jobs.cancel(work.id)
    assert len(catalog.visibility().hidden) == 1  # the other left nothing in the archive
    assert len(catalog.ledger.leftovers()) == 1
    assert catalog.visibility().epoch > epoch
    catalog.leases.release(work.run)
    catalog.ledger.forget(catalog.ledger.leftovers(), lambda sha256: None)
    assert catalog.visibility().hidden == ()
    assert [row.source for row in catalog.documents()] == ["/in/done"]


def test_a_document_deleted_under_a_worker_can_be_removed_once_the_part_is_given_back(catalog: Catalog) -> None:
    work = Working(catalog)
    [id] = work.hand_in(offer("a"))
    work.open()
    work.lease()
    catalog.ledger.mark_deleted("id-a")
    assert (catalog.visibility().hidden, catalog.ledger.leftovers()) == ((id,), [])
    catalog.leases.release(work.run)
    assert [each.generation for each in catalog.ledger.leftovers()] == [id]


def test_a_queued_document_that_a_process_takes_over_is_hidden(catalog: Catalog) -> None:
    work = Working(catalog)
    [id] = work.hand_in(offer("a"))
    work.open()
    epoch = catalog.visibility().epoch
    with catalog.ledger.run() as run:
        assert catalog.ledger.take_over(run, [id])[0].parts
        assert (catalog.visibility().hidden, catalog.visibility().epoch) == ((id,), epoch + 1)


def test_what_a_dead_process_had_claimed_is_opened_by_the_job_that_takes_it_over(catalog: Catalog) -> None:
    with catalog.ledger.run() as run:
        catalog.ledger.claim(run, "1", [offer("a")])
    work = Working(catalog, "a")
    work.found()
    assert (catalog.visibility().hidden, work.job.unopened) == ((), 1)
    work.finish()
    assert (work.job.state, work.job.counters.finished, work.job.unopened) == ("finished", 1, 0)


def test_collections_and_tenants_hide_their_own(catalog: Catalog) -> None:
    work = Working(catalog, "a")
    work.open()
    work.lease()
    assert len(catalog.visibility(["default"]).hidden) == 1
    assert catalog.visibility(["other"]).hidden == ()
    assert catalog.for_tenant("stranger").visibility().hidden == ()
