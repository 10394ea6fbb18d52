"""Jobs listed, shown and steered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docqa.cli.conftest import Docqa
from tests.docqa.cli.working import Workshop

EVIL = "/papers/two\x1b[2Jlines\n.pdf"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    opened = Workshop(tmp_path / "data")
    yield opened
    opened.catalog.close()


def test_the_list_shows_open_jobs_first_and_how_far_they_are(docqa: Docqa, shop: Workshop) -> None:
    running = shop.do(shop.open(shop.submit("/a.pdf", "/b.pdf")))
    ended = shop.finished("/c.pdf")
    _, first, second = (line.split("\t") for line in docqa("jobs", "list").out.splitlines())
    assert first[:6] == [running.id[:8], "ingest", "running", "0/2", "0", "25%"]
    assert first[7:9] == ["not known yet", "ada"]
    assert second[:6] == [ended.id[:8], "ingest", "finished", "1/1", "0", "100%"]
    assert second[6:8] == ["", ""]


def test_only_the_newest_of_the_ended_jobs_are_listed_unless_all_are_asked_for(docqa: Docqa, shop: Workshop) -> None:
    for _ in range(21):
        shop.catalog.jobs.cancel(shop.submit("/a.pdf").id)
    assert len(docqa("jobs", "list", "--json").records) == 20
    assert len(docqa("jobs", "list", "--all", "--json").records) == 21


def test_an_empty_list_names_the_command_that_begins_a_job(docqa: Docqa, shop: Workshop) -> None:
    assert "docqa ingest PATH --detach" in docqa("jobs", "list").out
    assert docqa("jobs", "list", "--json").out == ""


def test_a_job_in_json_has_its_counters_and_its_pace(docqa: Docqa, shop: Workshop) -> None:
    shop.open(shop.submit("/a.pdf"))
    [record] = docqa("jobs", "list", "--json").records
    assert record["counters"]["parts"] == 2
    assert record["pace"]["seconds_left"] is None
    assert record["pace"]["why_unknown"] == "too few parts are done yet"


def test_all_that_is_known_of_a_job_is_shown_in_plain_words(docqa: Docqa, shop: Workshop) -> None:
    job = shop.do(shop.open(shop.submit("/a.pdf", "/b.pdf")))
    shop.catalog.jobs.note(job.id, "The archive does not answer")
    said = docqa("jobs", "show", job.id[:4]).out
    assert "waits           The archive does not answer\n" in said
    assert "path            /papers\n" in said
    assert "finding files   done\n" in said
    assert "parts           1 done\n                3 waiting, of the documents opened so far\n" in said
    assert "time left       not known yet: too few parts are done yet\n" in said
    assert "  state       begun\n" in said


def test_every_failure_is_shown_with_its_reason(docqa: Docqa, shop: Workshop) -> None:
    job = shop.submit("/a.pdf", "/b.pdf", unreadable={"/c.pdf": "cannot be read: no rights"})
    shop.open(job, failing={"/a.pdf": "encrypted: needs a password"})
    shop.do(shop.do(job), error="reading took too long")
    said = docqa("jobs", "show", job.id).out
    assert "3 failures:\n" in said
    assert "  /c.pdf: cannot be read: no rights\n" in said
    assert "  /a.pdf: encrypted: needs a password\n" in said
    assert "  /b.pdf: pages 9–16 missing: reading took too long\n" in said


def test_of_many_failures_the_first_are_shown_and_the_rest_is_counted(docqa: Docqa, shop: Workshop) -> None:
    job = shop.submit(unreadable={f"/{number}.pdf": "damaged" for number in range(25)})
    said = docqa("jobs", "show", job.id).out
    assert "25 failures:\n" in said
    assert said.count(": damaged\n") - said.count("unreadable") == 20
    assert "  … and 5 more\n" in said
    [record] = docqa("jobs", "show", job.id, "--json").records
    assert (len(record["failures"]), record["failures_in_all"], len(record["log"])) == (20, 25, 10)


def test_what_a_retry_has_mended_is_no_failure_any_more(docqa: Docqa, shop: Workshop) -> None:
    job = shop.open(shop.submit("/a.pdf"), failing={"/a.pdf": "damaged"})
    assert "1 failure:" in docqa("jobs", "show", job.id).out
    assert f"Job {job.id[:8]}: what has failed is tried again.\n" in docqa("jobs", "retry", job.id).out
    shop.do(shop.open(job, parts=1))
    assert "failure" not in docqa("jobs", "show", job.id).out


def test_a_retry_of_a_job_without_failures_says_so(docqa: Docqa, shop: Workshop) -> None:
    job = shop.finished("/a.pdf")
    said = docqa("jobs", "retry", job.id).out
    assert said == f"Job {job.id[:8]}: nothing is left to be tried again, it is finished.\n"


@pytest.mark.parametrize("command", ["show", "log", "watch"])
def test_names_of_files_cannot_steer_the_terminal(docqa: Docqa, shop: Workshop, command: str) -> None:
    job = shop.submit(unreadable={EVIL: "bad \x1b[31mreason"})
    ended = docqa("jobs", command, job.id)
    assert "\x1b" not in ended.out
    assert "/papers/two [2Jlines .pdf: bad [31mreason\n" in ended.out


def test_a_verification_counts_and_names_the_differences_that_are_left(docqa: Docqa, shop: Workshop) -> None:
    jobs = shop.catalog.jobs
    job = jobs.create("verify")
    jobs.begin_step(shop.run, job.id)
    told = [("/a.pdf", "mended: its chunks were gone"), ("/b.pdf", "its file is gone")]
    jobs.keep_step(shop.run, job.id, differences=told, finished=1, failed=1, over=True)
    said = docqa("jobs", "show", job.id).out
    assert "differences     1 mended\n                1 left\n" in said
    assert "1 failure:\n  /b.pdf: its file is gone\n" in said
    assert "finished: 1 difference mended, 1 left" in docqa("jobs", "watch", job.id).out


def test_the_log_tells_what_happened_in_order(docqa: Docqa, shop: Workshop) -> None:
    job = shop.submit("/a.pdf")
    shop.open(job, failing={"/a.pdf": "damaged"})
    lines = docqa("jobs", "log", job.id).out.splitlines()
    assert [line.split("  ", 1)[1] for line in lines] == [
        "state       begun",
        "failed      /a.pdf: damaged",
        "state       finished",
    ]
    assert [record["kind"] for record in docqa("jobs", "log", job.id, "--json").records] == [
        *("state", "failed", "state"),
    ]


def test_a_log_is_read_to_its_end(docqa: Docqa, shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docqa.cli.jobs.listing.LOG_PAGE", 2)
    job = shop.submit(unreadable={f"/{number}.pdf": "damaged" for number in range(4)})
    assert len(docqa("jobs", "log", job.id).out.splitlines()) == 6


def test_a_job_is_paused_and_goes_on_as_often_as_it_is_said(docqa: Docqa, shop: Workshop) -> None:
    job = shop.submit("/a.pdf")
    for _ in range(2):
        assert f"'docqa jobs resume {job.id[:8]}' lets it go on" in docqa("jobs", "pause", job.id).out
    assert shop.catalog.jobs.get(job.id).state == "paused"
    for _ in range(2):
        assert f"Job {job.id[:8]} goes on.\n" in docqa("jobs", "resume", job.id).out
    assert docqa("jobs", "pause", job.id, "--json").records[0]["state"] == "paused"


def test_a_cancelled_job_says_what_stays(docqa: Docqa, shop: Workshop) -> None:
    job = shop.do(shop.open(shop.submit("/a.pdf", "/b.pdf"), parts=1))
    for _ in range(2):
        said = docqa("jobs", "cancel", job.id).out
        assert said.startswith(f"Job {job.id[:8]} is cancelled: 1 document done stay in the library")


def test_cancel_with_remove_begins_a_job_that_deletes_what_was_brought_in(docqa: Docqa, shop: Workshop) -> None:
    job = shop.do(shop.open(shop.submit("/a.pdf", "/b.pdf"), parts=1))
    cancelled, deleting = docqa("jobs", "cancel", job.id, "--remove", "--yes", "--json").records
    assert cancelled["state"] == "cancelled"
    assert (deleting["kind"], deleting["arguments"]) == ("delete", {"of_job": job.id})


def test_what_a_finished_job_brought_in_can_be_removed_too(docqa: Docqa, shop: Workshop) -> None:
    job = shop.finished("/a.pdf")
    said = docqa("jobs", "cancel", job.id, "--remove", "--yes").out
    assert said.startswith(f"Job {job.id[:8]} is finished; job ")
    assert "Follow it with: docqa jobs watch" in said


def test_where_nothing_was_brought_in_no_job_is_begun_to_remove_it(docqa: Docqa, shop: Workshop) -> None:
    job = shop.submit("/a.pdf")
    said = docqa("jobs", "cancel", job.id, "--remove", "--yes").out
    assert said == f"Job {job.id[:8]} is cancelled; no document of it is in the library.\n"
    assert len(shop.catalog.jobs.newest()) == 1


def test_without_a_terminal_removing_needs_yes(docqa: Docqa, shop: Workshop) -> None:
    job = shop.submit("/a.pdf")
    ended = docqa("jobs", "cancel", job.id, "--remove")
    assert ended.code == 1
    assert "--yes" in ended.err
    assert shop.catalog.jobs.get(job.id).state == "running"


@pytest.mark.parametrize("command", ["cancel", "pause", "resume"])
def test_a_finished_job_cannot_be_steered_any_more(docqa: Docqa, shop: Workshop, command: str) -> None:
    ended = docqa("jobs", command, shop.finished("/a.pdf").id)
    assert ended.code == 1
    assert " is finished; it cannot become " in ended.err


def test_a_verification_is_begun_by_hand(docqa: Docqa, shop: Workshop) -> None:
    said = docqa("jobs", "verify", "--repair").out
    [job] = shop.catalog.jobs.newest()
    assert (job.kind, job.arguments) == ("verify", {"repair": True, "deep": False})
    assert f"Job {job.id[:8]} verifies the library.\n" in said


def test_who_begins_something_that_needs_a_worker_is_told_that_there_is_none(docqa: Docqa, shop: Workshop) -> None:
    assert "No worker is running" not in docqa("jobs", "verify").out
    shop.fall_silent()
    assert "No worker is running: start one with 'docqa worker'.\n" in docqa("jobs", "verify").out


@pytest.mark.parametrize("command", ["show", "watch", "cancel", "pause", "resume", "retry", "log"])
@pytest.mark.parametrize("id", ["feedbeef", "%%%%"])
def test_an_unknown_id_names_the_command_that_lists_them(docqa: Docqa, shop: Workshop, command: str, id: str) -> None:
    shop.submit("/a.pdf")
    ended = docqa("jobs", command, id)
    assert ended.code == 1
    assert "docqa jobs list" in ended.err


@pytest.mark.parametrize(
    "command",
    [("list",), ("show", "feed"), ("watch",), ("watch", "feed"), ("metrics",), ("verify",), ("cancel", "feed")],
)
def test_without_a_library_no_data_folder_is_made(docqa: Docqa, tmp_path: Path, command: tuple[str, ...]) -> None:
    ended = docqa("jobs", *command)
    assert ended.code == (1 if "feed" in command or "verify" in command else 0)
    assert not (tmp_path / "data").exists()
