"""``docqa ingest --detach``: the files are handed to workers, which may be there or come later."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.catalog.job_rows import Job
from ingest.library import Library
from ingest.pipeline import ingest
from ingest.settings import Settings
from ingest.verify import verify
from tests.docqa.cli.conftest import Docqa
from tests.ingest.ingesting import contents, write_pdf, write_text
from tests.servers.workers import processes_of, workers

ENDS_AFTER = 150.0
DOCUMENTS = 12


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Eight texts and four PDFs of two parts each."""
    for number in range(8):
        write_text(tmp_path / "papers" / f"pump{number}.txt", f"pump {number}")
    for number in range(4):
        write_pdf(tmp_path / "papers" / f"valve{number}.pdf", f"valve {number}", 10)
    return tmp_path / "papers"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """The library of this test's data folder."""
    with Library.open(Settings(data_dir=tmp_path / "data")) as opened:
        yield opened


def ended(library: Library, id: str) -> Job:
    """A job when it has ended."""
    ends = time.monotonic() + ENDS_AFTER
    while (job := library.catalog.jobs.find(id)).open:
        assert time.monotonic() < ends, job
        time.sleep(0.05)
    return job


@pytest.mark.timeout(400)
def test_two_workers_that_come_later_make_the_archive_that_the_same_process_would(
    docqa: Docqa, library: Library, papers: Path, tmp_path: Path
) -> None:
    said = docqa("ingest", papers, "--detach")
    assert said.code == 0
    assert f": {DOCUMENTS} files for the workers." in said.out
    assert "No worker is running: start one with 'docqa worker'." in said.out
    assert processes_of(tmp_path / "data") == {}
    with workers(tmp_path / "data", tmp_path, count=2):
        job = ended(library, said.out.split()[1].rstrip(":"))
    assert (job.state, job.counters.finished, job.counters.parts_done) == ("finished", DOCUMENTS, 16)
    with Library.open(Settings(data_dir=tmp_path / "same")) as same:
        list(ingest(same, [papers]))
        assert contents(library) == contents(same)
    assert verify(library, deep=True) == []


def test_what_is_in_the_library_is_skipped(docqa: Docqa, library: Library, papers: Path) -> None:
    list(ingest(library, [papers]))
    said = docqa("ingest", papers, "--detach", "--json")
    (record,) = said.records
    assert (record["counters"]["found"], record["counters"]["skipped"]) == (0, DOCUMENTS)
    assert library.catalog.jobs.get(record["job"]).state == "finished"


def test_a_file_that_another_job_has_is_named_with_that_job(docqa: Docqa, papers: Path) -> None:
    first = docqa("ingest", papers / "pump1.txt", "--detach", "--json").records[-1]["job"]
    said = docqa("ingest", papers / "pump1.txt", "--detach")
    assert f"skipped  {papers / 'pump1.txt'}: being taken in by job {first[:8]} as {papers / 'pump1.txt'}" in said.out
    (skipped, _) = docqa("ingest", papers / "pump1.txt", "--detach", "--json").records
    assert skipped["event"] == "skipped"


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_handed_on(docqa: Docqa, papers: Path) -> None:
    (papers / "empty.txt").touch()
    said = docqa("ingest", papers, papers / "none.pdf", "--detach")
    assert said.code == 2
    assert f": {DOCUMENTS} files for the workers." in said.out
    assert f"failed  {papers / 'empty.txt'}: empty" in said.out
    assert f"failed  {papers / 'none.pdf'}: " in said.out
