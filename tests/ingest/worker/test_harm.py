"""Documents that end their workers or their parsers each time, among a hundred good ones: they alone fail."""

from __future__ import annotations

import pytest

from ingest.catalog.job_rows import Job
from ingest.verify import verify
from tests.ingest.ingesting import write_text
from tests.ingest.worker.working import Workshop, write_sentences

GOOD = 100
FILLING = ("kills-worker.pdf", "raises.pdf", "refused.pdf")  # as many pages as are leased at once: each is tried alone
HARMFUL = (*FILLING, "kills-survey.txt", "kills-parser.pdf")
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def job(shop: Workshop) -> Job:
    """A job over all of them that has ended."""
    folder = shop.inputs / "harm"
    for number in range(GOOD):
        write_text(folder / f"pump{number}.txt", f"pump {number}")
    for name in FILLING:
        write_sentences(folder / name, 4)
    write_text(folder / "kills-survey.txt", "rotten pump")
    write_sentences(folder / "kills-parser.pdf", 3, keywords="kills-parser")
    write_sentences(folder / "kills-second.pdf", 12)
    return shop.ended(shop.submit(folder, collection="harm"), 300)


def test_the_good_ones_are_all_archived(shop: Workshop, job: Job) -> None:
    assert (job.state, job.counters.finished, job.counters.failed) == ("finished", GOOD + 1, len(HARMFUL))
    assert {name for name, state in shop.states("harm").items() if state != "live"} == set(HARMFUL)
    assert verify(shop.library, deep=True) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("kills-worker.pdf", "set aside after 3 tries: its worker ended or fell silent"),
        ("kills-survey.txt", "set aside after 3 tries: its worker ended or fell silent"),
        ("raises.pdf", "set aside after 3 tries: KeyError: 'a mark'"),
        ("refused.pdf", "set aside after 3 tries: A chunk was refused, says the test."),
        ("kills-parser.pdf", "the reader was killed while the file was opened"),
    ],
)
def test_a_harmful_one_fails_with_its_reason(shop: Workshop, job: Job, name: str, reason: str) -> None:
    assert shop.reasons(job.id)[name] == reason


def test_of_a_document_with_one_harmful_part_the_others_are_archived(shop: Workshop, job: Job) -> None:
    (row,) = [each for each in shop.library.catalog.documents(["harm"]) if "kills-second" in each.source]
    assert (row.state, row.chunks, row.missing_pages) == ("live", 8, (5, 6, 7, 8))
    assert "set aside after 3 tries: its worker ended" in row.error


@pytest.mark.parametrize("name", ["kills-worker.pdf", "raises.pdf"])
def test_a_harmful_one_is_tried_three_times(shop: Workshop, job: Job, name: str) -> None:
    assert shop.begun(name) == {(name, 0): 3}


def test_no_process_is_stuck_and_none_is_missing(shop: Workshop, job: Job) -> None:
    shop.until(lambda: len(shop.processes("process")) == 2)
    shop.until(shop.idle)


def test_the_log_is_json_to_the_last_line_and_tells_of_each_death(shop: Workshop, job: Job) -> None:
    assert len(shop.said("struck out a run that is gone")) >= 9
    assert [entry["reason"] for entry in shop.said("something unforeseen happened")] == ["KeyError: 'a mark'"] * 3
