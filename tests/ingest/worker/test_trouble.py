"""What is away for a while: nothing can be stored, or the broker is killed or hangs. Nothing is lost by it."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.ingest.worker.working import Workshop, write_sentences

pytestmark = pytest.mark.timeout(400)


def test_a_job_says_what_it_waits_for_and_goes_on_by_itself(shop: Workshop) -> None:
    (shop.data / "trouble").touch()
    shop.hold()
    path = write_sentences(shop.inputs / "full" / "full.pdf", 8)
    job = shop.submit(path, write_sentences(shop.inputs / "full" / "held-full.pdf", 4), collection="full")
    shop.until(lambda: shop.job(job).note == "No space is left, says the test.")
    (shop.data / "trouble").unlink()
    shop.until(lambda: shop.job(job).counters.finished == 1)
    assert (shop.job(job).state, shop.job(job).note) == ("running", "")
    shop.release()
    counters = shop.ended(job).counters
    assert (counters.finished, counters.failed, counters.leases_lost) == (2, 0, 0)


def test_a_killed_broker_is_started_again_and_no_part_is_done_twice(shop: Workshop) -> None:
    job = shop.submit(write_sentences(shop.inputs / "broker" / "slow-broker.pdf", 80), collection="broker")
    shop.until(lambda: shop.begun("slow-broker"))
    (broker,) = shop.processes("broker")
    os.kill(broker, signal.SIGKILL)
    counters = shop.ended(job).counters
    assert (counters.finished, counters.parts_done, counters.leases_lost) == (1, 20, 0)
    assert set(shop.begun("slow-broker").values()) == {1}
    shop.until(lambda: shop.processes("broker") not in ([], [broker]))


def test_a_broker_that_hangs_for_some_seconds_does_no_harm(shop: Workshop) -> None:
    job = shop.submit(write_sentences(shop.inputs / "hangs" / "slow-hangs.pdf", 80), collection="hangs")
    shop.until(lambda: shop.begun("slow-hangs"))
    (broker,) = shop.processes("broker")
    os.kill(broker, signal.SIGSTOP)
    time.sleep(3)
    os.kill(broker, signal.SIGCONT)
    counters = shop.ended(job).counters
    assert (counters.finished, counters.parts_done, counters.leases_lost) == (1, 20, 0)
    assert set(shop.begun("slow-hangs").values()) == {1}
