"""An ingest that is killed and started again ends as if nothing had happened. Real processes, real kills."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from ingest.verify import verify
from tests.ingest.ingesting import Ingesting, contents, library_at, run, write_pdf, write_text

KILLS = 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        write_pdf(tmp_path / "in" / f"pump{number}.pdf", f"pump {number}", pages=3 + 2 * number)
        write_text(tmp_path / "in" / f"note{number}.txt", f"valve {number}")
    return tmp_path / "in"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_ingest_killed_at_twenty_moments_ends_with_the_same_archive(tmp_path: Path, folder: Path) -> None:
    process, began = Ingesting(tmp_path / "whole", folder), time.monotonic()
    process.finish()
    whole = time.monotonic() - began
    with library_at(tmp_path / "whole") as library:
        expected = contents(library)
    moments, kills, restarts = random.Random(20), 0, 0
    while kills < KILLS:  # one that gets through before it is killed is compared, and another begun
        data = tmp_path / f"killed{restarts}"
        restarts += 1
        while kills < KILLS and Ingesting(data, folder).kill(moments.uniform(0, 1.1) * whole):
            kills += 1
        with library_at(data) as library:
            said = "\n".join(f"{each.kind} {each.source} {each.reason}" for each in run(library, folder))
            assert contents(library) == expected, said
            assert verify(library, deep=True) == [], said
