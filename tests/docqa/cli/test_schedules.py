"""What begins again and again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from docqa.cli.schedules import seconds_of
from ingest.catalog import Catalog, open_catalog
from ingest.errors import SettingsError
from ingest.settings import Settings
from tests.docqa.cli.conftest import Docqa


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = open_catalog(Settings(data_dir=tmp_path / "data"))
    yield opened
    opened.close()


def test_a_folder_is_scanned_again_and_again(
    docqa: Docqa, folder: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    said = docqa("schedules", "add", "scan", folder.name, "--every", "1h", "--collection", "work").out
    [schedule] = catalog.schedules.all()
    assert (schedule.kind, schedule.every, schedule.collection) == ("ingest", 3600, "work")
    assert schedule.arguments == {"paths": [os.path.abspath(folder)]}
    assert schedule.host
    assert f"Schedule {schedule.id[:8]}: scan {folder}, every 1 h, the first time now.\n" in said
    assert "No worker is running: start one with 'docqa worker'.\n" in said


def test_with_a_worker_nobody_is_told_to_start_one(docqa: Docqa, catalog: Catalog) -> None:
    catalog.leases.begin("keeper")
    assert "No worker" not in docqa("schedules", "add", "verify", "--every", "1d").out


def test_a_schedule_begins_a_job_that_does_what_was_asked(docqa: Docqa, catalog: Catalog) -> None:
    docqa("schedules", "add", "verify", "--every", "1d", "--repair")
    [job] = catalog.schedules.begin_due()
    found = catalog.jobs.get(job)
    assert (found.kind, found.arguments, found.host) == ("verify", {"repair": True}, "")


def test_schedules_are_listed_with_their_last_job(docqa: Docqa, folder: Path, catalog: Catalog) -> None:
    added = docqa("schedules", "add", "scan", folder, "--every", "10m", "--json").records[0]
    [job] = catalog.schedules.begin_due()
    heads, cells = (line.split("\t") for line in docqa("schedules", "list").out.splitlines())
    row = dict(zip(heads, cells, strict=True))
    assert (row["id"], row["every"], row["last job"]) == (added["id"][:8], "10 min", job[:8])
    assert row["what"].startswith(f"scan {folder} (on ")
    assert docqa("schedules", "list", "--json").records[0]["job"] == job


def test_a_schedule_is_removed_by_the_beginning_of_its_id(docqa: Docqa, catalog: Catalog) -> None:
    id = docqa("schedules", "add", "verify", "--every", "1d", "--json").records[0]["id"]
    assert docqa("schedules", "remove", id[:8]).out == f"Removed schedule {id[:8]}: verify.\n"
    assert catalog.schedules.all() == []
    ended = docqa("schedules", "remove", id[:8])
    assert ended.code == 1
    assert "docqa schedules list" in ended.err


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("10m", 600), ("1h", 3600), ("1d", 86_400), (" 1.5H ", 5400), ("10s", 10)]
)
def test_durations_are_written_with_their_unit(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "h", "1w", "-1h", "1h30m", "1e3s", "9s", "0d", "367d", "999999999d", "١h"])
def test_what_is_no_duration_or_too_short_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--every is "):
        seconds_of(text)


def test_a_folder_that_is_not_there_is_refused(docqa: Docqa, tmp_path: Path) -> None:
    ended = docqa("schedules", "add", "scan", tmp_path / "no\x1bwhere", "--every", "1h")
    assert ended.code == 1
    assert "There is no file or folder" in ended.err
    assert "\x1b" not in ended.err
    assert not (tmp_path / "data").exists()


def test_without_a_library_there_is_no_schedule_and_none_is_made(docqa: Docqa, tmp_path: Path) -> None:
    assert "docqa schedules add" in docqa("schedules", "list").out
    assert docqa("schedules", "remove", "abcd").code == 1
    assert not (tmp_path / "data").exists()
