"""Which process is to blame, and which jobs a keeper sees."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.catalog import Catalog, open_catalog
from ingest.catalog.runs import ended_alone, this_process
from ingest.settings import Settings

GONE = "4000000 1"  # a number that no process has


@pytest.fixture
def sqlite_catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = open_catalog(Settings(data_dir=tmp_path))
    yield catalog
    catalog.close()


def test_a_process_that_ended_while_its_parent_lives_ended_alone() -> None:
    assert ended_alone(f"{GONE} {this_process().process}")


def test_a_process_that_ended_with_its_parent_did_not_end_alone() -> None:
    assert not ended_alone(f"{GONE} {GONE}")


def test_a_process_that_lives_has_not_ended() -> None:
    assert not ended_alone(f"{this_process().process} {os.getppid()} 1")


def test_jobs_that_cannot_move_do_not_hide_those_after_them(sqlite_catalog: Catalog) -> None:
    for _ in range(150):
        sqlite_catalog.jobs.create("ingest", here=True)
    last = sqlite_catalog.jobs.create("verify")
    assert last.id in {each.job.id for each in sqlite_catalog.keeping(60).open()}
