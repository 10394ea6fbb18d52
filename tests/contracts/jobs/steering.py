"""Cancelled, paused, resumed, tried again: each can be repeated, and what is counted stays true."""

from __future__ import annotations

import pytest

from ingest.errors import JobError, NotFoundError
from tests.ingest.catalog.jobbing import PAGES, Bench, places


class SteeringContract:
    """Inherited by ``JobsContract``."""

    def test_a_pause_holds_until_it_is_resumed(self, bench: Bench) -> None:
        job = bench.surveyed(2, "a")
        lease = bench.one(job)
        assert [bench.jobs.pause(job).state for _ in range(2)] == ["paused"] * 2
        bench.mark(job, lease)
        assert bench.leases.parts(bench.run, job, PAGES) == []
        assert [bench.jobs.resume(job).state for _ in range(2)] == ["running"] * 2
        bench.mark(job, bench.one(job))
        messages = [entry.message for entry in bench.jobs.log(job)]
        assert messages == ["begun", "paused", "running", "finished"]

    def test_a_job_whose_last_part_ends_while_it_is_paused_ends_when_resumed(self, bench: Bench) -> None:
        job = bench.surveyed(1, "a")
        lease = bench.one(job)
        bench.jobs.pause(job)
        bench.mark(job, lease)
        assert (bench.states(), bench.jobs.get(job).state) == ({"a": "live"}, "paused")
        assert bench.jobs.resume(job).state == "finished"

    def test_a_keeper_goes_on_with_a_cancellation_that_was_killed(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = bench.surveyed(1, "a", "b")
        bench.one(job)
        monkeypatch.setattr("ingest.catalog.jobs.drop_unfinished", lambda *_: None)
        assert bench.jobs.cancel(job).state == "cancelled"
        assert sorted(bench.states().values()) == ["ingesting", "queued"]
        bench.keeping(lambda: 0.0).end_finished()
        assert bench.states() == {}

    def test_what_another_takes_over_from_a_cancelled_job_is_waited_for_no_more(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = bench.found("a")
        monkeypatch.setattr("ingest.catalog.jobs.drop_unfinished", lambda *_: None)
        bench.jobs.cancel(job)
        with bench.ledger.run() as run:
            [outcome] = bench.ledger.claim(run, "1", [bench.offer("a")])
            assert outcome.work
        assert bench.jobs.get(job).unopened == 0

    def test_many_documents_are_taken_back_or_tried_again_a_little_at_a_time(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ingest.catalog.requeue.AT_ONCE", 2)
        job = bench.surveyed(2, *places(5))
        for _ in range(4):
            bench.mark(job, bench.one(job), error="broken")
        while leases := bench.leases.parts(bench.run, job, PAGES):
            bench.mark(job, *leases, error="" if leases[0].part.number else "broken")
        bench.jobs.retry(job)
        assert bench.counted(job).get("failed", 0) + bench.counted(job).get("parts_failed", 0) == 0
        bench.jobs.cancel(job)
        assert set(bench.states().values()) <= {"live"}

    def test_a_cancelled_job_takes_back_what_is_not_finished(self, bench: Bench) -> None:
        job = bench.surveyed(1, *places(2))
        bench.claim(job, "queued")
        bench.mark(job, bench.one(job))
        assert [bench.jobs.cancel(job).state for _ in range(2)] == ["cancelled"] * 2
        assert list(bench.states().values()) == ["live"]
        assert len(bench.ledger.leftovers()) == 2
        assert [entry.message for entry in bench.jobs.log(job)] == ["begun", "cancelled"]

    def test_a_part_at_hand_when_its_job_is_cancelled_is_to_be_removed(self, bench: Bench) -> None:
        job = bench.surveyed(2, "a")
        lease = bench.one(job)
        bench.jobs.cancel(job)
        assert bench.ledger.leftovers() == []
        before = bench.counted(job)
        assert [each.state for each in bench.mark(job, lease)] == ["deleting"]
        assert bench.counted(job) == before
        assert len(bench.ledger.leftovers()) == 1

    def test_the_version_that_a_cancelled_job_would_have_replaced_stays(self, bench: Bench) -> None:
        bench.drain(bench.surveyed(1, "a"))
        job = bench.scanning()
        bench.ledger.claim(bench.run, "1", [bench.offer("a", "changed")], job=job)
        bench.planned(job, 2)
        bench.mark(job, bench.one(job))
        hidden = bench.catalog.visibility().hidden
        bench.jobs.cancel(job)
        [row] = bench.catalog.documents()
        assert (row.state, row.pages, row.sha256) == ("live", PAGES, bench.offer("a").sha256)
        assert bench.catalog.visibility().hidden == hidden

    def test_a_file_of_a_cancelled_job_can_be_taken_in_by_another(self, bench: Bench) -> None:
        bench.jobs.cancel(bench.surveyed(2, "a"))
        bench.drain(job := bench.surveyed(1, "a"))
        assert (bench.states(), bench.jobs.get(job).state) == ({"a": "live"}, "finished")

    def test_nothing_is_claimed_any_more_for_a_job_that_was_cancelled(self, bench: Bench) -> None:
        job = bench.scanning()
        bench.jobs.cancel(job)
        [outcome] = bench.claim(job, "a")
        assert (outcome.work, outcome.own, outcome.reason) == (None, False, "its job has ended")
        assert (bench.states(), bench.counted(job)) == ({}, {})

    @pytest.mark.parametrize(
        ("state", "steps", "impossible"),
        [
            ("finished", ["drain"], ["pause", "resume", "cancel"]),
            ("cancelled", ["cancel"], ["pause", "resume", "retry"]),
        ],
    )
    def test_what_cannot_be_done_to_a_job_that_has_ended_is_told(
        self, bench: Bench, state: str, steps: list[str], impossible: list[str]
    ) -> None:
        job = bench.surveyed(1, "a")
        for step in steps:
            bench.drain(job) if step == "drain" else getattr(bench.jobs, step)(job)
        for what in impossible:
            with pytest.raises(JobError, match=f"Job {job[:8]} (is|was) {state}"):
                getattr(bench.jobs, what)(job)
        assert bench.jobs.get(job).state == state

    def test_a_job_of_another_tenant_is_not_there(self, bench: Bench) -> None:
        job = bench.surveyed(1, "a")
        other = bench.catalog.for_tenant(f"other-{bench.catalog._tenant}")
        for what in (other.jobs.get, other.jobs.cancel, other.jobs.pause, other.jobs.retry, other.jobs.log):
            with pytest.raises(NotFoundError, match="There is no job"):
                what(job)
        assert other.jobs.newest() == []

    def test_documents_that_failed_are_tried_again(self, bench: Bench) -> None:
        job = bench.surveyed(1, *places(3))
        bench.mark(job, bench.one(job))
        bench.mark(job, bench.one(job), error="broken")
        bench.mark(job, bench.one(job))
        assert bench.counted(job)["failed"] == 1
        assert [bench.jobs.retry(job).state for _ in range(2)] == ["running"] * 2
        assert bench.counted(job) == {
            "found": 3, "finished": 2, "parts": 2, "parts_done": 2, "pages": 20, "chunks": 20
        }  # fmt: skip
        bench.planned(job, 1)
        bench.drain(job)
        assert bench.counted(job) == {
            "found": 3, "finished": 3, "parts": 3, "parts_done": 3, "pages": 30, "chunks": 30
        }  # fmt: skip
        assert bench.jobs.get(job).state == "finished"

    def test_pages_of_a_document_without_text_are_counted_once_after_a_retry(self, bench: Bench) -> None:
        job = bench.surveyed(1, "a")
        lease = bench.one(job)
        empty = type(lease.part)(lease.part.number, lease.part.first, lease.part.last, "stored")
        bench.leases.mark(bench.run, job, [(lease.generation.id, empty)])
        assert bench.counted(job) == {"found": 1, "failed": 1, "parts": 1, "parts_done": 1, "pages": 10}
        bench.jobs.retry(job)
        assert bench.counted(job) == {"found": 1}
        bench.planned(job, 1)
        bench.drain(job)
        assert bench.counted(job)["pages"] == 10

    def test_parts_of_live_documents_that_failed_are_tried_again(self, bench: Bench) -> None:
        job = bench.surveyed(3, "a")
        bench.mark(job, bench.one(job))
        bench.mark(job, bench.one(job), error="broken")
        bench.mark(job, bench.one(job))
        assert bench.jobs.get(job).state == "finished"
        assert bench.jobs.retry(job).state == "running"
        assert bench.states() == {"a": "live"}
        assert bench.counted(job) == {"found": 1, "parts": 3, "parts_done": 2, "pages": 20, "chunks": 20}
        assert bench.drain(job) == 1
        [row] = bench.catalog.documents()
        assert (row.state, row.missing_pages, row.error, row.chunks) == ("live", (), "", 30)
        assert bench.counted(job)["finished"] == 1

    def test_a_second_retry_while_the_first_goes_on_counts_each_document_once(self, bench: Bench) -> None:
        job = bench.surveyed(3, "a")
        bench.mark(job, bench.one(job))
        for _ in range(2):
            bench.mark(job, bench.one(job), error="broken")
        bench.jobs.retry(job)
        bench.mark(job, bench.one(job), error="still broken")
        bench.jobs.retry(job)
        assert bench.drain(job) == 2
        assert bench.counted(job) == {
            "found": 1, "finished": 1, "parts": 3, "parts_done": 3, "pages": 30, "chunks": 30
        }  # fmt: skip

    def test_a_retry_that_is_cancelled_leaves_a_live_document_as_it_was(self, bench: Bench) -> None:
        job = bench.surveyed(2, "a")
        bench.mark(job, bench.one(job))
        bench.mark(job, bench.one(job), error="broken")
        before = bench.counted(job)
        bench.jobs.retry(job)
        bench.jobs.cancel(job)
        assert bench.counted(job) == before
        assert [(held.state, held.busy, held.unfinished) for held in bench.ledger.inventory()] == [
            ("live", False, False)
        ]

    def test_a_part_at_hand_when_its_retry_is_cancelled_is_kept(self, bench: Bench) -> None:
        job = bench.surveyed(3, "a")
        bench.mark(job, bench.one(job))
        for _ in range(2):
            bench.mark(job, bench.one(job), error="broken")
        bench.jobs.retry(job)
        lease = bench.one(job)
        bench.jobs.cancel(job)  # its chunks may be in the archive already
        [settled] = bench.mark(job, lease)
        assert (settled.state, settled.chunks, len(settled.missing_pages)) == ("live", 20, 10)
        assert bench.counted(job) == {
            "found": 1, "finished": 1, "parts": 3, "parts_done": 2, "parts_failed": 1, "pages": 20, "chunks": 20
        }  # fmt: skip

    def test_a_part_whose_worker_dies_after_its_retry_was_cancelled_is_left_as_it_was(self, bench: Bench) -> None:
        job, run = bench.surveyed(2, "a"), bench.leases.begin()
        bench.mark(job, bench.one(job))
        bench.mark(job, bench.one(job), error="broken")
        before = bench.counted(job)
        bench.jobs.retry(job)
        bench.one(job, run)
        bench.jobs.cancel(job)
        bench.leases.end(run)
        bench.keeping(lambda: 0.0).end_finished()
        assert bench.counted(job) == before

    def test_a_retry_where_nothing_failed_changes_nothing(self, bench: Bench) -> None:
        job = bench.surveyed(1, "a")
        bench.drain(job)
        before = bench.counted(job)
        assert bench.jobs.retry(job).state == "finished"
        assert bench.counted(job) == before

    def test_a_retry_looks_again_for_files_that_could_not_be_read(self, bench: Bench) -> None:
        job = bench.scanning()
        bench.jobs.keep_step(bench.run, job, [("a", "no permission")], over=True)
        assert bench.jobs.get(job).state == "finished"
        assert (bench.jobs.retry(job).step, bench.jobs.get(job).state) == ("waiting", "running")
        assert bench.jobs.begin_step(bench.run, job)
        bench.jobs.keep_step(bench.run, job, over=True)
        assert (bench.jobs.get(job).state, bench.counted(job)) == ("finished", {})
        assert bench.jobs.log(job, ["unreadable"]) == []

    def test_a_retry_leaves_whoever_looks_for_files_alone(self, bench: Bench) -> None:
        job = bench.scanning()
        bench.jobs.keep_step(bench.run, job, [("a", "no permission")])
        bench.jobs.retry(job)
        assert bench.jobs.keep_step(bench.run, job, over=True)
        assert bench.jobs.get(job).state == "finished"

    def test_a_retry_that_finds_nothing_to_do_can_be_repeated(self, bench: Bench) -> None:
        bench.drain(job := bench.surveyed(1, "a"))
        before = bench.jobs.get(job)
        assert bench.jobs.retry(job) == bench.jobs.retry(job) == before

    def test_reasons_that_no_database_takes_are_made_printable(self, bench: Bench) -> None:
        job = bench.jobs.create("ingest", owner="no\0body")
        assert bench.jobs.begin_step(bench.run, job.id)
        bench.jobs.note(job.id, "the disk \0 is full")
        assert bench.jobs.get(job.id).note == "the disk \\x00 is full"
        bench.jobs.fail(bench.run, job.id, "no \udcff folder")
        assert (bench.jobs.get(job.id).note, job.owner) == ("no \\udcff folder", "no\\x00body")

    def test_a_failed_step_ends_the_job_and_can_be_tried_again(self, bench: Bench) -> None:
        job = bench.scanning()
        bench.claim(job, "a")
        bench.jobs.fail(bench.run, job, "the folder is gone")
        assert (bench.jobs.get(job).state, bench.jobs.get(job).note) == ("failed", "the folder is gone")
        assert bench.states() == {}
        bench.jobs.retry(job)
        assert bench.jobs.begin_step(bench.run, job)
        assert [outcome.work is not None for outcome in bench.claim(job, "a")] == [True]
