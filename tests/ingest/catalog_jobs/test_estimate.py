"""How fast a job goes and how long it will take: known when it can be known, and never nonsense."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ingest.catalog.estimate import estimate
from ingest.catalog.job_rows import Counters, Job, Work

NOW = 1_800_000_005.0
BEGAN = NOW - 600
HALF = Counters(found=10, finished=4, parts=200, parts_done=98, parts_failed=2)


def job(counters: Counters = HALF, **changes: Any) -> Job:
    made = Job("j", "t", "ingest", "ada", "running", 5, "default", {}, "", "done", False, counters, "", BEGAN, None)
    return replace(made, **changes)


def steady(seconds: int = 180, parts: int = 5, until: float = NOW) -> list[Work]:
    """Ten-second buckets up to a moment, each with so many parts of eight pages."""
    last = int(until) // 10 * 10
    return [Work(float(last - back), parts, 8 * parts, 40 * parts) for back in range(seconds - 10, -1, -10)]


def test_the_time_left_is_what_is_open_at_the_speed_of_the_last_minutes() -> None:
    pace = estimate(job(), steady(), 0, NOW)
    assert pace.why_unknown == ""
    assert pace.seconds_left == pytest.approx(200, rel=0.05)
    assert pace.parts_per_minute == pytest.approx(30, rel=0.05)
    assert pace.pages_per_second == pytest.approx(4, rel=0.05)
    assert pace.chunks_per_second == pytest.approx(20, rel=0.05)


def test_parts_that_were_given_up_are_behind_us_too() -> None:
    assert estimate(job(), steady(), 0, NOW).share == 0.5


def test_documents_that_are_not_opened_count_like_the_others_on_average() -> None:
    counters = Counters(found=20, parts=100, parts_done=50)
    pace = estimate(job(counters), steady(), 10, NOW)
    assert pace.share == 0.25
    assert pace.seconds_left == pytest.approx(300, rel=0.05)


@pytest.mark.parametrize("counters", [Counters(found=20), Counters(found=20, failed=3)])
def test_nothing_is_known_before_a_document_with_pages_was_opened(counters: Counters) -> None:
    pace = estimate(job(counters), [], 17, NOW)
    assert (pace.share, pace.seconds_left) == (None, None)
    assert pace.why_unknown == "its documents are not opened yet"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": "paused"}, "it is paused"),
        ({"step": "waiting"}, "its files are still being found, and no worker is at it"),
        ({"step": "waiting", "held": True}, "its files are still being found"),
        ({"step": "waiting", "held": True, "kind": "verify"}, "it is a single step"),
        ({"state": "cancelled"}, "ended"),
    ],
)
def test_a_job_whose_state_says_nothing_about_the_end_says_why(changes: dict[str, Any], why: str) -> None:
    pace = estimate(job(**changes), steady(), 0, NOW)
    assert (pace.seconds_left, pace.why_unknown) == (None, why)


@pytest.mark.parametrize(
    ("work", "began", "why"),
    [
        ([], NOW - 5, "too few parts are done yet"),
        ([], BEGAN, "nothing was done in the last minute"),
        (steady(180, until=NOW - 75), BEGAN, "nothing was done in the last minute"),
        (steady(50, parts=1), BEGAN, "too few parts are done yet"),
        (steady(10, parts=50), NOW - 8, "it is at work for a few seconds only"),
    ],
)
def test_with_too_little_behind_it_the_time_left_is_not_known(work: list[Work], began: float, why: str) -> None:
    pace = estimate(job(created=began), work, 0, NOW)
    assert (pace.seconds_left, pace.why_unknown) == (None, why)


def test_a_job_that_stands_still_has_no_speed() -> None:
    pace = estimate(job(), steady(until=NOW - 75), 0, NOW)
    assert (pace.pages_per_second, pace.parts_per_minute) == (0, 0)


def test_a_job_that_goes_on_after_a_pause_is_judged_by_what_it_did_since() -> None:
    pace = estimate(job(created=NOW - 86_400), steady(60), 0, NOW)
    assert pace.seconds_left == pytest.approx(200, rel=0.15)


def test_a_clock_that_was_set_back_is_told_and_gives_no_nonsense() -> None:
    pace = estimate(job(created=NOW + 3000), steady(until=NOW + 3600), 0, NOW)
    assert (pace.seconds_left, pace.why_unknown) == (None, "the clock was set back")
    assert pace.pages_per_second == 0


def test_after_a_clock_was_set_back_what_is_done_since_counts() -> None:
    work = [*steady(60), *steady(until=NOW + 3600)]
    pace = estimate(job(created=NOW + 3000), work, 0, NOW)
    assert pace.seconds_left == pytest.approx(200, rel=0.15)


def test_the_clock_of_another_machine_may_be_some_seconds_ahead() -> None:
    assert estimate(job(), steady(until=NOW + 9), 0, NOW).seconds_left == pytest.approx(200, rel=0.1)


def test_work_before_the_job_began_by_a_clock_that_was_changed_does_not_divide_by_nothing() -> None:
    pace = estimate(job(created=NOW - 1), steady(180, until=NOW - 90), 0, NOW)
    assert pace.why_unknown == "nothing was done in the last minute"


@pytest.mark.parametrize("state", ["running", "paused", "cancelled", "failed"])
def test_only_a_job_that_has_finished_is_done_to_the_last(state: str) -> None:
    counters = Counters(found=10, finished=10, parts=1000, parts_done=1000)
    share = estimate(job(counters, state=state), steady(), 0, NOW).share
    assert share is not None
    assert 0.99 < share < 1


def test_a_finished_job_is_done_whatever_its_counters_say() -> None:
    pace = estimate(job(Counters(), state="finished"), [], 0, NOW)
    assert (pace.share, pace.seconds_left, pace.why_unknown) == (1, 0, "")


def test_a_cancelled_job_is_done_as_far_as_its_documents_are() -> None:
    assert estimate(job(state="cancelled"), [], 0, NOW).share == 0.4
    assert estimate(job(Counters(), state="cancelled"), [], 0, NOW).share is None


def test_when_the_last_part_is_done_and_the_job_not_ended_no_time_is_made_up() -> None:
    pace = estimate(job(Counters(found=1, parts=50, parts_done=50)), steady(), 0, NOW)
    assert (pace.seconds_left, pace.why_unknown) == (None, "the last of it is being done")
