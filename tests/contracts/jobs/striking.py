"""Runs that are gone are struck out; what they had is done by others, or set aside after three of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ingest.catalog.jobbing import PAGES, Bench, places

LEASE_SECONDS = 60.0


class Clock:
    """Seconds that grow when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class StrikingContract:
    """Inherited by ``JobsContract``."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    def test_a_run_whose_process_has_ended_here_is_struck_out_at_once(self, bench: Bench) -> None:
        run = bench.dead()
        struck = bench.keeping(lambda: 0.0).strike()
        assert run in struck
        assert bench.run not in struck
        assert not bench.leases.beat(run)
        assert bench.leases.beat(bench.run)

    def test_a_run_elsewhere_is_struck_out_when_it_was_silent_for_a_lease(self, bench: Bench, clock: Clock) -> None:
        run, keeping = bench.elsewhere(), bench.keeping(clock, LEASE_SECONDS)
        assert run not in keeping.strike()
        clock.now += LEASE_SECONDS
        assert run not in keeping.strike()
        clock.now += 1
        assert run in keeping.strike()
        assert run not in keeping.strike()

    def test_a_run_that_beats_is_never_struck_out(self, bench: Bench, clock: Clock) -> None:
        run, keeping = bench.elsewhere(), bench.keeping(clock, LEASE_SECONDS)
        for _ in range(20):
            assert run not in keeping.strike()
            clock.now += LEASE_SECONDS - 1
            assert bench.leases.beat(run)

    @pytest.mark.parametrize("jump", [36_000.0, -36_000.0])
    def test_clocks_that_jump_strike_nobody_out(
        self, bench: Bench, clock: Clock, jump: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run, keeping, real = bench.elsewhere(), bench.keeping(clock, LEASE_SECONDS), time.time
        assert run not in keeping.strike()
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        clock.now += LEASE_SECONDS
        assert run not in keeping.strike()
        clock.now += 1
        assert run in keeping.strike()

    def test_a_keeper_that_has_just_begun_waits_for_a_lease(self, bench: Bench, clock: Clock) -> None:
        run = bench.elsewhere()
        bench.keeping(clock, LEASE_SECONDS).strike()
        clock.now += 10 * LEASE_SECONDS
        assert run not in bench.keeping(clock, LEASE_SECONDS).strike()

    def test_what_a_struck_run_had_is_free_and_counted(self, bench: Bench) -> None:
        job, run = bench.surveyed(1, *places(2)), bench.dead()
        bench.claim(job, "other")
        assert len(bench.leases.parts(run, job, 2 * PAGES)) == 2
        assert len(bench.leases.surveys(run, job, 16)) == 1
        assert bench.leases.parts(bench.run, job, PAGES) == []
        bench.keeping(lambda: 0.0).strike()
        assert [bench.one(job).deaths for _ in range(2)] == [1, 1]
        assert len(bench.leases.surveys(bench.run, job, 16)) == 1
        assert bench.counted(job)["leases_lost"] == 3
        log = bench.jobs.log(job, ["lease"])
        assert {(entry.source, entry.message) for entry in log} == {
            (source, "its worker ended or fell silent") for source in (*places(2), "other")
        }

    def test_a_step_of_a_struck_run_is_begun_again(self, bench: Bench) -> None:
        job, run = bench.jobs.create("ingest").id, bench.dead()
        bench.jobs.begin_step(run, job)
        bench.jobs.keep_step(run, job, [("a", "unreadable")], skipped=7)
        bench.keeping(lambda: 0.0).strike()
        assert not bench.jobs.get(job).held
        assert bench.counted(job) == {"skipped": 7, "unreadable": 1, "leases_lost": 1}
        assert not bench.jobs.keep_step(run, job, skipped=8)
        assert bench.jobs.begin_step(bench.run, job)
        assert bench.counted(job) == {"leases_lost": 1}

    def test_a_step_that_ends_ten_processes_ends_its_job(self, bench: Bench) -> None:
        job = bench.jobs.create("ingest").id
        bench.kill(job, 9, lambda run: bench.jobs.begin_step(run, job))
        assert bench.jobs.get(job).state == "running"
        bench.kill(job, 1, lambda run: bench.jobs.begin_step(run, job))
        assert bench.jobs.get(job).state == "failed"
        assert "given up after 10 tries" in bench.jobs.get(job).note

    def test_a_part_that_ends_three_processes_is_set_aside_and_the_rest_goes_live(self, bench: Bench) -> None:
        job = bench.surveyed(3, "a")
        bench.kill(job, 3, lambda run: bench.leases.parts(run, job, 1))
        assert bench.counted(job) == {"found": 1, "parts": 3, "parts_failed": 1, "leases_lost": 3}
        assert bench.drain(job) == 2
        [row] = bench.catalog.documents()
        assert (row.state, row.missing_pages) == ("live", tuple(range(1, 11)))
        assert row.error == "set aside after 3 tries: its worker ended or fell silent"
        assert bench.jobs.get(job).state == "finished"
        assert [(entry.source, entry.part) for entry in bench.jobs.log(job, ["part"])] == [("a", 0)]

    def test_the_last_part_set_aside_ends_the_document_and_the_job(self, bench: Bench) -> None:
        job = bench.surveyed(1, "a")
        bench.kill(job, 3, lambda run: bench.leases.parts(run, job, PAGES))
        assert (bench.states(), bench.jobs.get(job).state) == ({"a": "failed"}, "finished")
        assert bench.counted(job) == {"found": 1, "failed": 1, "parts": 1, "parts_failed": 1, "leases_lost": 3}

    def test_a_document_that_ends_three_processes_when_opened_fails(self, bench: Bench) -> None:
        job = bench.found("a")
        bench.kill(job, 2, lambda run: bench.leases.surveys(run, job, 16))
        assert bench.states() == {"a": "queued"}
        bench.kill(job, 1, lambda run: bench.leases.surveys(run, job, 16))
        assert (bench.states(), bench.jobs.get(job).state) == ({"a": "failed"}, "finished")
        assert bench.counted(job) == {"found": 1, "failed": 1, "leases_lost": 3}
        assert "set aside after 3 tries" in bench.jobs.log(job, ["failed"])[0].message

    def test_what_a_struck_run_marks_late_is_left_aside(self, bench: Bench, clock: Clock) -> None:
        job, run, keeping = bench.surveyed(1, "a"), bench.elsewhere(), bench.keeping(clock, LEASE_SECONDS)
        lease = bench.one(job, run)
        keeping.strike()
        clock.now += LEASE_SECONDS + 1
        assert bench.leases.beat(bench.run)
        assert run in keeping.strike()
        before = bench.counted(job)
        assert bench.mark(job, lease, run=run) == []
        assert not bench.leases.beat(run)
        assert bench.counted(job) == before
        other = bench.one(job)
        assert bench.mark(job, lease, run=run) == []
        assert [each.state for each in bench.mark(job, other)] == ["live"]

    def test_what_a_struck_run_has_surveyed_is_left_aside(self, bench: Bench) -> None:
        job, run = bench.found("a"), bench.dead()
        [work] = bench.leases.surveys(run, job, 16)
        bench.keeping(lambda: 0.0).strike()
        assert bench.leases.planned(run, job, [], [(work.generation.id, "unreadable")]) == []
        assert bench.states() == {"a": "queued"}
        bench.planned(job, 1)
        assert bench.counted(job) == {"found": 1, "parts": 1, "leases_lost": 1}

    def test_a_failure_that_nobody_foresaw_is_blamed_on_the_parts_and_not_on_the_run(self, bench: Bench) -> None:
        job = bench.surveyed(2, "a")
        for _ in range(3):
            assert bench.leases.beat(bench.run)
            assert bench.one(job).part.number == 0
            bench.keeping(lambda: 0.0).blame(bench.catalog._tenant, bench.run, "KeyError: 'x'")
        assert bench.counted(job) == {"found": 1, "parts": 2, "parts_failed": 1, "leases_lost": 3}
        assert bench.drain(job) == 1
        assert bench.catalog.documents()[0].error == "set aside after 3 tries: KeyError: 'x'"

    def test_a_part_of_a_cancelled_job_does_not_wait_for_a_struck_run(self, bench: Bench) -> None:
        job, run = bench.surveyed(1, "a"), bench.dead()
        bench.one(job, run)
        bench.jobs.cancel(job)
        assert bench.ledger.leftovers() == []
        bench.keeping(lambda: 0.0).strike()
        assert len(bench.ledger.leftovers()) == 1

    def test_a_process_that_was_killed_and_not_noticed_by_its_parent_has_ended(self, bench: Bench) -> None:
        run = bench.leases.begin()
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
            began = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
            bench._moved(run, process=f"{process.pid} {began}")
            assert run not in bench.keeping(lambda: 0.0).strike()
            process.kill()
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            assert run in bench.keeping(lambda: 0.0).strike()
