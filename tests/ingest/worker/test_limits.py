"""Processes that take too long or too much memory are replaced, and what ends them is set aside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.ingest.ingesting import write_text
from tests.ingest.worker.working import Workshop, workshop

pytestmark = pytest.mark.timeout(400)


def test_a_process_that_grows_is_replaced_after_its_task(shop: Workshop) -> None:
    job = shop.ended(shop.submit(write_text(shop.inputs / "grows.txt", "growing pump"), collection="grows"))
    assert (job.counters.finished, job.counters.leases_lost) == (1, 0)
    (grown,) = {entry["process"] for entry in shop.said("did a part", job=job.id)}
    shop.until(lambda: grown not in shop.processes("process"))
    shop.until(lambda: len(shop.processes("process")) == 2)


def test_parts_give_way_to_other_work_on_the_machine(tmp_path: Path) -> None:
    with workshop(tmp_path, DOCQA_WORKER_NICE="7") as polite, polite.workers(processes=1):
        polite.until(lambda: polite.processes("process"))
        (process,) = polite.processes("process")
        assert os.getpriority(os.PRIO_PROCESS, process) == min(os.getpriority(os.PRIO_PROCESS, 0) + 7, 19)


def test_a_part_that_takes_too_long_is_set_aside_after_three_tries(tmp_path: Path) -> None:
    with workshop(tmp_path, DOCQA_PART_SECONDS="2") as narrow, narrow.workers(processes=1):
        job = narrow.ended(narrow.submit(write_text(narrow.inputs / "sleeps.txt", "sleeping pump")))
        assert (job.state, job.counters.failed) == ("finished", 1)
        assert narrow.reasons(job.id)["sleeps.txt"].endswith("it took longer than 2 s (DOCQA_PART_SECONDS)")
        assert narrow.begun() == {("sleeps.txt", 0): 3}
