"""Workers that are asked to end, and workers that are killed: what they leave to others."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import pytest

from ingest.verify import verify
from tests.ingest.worker.working import Workshop, write_sentences
from tests.servers.workers import processes_of

PROCESSES = 2
PAGES = 2_000
PART_PAGES = 20
pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]


def kill_all(shop: Workshop) -> None:
    """Kill all that works here with one blow, the worker itself first."""
    there = processes_of(shop.data)
    for number in sorted(there, key=lambda number: there[number] != "supervisor"):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def test_a_worker_killed_at_97_percent_of_a_long_document_costs_one_part_for_each_process(own: Workshop) -> None:
    parts = PAGES // PART_PAGES
    settings = {"DOCQA_PART_PAGES": str(PART_PAGES)}
    job = own.submit(write_sentences(own.inputs / "long.pdf", PAGES))
    with own.workers(processes=PROCESSES, **settings):
        own.until(lambda: own.job(job).counters.parts_done >= 0.97 * parts)
        kill_all(own)
        assert own.job(job).open
    with own.workers(processes=PROCESSES, **settings):
        counters = own.ended(job).counters
    assert (counters.finished, counters.parts_done, counters.pages) == (1, parts, PAGES)
    begun = own.begun()
    assert len(begun) == parts
    assert begun.total() - parts <= PROCESSES
    assert counters.leases_lost <= PROCESSES
    assert len(own.texts("default")) == PAGES
    assert verify(own.library, deep=True) == []


def test_a_worker_that_is_asked_to_end_finishes_its_parts_and_leaves_nothing_behind(own: Workshop) -> None:
    own.hold()
    job = own.submit(write_sentences(own.inputs / "held.pdf", 40))
    with own.workers(processes=PROCESSES) as (worker,):
        own.until(lambda: len(own.begun()) == PROCESSES)
        worker.process.send_signal(signal.SIGTERM)
        own.until(lambda: own.said("ends after the parts at hand"))
        own.release()
        assert worker.process.wait(60) == 0
        assert processes_of(own.data) == {}
    assert own.library.catalog.keeping(60).workers() == []
    counters = own.job(job).counters
    assert (counters.parts_done, counters.leases_lost) == (len(own.begun()), 0)
    with own.workers(processes=PROCESSES):
        counters = own.ended(job).counters
    assert (counters.finished, counters.parts_done, counters.leases_lost) == (1, 10, 0)
    assert set(own.begun().values()) == {1}
    others = [entry["event"] for entry in own.said() if entry["event"] != "did a part"]  # said after it is marked
    assert others[-1] == "ends after the parts at hand"
