"""Documents that are deleted, or replaced, while a job is at them."""

from __future__ import annotations

from tests.ingest.catalog.jobbing import Bench


class DeletingContract:
    """Inherited by ``JobsContract``."""

    def test_a_document_deleted_while_a_part_is_leased_ends_its_job(self, bench: Bench) -> None:
        job = bench.surveyed(2, "a")
        lease = bench.one(job)
        bench.ledger.mark_deleted(bench.document("a"))
        assert bench.leases.parts(bench.run, job, 10) == []
        assert [each.state for each in bench.mark(job, lease)] == ["deleting"]
        assert (bench.jobs.get(job).state, bench.states()) == ("finished", {})
        assert "parts_done" not in bench.counted(job)

    def test_what_a_worker_has_a_part_of_is_removed_when_it_has_let_go(self, bench: Bench) -> None:
        job = bench.surveyed(2, "a")
        lease = bench.one(job)
        bench.ledger.mark_deleted(bench.document("a"))
        assert bench.ledger.leftovers() == []
        bench.mark(job, lease)
        [leftover] = bench.ledger.leftovers()
        removed: list[str] = []
        bench.ledger.forget([leftover], removed.append)
        assert removed == [bench.offer("a").sha256]
        assert bench.ledger.inventory() == []

    def test_a_part_given_back_after_a_deletion_holds_nothing_up(self, bench: Bench) -> None:
        for give_back in (bench.leases.release, bench.leases.end):
            job, run = bench.surveyed(1, "a"), bench.leases.begin()
            bench.one(job, run)
            bench.ledger.mark_deleted(bench.document("a"))
            assert bench.ledger.leftovers() == []
            give_back(run)
            [leftover] = bench.ledger.leftovers()
            bench.ledger.forget([leftover], lambda sha256: None)

    def test_a_document_deleted_while_it_is_opened_ends_its_job(self, bench: Bench) -> None:
        job = bench.found("a")
        [work] = bench.leases.surveys(bench.run, job, 16)
        bench.ledger.mark_deleted(bench.document("a"))
        assert bench.leases.planned(bench.run, job, [], [(work.generation.id, "broken")]) == []
        assert (bench.jobs.get(job).state, bench.counted(job)) == ("finished", {"found": 1})

    def test_the_rest_of_a_job_goes_on_after_a_deletion(self, bench: Bench) -> None:
        job = bench.surveyed(1, "a", "b")
        bench.ledger.mark_deleted(bench.document("a"))
        assert bench.jobs.get(job).state == "running"
        assert bench.drain(job) == 1
        assert (bench.jobs.get(job).state, bench.states()) == ("finished", {"b": "live"})

    def test_parts_that_a_deletion_leaves_undone_are_not_waited_for(self, bench: Bench) -> None:
        job = bench.surveyed(2, "a", "b")
        first = bench.one(job)
        bench.mark(job, first)
        bench.ledger.mark_deleted(first.generation.document)
        assert bench.drain(job) == 2
        counters = bench.jobs.get(job).counters
        assert counters.parts == counters.parts_done == 3

    def test_a_newer_version_takes_the_place_of_one_that_is_tried_again(self, bench: Bench) -> None:
        old = bench.surveyed(2, "a")
        bench.mark(old, bench.one(old))
        bench.mark(old, bench.one(old), error="broken")
        bench.jobs.retry(old)
        new = bench.scanning()
        bench.ledger.claim(bench.run, "1", [bench.offer("a", "changed")], job=new)
        bench.jobs.keep_step(bench.run, new, over=True)
        bench.planned(new, 1)
        bench.drain(new)
        assert [bench.jobs.get(job).state for job in (old, new)] == ["finished", "finished"]
        assert [row.sha256 for row in bench.catalog.documents()] == [bench.offer("a", "changed").sha256]
