"""Reading in guarded child processes: one bad page costs itself only, one bad file fails alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.errors import DocumentError, EmptyError, EncryptedError, ParserStoppedError, TooLargeError
from ingest.parse import ParserPool
from ingest.settings import Settings
from ingest.types import Page, Survey
from tests.ingest.parsers.made import drawn, laughs

NOTHING = b"0 0 m"
TEXT = b"BT /helv 1 Tf 9 9 Td (" + b"many words " * 90 + b") Tj ET"


@pytest.fixture
def fine(tmp_path: Path) -> Path:
    """A PDF of three pages."""
    drawn(*([(72, 72, f"page {n} is fine")] for n in (1, 2, 3))).save(tmp_path / "fine.pdf")
    return tmp_path / "fine.pdf"


@pytest.fixture
def pool() -> Iterator[ParserPool]:
    with ParserPool(Settings()) as pool:
        yield pool


def children(parent: int = 0) -> set[int]:
    """The ids of a process's parser processes."""
    tasks = Path(f"/proc/{parent or os.getpid()}/task").glob("*/children")
    pids = {int(pid) for task in tasks for pid in task.read_text().split()}
    return {pid for pid in pids if b"ingest.parsers.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def until(condition: object, seconds: float = 30) -> None:
    """Wait for a condition, and fail if it does not come."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def guarded(path: Path, **limits: float) -> list[Page]:
    """All three pages of a PDF, read under limits, with what a survey of a harmless one knows."""
    with ParserPool(Settings(**limits)) as pool:  # type: ignore[arg-type]
        return pool.pages(path, Survey("application/pdf", 3, body_size=11), 1, 3)


def test_a_document_is_surveyed_and_read(pool: ParserPool, fine: Path) -> None:
    survey = pool.survey(fine, "fine.pdf")
    assert survey.page_count == 3
    assert [page.text for page in pool.pages(fine, survey, 2, 9)] == ["page 2 is fine", "page 3 is fine"]


def test_a_file_without_a_suffix_in_its_path_is_read_by_what_the_survey_found(pool: ParserPool, tmp_path: Path) -> None:
    (tmp_path / "0a1b").write_text("# Top\n\nwords")
    survey = pool.survey(tmp_path / "0a1b", "notes.md")
    assert pool.pages(tmp_path / "0a1b", survey, 1, 1)[0].blocks[0].kind == "heading"


def test_a_file_whose_name_is_not_utf_8_is_read(pool: ParserPool, fine: Path) -> None:
    odd = fine.parent / os.fsdecode(b"odd\xff\n.pdf")
    fine.rename(odd)
    assert pool.survey(odd, odd.name).page_count == 3


def test_a_child_is_kept_warm(pool: ParserPool, fine: Path) -> None:
    survey = pool.survey(fine, "fine.pdf")
    before = children()
    pool.pages(fine, survey, 1, 3)
    assert children() == before
    assert len(before) == 1


def test_no_more_children_than_the_settings_allow(fine: Path) -> None:
    with ParserPool(Settings(parsers=2)) as pool:
        threads = [threading.Thread(target=pool.survey, args=(fine, "fine.pdf")) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(children()) == 2


def test_closing_the_pool_ends_its_children(fine: Path) -> None:
    with ParserPool(Settings()) as pool:
        pool.survey(fine, "fine.pdf")
    assert children() == set()


def test_a_page_that_hangs_costs_only_itself(tmp_path: Path) -> None:
    laughs(tmp_path / "slow.pdf", NOTHING)
    pages = guarded(tmp_path / "slow.pdf", parse_seconds=1)
    assert [page.error for page in pages] == ["", "timed out after 1 s on page 2", ""]
    assert [page.text for page in pages] == ["page 1 is fine", "", "page 3 is fine"]


def test_a_page_that_takes_too_much_cpu_time_costs_only_itself(tmp_path: Path) -> None:
    laughs(tmp_path / "slow.pdf", NOTHING)
    pages = guarded(tmp_path / "slow.pdf", parse_cpu_seconds=1)
    assert [page.error for page in pages] == ["", "used more than 1 s of CPU time on page 2", ""]


def test_a_page_that_takes_too_much_memory_costs_only_itself(tmp_path: Path) -> None:
    laughs(tmp_path / "large.pdf", TEXT)
    pages = guarded(tmp_path / "large.pdf", parse_memory_mb=160, parse_seconds=60)
    assert [page.error for page in pages] == ["", "needed more than 160 MiB of memory on page 2", ""]


def test_a_survey_goes_round_a_page_that_hangs(tmp_path: Path) -> None:
    laughs(tmp_path / "slow.pdf", NOTHING)
    with ParserPool(Settings(parse_seconds=1)) as pool:
        assert pool.survey(tmp_path / "slow.pdf", "slow.pdf").page_count == 3


def test_a_child_that_is_killed_while_it_reads_is_replaced(tmp_path: Path) -> None:
    laughs(tmp_path / "slow.pdf", NOTHING)
    found: list[Page] = []
    thread = threading.Thread(target=lambda: found.extend(guarded(tmp_path / "slow.pdf", parse_seconds=3)))
    thread.start()
    until(children)
    time.sleep(0.5)
    os.kill(children().pop(), signal.SIGKILL)
    thread.join()
    assert [bool(page.error) for page in found] == [False, True, False]


def test_a_child_that_is_killed_before_it_has_opened_the_file_is_replaced(fine: Path) -> None:
    found: list[Page] = []
    thread = threading.Thread(target=lambda: found.extend(guarded(fine)))
    thread.start()
    for _ in range(2):
        until(children)
        os.kill(children().pop(), signal.SIGKILL)
        time.sleep(0.1)  # it is gone, and the next one has not read its request yet
    thread.join()
    assert [page.error for page in found] == ["", "", ""]


def test_a_child_that_died_while_idle_is_replaced(pool: ParserPool, fine: Path) -> None:
    survey = pool.survey(fine, "fine.pdf")
    (child,) = children()
    os.kill(child, signal.SIGKILL)
    until(lambda: Path(f"/proc/{child}/stat").read_text().split()[2] == "Z")
    assert [page.error for page in pool.pages(fine, survey, 1, 3)] == ["", "", ""]


def test_a_child_ends_when_its_parent_is_gone_even_in_the_midst_of_a_page(tmp_path: Path) -> None:
    laughs(tmp_path / "slow.pdf", NOTHING)
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from ingest.parse import ParserPool\nfrom ingest.settings import Settings\n"
        "ParserPool(Settings()).survey(Path(sys.argv[1]), 'slow.pdf')"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "slow.pdf")]) as parent:
        until(lambda: children(parent.pid))
        (child,) = children(parent.pid)
        time.sleep(1)
        parent.kill()
    until(lambda: not Path(f"/proc/{child}").exists() or Path(f"/proc/{child}/stat").read_text().split()[2] == "Z", 10)


def test_a_pool_that_is_closed_ends_a_child_in_the_middle_of_a_page(tmp_path: Path) -> None:
    laughs(tmp_path / "slow.pdf", NOTHING)
    pool, raised = ParserPool(Settings(parse_seconds=100)), list[Exception]()

    def read() -> None:
        try:
            pool.survey(tmp_path / "slow.pdf", "slow.pdf")
        except ParserStoppedError as error:
            raised.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    until(children)
    time.sleep(1)
    pool.close()
    reader.join(20)
    assert (not reader.is_alive(), len(raised), children()) == (True, 1, set())


def test_a_forked_process_starts_its_own_children(pool: ParserPool, fine: Path) -> None:
    pool.survey(fine, "fine.pdf")
    if not (pid := os.fork()):
        try:
            own = pool.survey(fine, "fine.pdf").page_count == 3 and len(children()) == 1
            pool.close()
        finally:
            os._exit(0 if own else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert pool.survey(fine, "fine.pdf").page_count == 3


def test_the_parent_never_imports_the_reader() -> None:
    code = "import sys, ingest.parse; sys.exit('pymupdf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_childs_refusals_are_raised_as_what_they_are(pool: ParserPool, tmp_path: Path) -> None:
    drawn([(72, 72, "x")]).save(tmp_path / "a.pdf", encryption=5, user_pw="u", owner_pw="o")
    with pytest.raises(EncryptedError, match=r"^encrypted: needs a password$"):
        pool.survey(tmp_path / "a.pdf", "a.pdf")


def test_an_empty_file_is_told(pool: ParserPool, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").touch()
    with pytest.raises(EmptyError, match="the file has no bytes"):
        pool.survey(tmp_path / "a.pdf", "a.pdf")


def test_a_file_over_the_limit_is_told_with_the_setting(tmp_path: Path) -> None:
    with (tmp_path / "a.pdf").open("wb") as file:
        file.truncate(2 << 20)
    with ParserPool(Settings(max_file_mb=1)) as pool, pytest.raises(TooLargeError, match="DOCQA_MAX_FILE_MB allows 1"):
        pool.survey(tmp_path / "a.pdf", "a.pdf")


def test_a_file_that_is_not_there_is_told(pool: ParserPool, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read: no such file"):
        pool.survey(tmp_path / "gone.pdf", "gone.pdf")


def test_a_file_that_cannot_be_opened_in_time_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("*a _b [c](d) " * 300_000)
    with ParserPool(Settings(parse_cpu_seconds=0.5)) as pool, pytest.raises(ParserStoppedError, match="was opened"):
        pool.survey(tmp_path / "a.md", "a.md")
