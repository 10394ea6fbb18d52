"""One file in two jobs, and a job whose files are looked for again after a kill."""

from __future__ import annotations

from ingest.catalog.rows import Plan
from ingest.types import Names, Survey
from tests.ingest.catalog.jobbing import PAGES, Bench, at_once, numbered, places


class SharingContract:
    """Inherited by ``JobsContract``."""

    def test_a_file_of_another_job_is_refused_and_the_job_is_named(self, bench: Bench) -> None:
        first, second = bench.found("a"), bench.scanning()
        [outcome] = bench.claim(second, "a")
        assert (outcome.work, outcome.own) == (None, False)
        assert outcome.reason == f"being taken in by job {first[:8]} as a"
        assert bench.counted(second) == {}

    def test_a_file_that_another_job_has_brought_in_is_in_the_library(self, bench: Bench) -> None:
        bench.drain(bench.surveyed(1, "a"))
        [outcome] = bench.claim(bench.scanning(), "a")
        assert (outcome.work, outcome.own, outcome.reason) == (None, False, "already in the library as a")

    def test_files_found_again_after_a_kill_are_the_jobs_own(self, bench: Bench) -> None:
        job = bench.scanning()
        bench.claim(job, "a", "b")
        bench.planned(job, 1)
        bench.mark(job, bench.one(job))
        again = bench.claim(job, "a", "b", "c")
        assert [(outcome.own, outcome.work is not None) for outcome in again] == [
            (True, False), (True, False), (False, True)
        ]  # fmt: skip
        assert bench.counted(job)["found"] == 3

    def test_a_file_that_has_failed_already_is_not_begun_again_by_its_own_job(self, bench: Bench) -> None:
        job = bench.scanning()
        bench.claim(job, "a")
        bench.planned(job, 1)
        bench.mark(job, bench.one(job), error="broken")
        [again] = bench.claim(job, "a")
        assert (again.own, again.work) == (True, None)
        bench.jobs.keep_step(bench.run, job, over=True)
        assert bench.jobs.get(job).state == "finished"
        assert bench.counted(job) == {"found": 1, "failed": 1, "parts": 1, "parts_failed": 1}

    def test_a_file_that_another_job_has_failed_at_is_begun_again(self, bench: Bench) -> None:
        first = bench.surveyed(1, "a")
        bench.mark(first, bench.one(first), error="broken")
        bench.drain(second := bench.surveyed(1, "a"))
        assert (bench.states(), bench.counted(second)["finished"]) == ({"a": "live"}, 1)

    def test_the_same_bytes_at_two_places_are_taken_in_once(self, bench: Bench) -> None:
        job = bench.scanning()
        offers = [bench.offer("a", "same"), bench.offer("b", "same")]
        outcomes = bench.ledger.claim(bench.run, "1", offers, job=job)
        assert [outcome.work is not None for outcome in outcomes] == [True, False]
        assert (outcomes[1].reason, outcomes[1].own) == ("being taken in by this job as a", False)

    def test_jobs_that_claim_the_same_files_at_once_share_them_out(self, bench: Bench) -> None:
        jobs = [bench.scanning() for _ in range(4)]
        at_once(*(lambda job=job: bench.claim(job, *places(50)) for job in jobs))
        assert sum(bench.counted(job).get("found", 0) for job in jobs) == 50
        assert list(bench.states().values()) == ["queued"] * 50

    def test_an_ingest_that_seemed_dead_leaves_what_a_job_has_taken_over(self, bench: Bench) -> None:
        with bench.ledger.run() as run:
            [outcome] = bench.ledger.claim(run, "1", [bench.offer("a")])
        assert outcome.work
        job = bench.found("a")
        plan = Plan(outcome.work.generation, Survey("text/plain", PAGES), Names("a"), numbered(1))
        assert bench.ledger.record([plan], [(outcome.work.generation.id, numbered(1)[0])]) == []
        bench.planned(job, 1)
        assert (bench.drain(job), bench.jobs.get(job).state) == (1, "finished")

    def test_parts_that_a_verification_has_done_again_are_not_the_jobs(self, bench: Bench) -> None:
        job = bench.surveyed(1, "a", "b")
        bench.mark(job, bench.one(job))
        [live] = [row.generation for row in bench.catalog.documents() if row.state == "live"]
        bench.ledger.requeue(live, [0])
        assert bench.drain(job) == 1
        assert bench.counted(job)["parts_done"] == 2
