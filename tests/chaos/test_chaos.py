"""Whatever is killed, stopped or filled up during an ingest, the archive ends complete.

Small, and on LanceDB; ``make chaos`` is long, and on Weaviate too.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.run import Outcome, run

SEED = int(os.environ.get("DOCQA_TEST_CHAOS_SEED", "2"))


def hold(outcome: Outcome, kills: int) -> None:
    """Hold a run to what is promised; without the right to mount a small disk, none was filled."""
    assert outcome.faults == [], outcome.table()
    assert sum(outcome.killed.values()) == kills
    assert len(outcome.others) == 5 or not os.environ.get("CI"), outcome.table()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_kills_at_random_moments_leave_the_archive_as_it_would_be_without(tmp_path: Path) -> None:
    hold(run(tmp_path, SEED, kills=10, documents=50, archive={"archive": "lancedb"}), 10)
