"""Leases: each part goes to one run, of jobs that run and to runs that live."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.ingest.catalog.jobbing import PAGES, Bench, at_once, places


class LeasingContract:
    """Inherited by ``JobsContract``."""

    def test_many_workers_do_each_part_once(self, bench: Bench) -> None:
        job = bench.surveyed(5, *places(60))

        def worker() -> list[tuple[str, int]]:
            run, done = bench.leases.begin(), list[tuple[str, int]]()
            while bench.jobs.get(job).open:
                leases = bench.leases.parts(run, job, PAGES)
                bench.mark(job, *leases, run=run)
                done += [(lease.generation.id, lease.part.number) for lease in leases]
            return done

        done = Counter(part for some in at_once(*[worker] * 8) for part in some)
        assert (len(done), set(done.values())) == (300, {1})
        assert bench.counted(job) == {
            "found": 60, "finished": 60, "parts": 300, "parts_done": 300, "pages": 3000, "chunks": 3000
        }  # fmt: skip

    def test_many_workers_open_each_document_once(self, bench: Bench) -> None:
        job = bench.found(*places(100))
        runs = [bench.leases.begin() for _ in range(8)]

        def worker(run: str) -> list[str]:
            taken = []
            while works := bench.leases.surveys(run, job, 4):
                taken += [work.source for work in works]
            return taken

        taken = [source for some in at_once(*(lambda run=run: worker(run) for run in runs)) for source in some]
        assert sorted(taken) == sorted(set(taken))

    def test_small_parts_come_together_up_to_the_pages_of_one(self, bench: Bench) -> None:
        job = bench.surveyed(1, *places(5))
        assert [len(bench.leases.parts(bench.run, job, 2 * PAGES)) for _ in range(4)] == [2, 2, 1, 0]

    def test_a_part_larger_than_asked_for_comes_alone(self, bench: Bench) -> None:
        job = bench.surveyed(1, *places(2))
        assert len(bench.leases.parts(bench.run, job, 1)) == 1

    def test_a_part_that_a_process_died_over_comes_alone(self, bench: Bench) -> None:
        job = bench.surveyed(1, *places(4))
        bench.kill(job, 1, lambda run: bench.leases.parts(run, job, PAGES))
        taken = [bench.leases.parts(bench.run, job, 100 * PAGES) for _ in range(3)]
        assert sorted(tuple(lease.deaths for lease in leases) for leases in taken) == [(), (0, 0, 0), (1,)]

    def test_a_document_that_a_process_died_over_is_opened_alone(self, bench: Bench) -> None:
        job = bench.found(*places(4))
        bench.kill(job, 1, lambda run: bench.leases.surveys(run, job, 1))
        assert sorted(len(bench.leases.surveys(bench.run, job, 16)) for _ in range(3)) == [0, 1, 3]

    @pytest.mark.parametrize("how", ["pause", "cancel"])
    def test_nothing_is_leased_of_a_job_that_does_not_run(self, bench: Bench, how: str) -> None:
        job = bench.surveyed(2, "a")
        bench.claim(job, "b")
        getattr(bench.jobs, how)(job)
        assert bench.leases.parts(bench.run, job, PAGES) == []
        assert bench.leases.surveys(bench.run, job, 16) == []
        assert not bench.jobs.begin_step(bench.run, job)

    def test_nothing_is_leased_of_a_job_that_has_ended(self, bench: Bench) -> None:
        job = bench.surveyed(1, "a")
        bench.drain(job)
        assert bench.leases.parts(bench.run, job, PAGES) == []
        assert bench.leases.surveys(bench.run, job, 16) == []

    def test_nothing_is_leased_to_a_run_that_was_struck_out(self, bench: Bench) -> None:
        job, run = bench.surveyed(1, "a"), bench.dead()
        bench.claim(job, "b")
        bench.keeping(lambda: 0.0).strike()
        assert bench.leases.parts(run, job, PAGES) == []
        assert bench.leases.surveys(run, job, 16) == []
        assert not bench.jobs.begin_step(run, bench.jobs.create("ingest").id)

    def test_what_a_run_gives_back_goes_to_others_without_blame(self, bench: Bench) -> None:
        job, other = bench.surveyed(1, "a"), bench.leases.begin()
        bench.one(job, other)
        assert bench.leases.parts(bench.run, job, PAGES) == []
        bench.leases.release(other)
        assert bench.one(job).deaths == 0
        assert "leases_lost" not in bench.counted(job)

    def test_a_run_that_ends_gives_all_back(self, bench: Bench) -> None:
        job, other = bench.surveyed(1, "a"), bench.leases.begin()
        bench.claim(job, "b")
        bench.one(job, other)
        assert bench.leases.surveys(other, job, 16)
        bench.leases.end(other)
        assert bench.one(job)
        assert bench.leases.surveys(bench.run, job, 16)

    def test_a_step_goes_to_one_run(self, bench: Bench) -> None:
        job, other = bench.scanning(), bench.leases.begin()
        assert not bench.jobs.begin_step(other, job)
        assert bench.jobs.begin_step(bench.run, job)
        assert not bench.jobs.keep_step(other, job, over=True)
        bench.leases.release(bench.run)
        assert bench.jobs.begin_step(other, job)
        assert not bench.jobs.keep_step(bench.run, job)

    def test_a_free_part_is_found_though_another_is_being_leased(self, bench: Bench) -> None:
        for number in range(20):
            job = bench.surveyed(2, f"a{number}")
            runs = [bench.leases.begin(), bench.leases.begin()]
            leases = at_once(*(lambda run=run, job=job: bench.one(job, run) for run in runs))
            assert {lease.part.number for lease in leases} == {0, 1}

    def test_a_part_that_was_not_done_after_all_is_given_back_uncounted(self, bench: Bench) -> None:
        job = bench.surveyed(1, "a")
        lease = bench.one(job)
        assert bench.leases.mark(bench.run, job, [(lease.generation.id, lease.part)]) == []
        assert bench.counted(job) == {"found": 1, "parts": 1}
        assert bench.one(job).deaths == 0
