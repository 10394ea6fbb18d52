"""Files that vanish, change, come twice or are deleted between their submission and the end of their job."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.pipeline import delete
from ingest.verify import verify
from tests.ingest.ingesting import run, write_text
from tests.ingest.worker.working import Workshop, write_sentences

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(autouse=True)
def _released(shop: Workshop) -> object:
    """Held documents wait until the test lets them go; verification has nothing to say afterwards."""
    shop.hold()
    yield
    shop.release()
    shop.until(shop.idle)


def held(shop: Workshop, path: Path, pages: int = 4) -> str:
    """A job of a PDF of which the workers hold a part."""
    job = shop.submit(write_sentences(path, pages), collection=path.parent.name)
    shop.until(lambda: shop.begun(path.name))
    return job


def test_a_file_that_vanished_after_its_submission_is_taken_in(shop: Workshop) -> None:
    job = held(shop, shop.inputs / "vanished" / "held-vanished.pdf")
    (shop.inputs / "vanished" / "held-vanished.pdf").unlink()
    shop.release()
    assert shop.ended(job).counters.finished == 1
    assert len(shop.texts("vanished")) == 4


def test_of_a_file_that_changed_the_submitted_bytes_are_taken_in_and_then_replaced(shop: Workshop) -> None:
    path = shop.inputs / "changed" / "held-changed.pdf"
    job = held(shop, path)
    write_sentences(path, 6)
    shop.release()
    assert shop.ended(job).counters.finished == 1
    assert len(shop.texts("changed")) == 4
    assert shop.ended(shop.submit(path, collection="changed")).counters.finished == 1
    shop.until(lambda: len(shop.texts("changed")) == 6)


def test_an_original_that_is_lost_is_taken_from_its_old_place(shop: Workshop) -> None:
    path = shop.inputs / "lost" / "held-lost.pdf"
    job = held(shop, path)
    shop.lose(path)
    shop.release()
    assert shop.ended(job).counters.finished == 1
    assert shop.kept(path) == [path]


def test_an_original_that_is_lost_in_both_places_fails_with_a_sentence(shop: Workshop) -> None:
    path = shop.inputs / "nowhere" / "held-nowhere.pdf"
    job = held(shop, path)
    shop.lose(path)
    path.unlink()
    shop.release()
    assert shop.ended(job).counters.failed == 1
    assert "docqa verify" in shop.reasons(job)["held-nowhere.pdf"]


def test_the_same_file_in_two_jobs_is_taken_in_once(shop: Workshop) -> None:
    first = held(shop, shop.inputs / "twice" / "held-twice.pdf")
    second = shop.submit(shop.inputs / "twice", collection="twice")
    shop.release()
    ended = [shop.ended(job).counters for job in (first, second)]
    assert [(each.finished, each.skipped) for each in ended] == [(1, 0), (0, 1)]
    assert set(shop.begun("held-twice").values()) == {1}


def test_a_document_that_is_deleted_while_it_is_read_is_gone(shop: Workshop) -> None:
    path = shop.inputs / "deleted" / "held-deleted.pdf"
    job = held(shop, path, pages=40)
    (row,) = shop.library.catalog.documents(["deleted"])
    delete(shop.library, row.id)
    shop.release()
    assert shop.ended(job).state == "finished"
    shop.until(lambda: not shop.kept(path))
    assert (shop.states("deleted"), shop.texts("deleted")) == ({}, [])
    assert len(shop.begun("held-deleted")) <= 2


def test_a_newer_version_waits_for_the_older_one_and_replaces_it(shop: Workshop) -> None:
    path = shop.inputs / "newer" / "held-newer.pdf"
    older = held(shop, path)
    write_sentences(path, 8)
    assert shop.job(shop.submit(path, collection="newer")).counters.skipped == 1
    shop.release()
    shop.ended(older)
    assert shop.ended(shop.submit(path, collection="newer")).counters.finished == 1
    shop.until(lambda: len(shop.texts("newer")) == 8)


def test_a_changed_file_is_live_in_one_version_throughout(shop: Workshop) -> None:
    path = write_sentences(shop.inputs / "switch" / "held-switch.pdf", 4)
    shop.release()
    shop.ended(shop.submit(path, collection="switch"))
    shop.hold()
    job = held(shop, path, pages=12)
    assert shop.states("switch") == {"held-switch.pdf": "live"}
    (row,) = shop.library.catalog.documents(["switch"])
    assert row.pages == 4
    shop.release()
    assert shop.ended(job).counters.finished == 1
    (row,) = shop.library.catalog.documents(["switch"])
    assert row.pages == 12


def test_a_file_that_a_process_of_its_own_takes_in_is_left_to_it(shop: Workshop) -> None:
    path = write_text(shop.inputs / "both" / "pump.txt", "pump of both")
    assert run(shop.library, path, collection="both")[-1].totals.finished == 1
    assert shop.ended(shop.submit(path, collection="both")).counters.skipped == 1


def test_in_the_end_catalog_archive_and_files_agree(shop: Workshop) -> None:
    shop.until(lambda: not shop.library.catalog.ledger.leftovers())
    assert verify(shop.library, deep=True) == []
