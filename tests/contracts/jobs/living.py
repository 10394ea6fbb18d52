"""The life of a job: what it counts at each moment, and that it ends with the last of its work."""

from __future__ import annotations

from functools import partial

from ingest.catalog.rows import Plan
from ingest.types import Names, Survey
from tests.ingest.catalog.jobbing import PAGES, Bench, at_once, numbered, places


class LivingContract:
    """Inherited by ``JobsContract``."""

    def test_the_counters_are_true_at_each_moment(self, bench: Bench) -> None:
        job = bench.scanning()
        bench.claim(job, "a", "b")
        assert bench.counted(job) == {"found": 2}
        bench.jobs.keep_step(bench.run, job, [("c", "no such file")], over=True, skipped=3, ignored=1)
        assert bench.counted(job) == (scanned := {"found": 2, "unreadable": 1, "skipped": 3, "ignored": 1})
        bench.planned(job, 2)
        assert bench.counted(job) == (scanned := {**scanned, "parts": 4})
        bench.mark(job, bench.one(job))
        assert bench.counted(job) == {**scanned, "parts_done": 1, "pages": 10, "chunks": 10}
        bench.mark(job, bench.one(job), error="page 11 is broken")
        assert bench.counted(job) == {
            **scanned, "parts_done": 1, "parts_failed": 1, "pages": 10, "chunks": 10, "finished": 1
        }  # fmt: skip

    def test_a_job_ends_by_itself_with_its_last_part(self, bench: Bench) -> None:
        job = bench.surveyed(2, "a", "b")
        for left in (3, 2, 1, 0):
            assert bench.jobs.get(job).state == "running"
            bench.mark(job, bench.one(job))
            assert bool(bench.leases.parts(bench.run, job, 0)) == bool(left)
            bench.leases.release(bench.run)
        assert bench.jobs.get(job).state == "finished"
        assert bench.jobs.get(job).ended
        assert bench.states() == {"a": "live", "b": "live"}
        assert [entry.message for entry in bench.jobs.log(job)] == ["begun", "finished"]

    def test_a_job_whose_files_are_still_being_found_does_not_end(self, bench: Bench) -> None:
        job = bench.scanning()
        bench.claim(job, "a")
        bench.planned(job, 1)
        bench.drain(job)
        assert (bench.states(), bench.jobs.get(job).state) == ({"a": "live"}, "running")
        bench.jobs.keep_step(bench.run, job, over=True)
        assert bench.jobs.get(job).state == "finished"

    def test_a_job_that_finds_nothing_ends_when_it_has_looked(self, bench: Bench) -> None:
        job = bench.scanning()
        assert bench.jobs.get(job).held
        bench.jobs.keep_step(bench.run, job, over=True)
        assert (bench.jobs.get(job).state, bench.jobs.get(job).held) == ("finished", False)

    def test_a_document_that_cannot_be_opened_fails_and_can_be_the_last(self, bench: Bench) -> None:
        job = bench.found("a", "b")
        works = bench.leases.surveys(bench.run, job, 16)
        good, bad = sorted(works, key=lambda work: work.source)
        plan = Plan(good.generation, Survey("text/plain", PAGES), Names("a"), numbered(1))
        bench.leases.planned(bench.run, job, [plan], [])
        bench.drain(job)
        assert bench.jobs.get(job).state == "running"
        bench.leases.planned(bench.run, job, [], [(bad.generation.id, "it is encrypted")])
        assert (bench.jobs.get(job).state, bench.counted(job)["failed"]) == ("finished", 1)
        [entry] = bench.jobs.log(job, ["failed"])
        assert (entry.source, entry.message) == ("b", "it is encrypted")

    def test_a_document_without_pages_fails(self, bench: Bench) -> None:
        job = bench.found("a")
        [settled] = bench.planned(job, 0)
        assert (settled.state, settled.error) == ("failed", "it has no pages")
        assert (bench.jobs.get(job).state, bench.counted(job)) == ("finished", {"found": 1, "failed": 1})

    def test_work_that_waits_is_shown_as_open(self, bench: Bench) -> None:
        def open() -> list[tuple[bool, bool, bool]]:
            found = bench.keeping(lambda: 0.0).open(1000)
            return [(each.step, each.surveys, each.parts) for each in found if each.job.id == job]

        job = bench.jobs.create("ingest").id
        assert open() == [(True, False, False)]
        bench.jobs.begin_step(bench.run, job)
        assert open() == []
        bench.claim(job, "a")
        bench.jobs.keep_step(bench.run, job, over=True)
        assert open() == [(False, True, False)]
        bench.planned(job, 1)
        assert open() == [(False, False, True)]
        bench.one(job)
        assert open() == []

    def test_of_two_that_end_the_last_two_parts_one_finalises(self, bench: Bench) -> None:
        other = bench.leases.begin()
        for place in places(50):
            job = bench.surveyed(2, place)
            mine, theirs = bench.one(job), bench.one(job, other)
            settled = at_once(partial(bench.mark, job, mine), partial(bench.mark, job, theirs, run=other))
            assert [each.state for each in [*settled[0], *settled[1]]] == ["live"]
            assert (bench.states()[place], bench.jobs.get(job).state) == ("live", "finished")
            assert bench.counted(job) == {
                "found": 1, "parts": 2, "parts_done": 2, "pages": 20, "chunks": 20, "finished": 1
            }  # fmt: skip
