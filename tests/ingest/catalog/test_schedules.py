"""Schedules begin their jobs when they are due: each once, whoever asks, and whatever the clock does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ingest.catalog import Catalog, schedules
from ingest.catalog.job_rows import USUAL
from ingest.catalog.runs import this_host
from ingest.errors import NotFoundError
from ingest.settings import Settings


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(schedules, "time", clock)
    return clock


def test_a_schedule_begins_a_job_at_once_and_then_once_in_each_period(catalog: Catalog, clock: Clock) -> None:
    made = catalog.schedules.add("verify", 60)
    [first] = catalog.schedules.begin_due()
    catalog.jobs.cancel(first)
    assert catalog.schedules.begin_due() == []
    clock.now += 59
    assert catalog.schedules.begin_due() == []
    clock.now += 1
    [second] = catalog.schedules.begin_due()
    assert second != first
    assert [(each.id, each.job) for each in catalog.schedules.all()] == [(made.id, second)]


def test_a_job_of_a_schedule_has_its_arguments_and_waits_behind_all_others(catalog: Catalog) -> None:
    arguments = {"paths": ["/in/ä 'quoted'"], "missing": True}
    made = catalog.schedules.add("ingest", 60, "papers", arguments)
    job = catalog.jobs.get(catalog.schedules.begin_due()[0])
    assert (job.kind, job.collection, job.arguments, job.priority) == ("ingest", "papers", arguments, USUAL)
    assert (job.owner, job.host) == (f"schedule {made.id[:8]}", this_host())
    assert catalog.schedules.all()[0].arguments == arguments


def test_a_job_that_names_no_path_may_run_anywhere(catalog: Catalog) -> None:
    assert catalog.schedules.add("verify", 60, arguments={"repair": True}).host == ""


@pytest.mark.parametrize("paused", [False, True])
def test_the_next_job_waits_until_the_last_one_has_ended(catalog: Catalog, clock: Clock, paused: bool) -> None:
    catalog.schedules.add("verify", 60)
    [job] = catalog.schedules.begin_due()
    if paused:
        catalog.jobs.pause(job)
    clock.now += 600
    assert catalog.schedules.begin_due() == []
    catalog.jobs.cancel(job)
    assert len(catalog.schedules.begin_due()) == 1
    assert catalog.schedules.begin_due() == []


def test_a_clock_that_was_set_back_does_not_stop_a_schedule(catalog: Catalog, clock: Clock) -> None:
    catalog.schedules.add("verify", 60)
    [job] = catalog.schedules.begin_due()
    catalog.jobs.cancel(job)
    clock.now -= 86_400
    assert len(catalog.schedules.begin_due()) == 1


def test_keepers_that_look_at_once_begin_each_job_once(on_both: Settings, catalog: Catalog) -> None:
    for every in range(60, 70):
        catalog.schedules.add("verify", every)
    barrier = Barrier(4)

    def look(_: int) -> list[str]:
        barrier.wait()
        return catalog.schedules.begin_due()

    with ThreadPoolExecutor(4) as pool:
        begun = [job for jobs in pool.map(look, range(4)) for job in jobs]
    assert len(begun) == len(set(begun)) == 10
    assert {job.id for job in catalog.jobs.newest()} == set(begun) == {each.job for each in catalog.schedules.all()}


def test_the_schedules_of_all_tenants_begin_jobs_of_their_own(catalog: Catalog) -> None:
    stranger = catalog.for_tenant("stranger")
    catalog.schedules.add("verify", 60)
    made = stranger.schedules.add("verify", 60)
    assert len(catalog.schedules.begin_due()) == 2
    assert [each.id for each in stranger.schedules.all()] == [made.id]
    assert [job.owner for job in stranger.jobs.newest()] == [f"schedule {made.id[:8]}"]


def test_a_removed_schedule_begins_nothing_and_its_job_goes_on(catalog: Catalog, clock: Clock) -> None:
    made = catalog.schedules.add("verify", 60)
    [job] = catalog.schedules.begin_due()
    assert catalog.schedules.remove(made.id[:8]).id == made.id
    clock.now += 600
    assert (catalog.schedules.all(), catalog.schedules.begin_due()) == ([], [])
    assert catalog.jobs.get(job).state == "running"


@pytest.mark.parametrize("id", ["", "nothing", "%"])
def test_removing_what_is_not_there_says_where_all_are_listed(catalog: Catalog, id: str) -> None:
    catalog.schedules.add("verify", 60)
    with pytest.raises(NotFoundError, match=r"no one schedule '.*'; 'docqa schedules list' shows all"):
        catalog.schedules.remove(id)
    with pytest.raises(NotFoundError):
        catalog.for_tenant("stranger").schedules.remove(catalog.schedules.all()[0].id)
