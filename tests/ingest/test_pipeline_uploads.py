"""Files that came over the API: kept, attached to collections, taken in and removed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.catalog.job_rows import URGENT
from ingest.errors import EmptyError, NotFoundError
from ingest.library import Library
from ingest.pipeline import delete, watch
from ingest.pipeline.discover import document_id
from ingest.pipeline.uploads import attach, clean_name, keep, remove, sweep, take_uploads
from ingest.settings import Settings
from ingest.verify import verify
from tests.ingest.ingesting import contents, reasons, run, write_text
from tests.ingest.uploading import TEXT, attach_all, do_job, held, send, states

ROOT = Path(__file__).parents[2]
KILLED = """\
import os, signal, sys
from ingest.library import Library
from ingest.pipeline.uploads import keep
from ingest.settings import Settings

with Library.open(Settings()) as library, library.files.receive() as receiving:
    receiving.write(b"words of a file that is lost")
    library.catalog
    folder = str(library.settings.root / "files/default" / receiving.sha256[:2] / receiving.sha256[2:4])
    def kill(event, arguments):
        if event == sys.argv[1] and (event != "open" or str(arguments[0]) == folder):
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(kill)
    keep(library, receiving, "lost.txt", "assistants")
"""


@pytest.fixture
def library(on_both: Settings) -> Iterator[Library]:
    """An empty library, its catalog on either database."""
    with Library.open(on_both.model_copy(update={"part_pages": 2})) as library:
        yield library


def test_a_file_that_was_received_is_known_with_its_bytes(library: Library) -> None:
    upload = send(library, "folder/valve.txt")
    assert library.catalog.uploads.get(upload.id) == upload
    assert (upload.name, upload.size, upload.state, upload.media_type) == (
        "valve.txt",
        len(TEXT),
        "ready",
        "text/plain",
    )
    with library.files.local(upload.sha256) as path:
        assert path.read_bytes() == TEXT


def test_a_file_that_cannot_be_kept_leaves_nothing(library: Library) -> None:
    with library.files.receive() as receiving, pytest.raises(EmptyError):
        keep(library, receiving, "empty.txt", "assistants")
    assert (library.catalog.uploads.hashes(), list(library.files.all())) == ({}, [])


@pytest.mark.parametrize("moment", ["os.rename", "open"])
def test_killed_before_or_after_the_bytes_are_in_their_place_nothing_stays(on_both: Settings, moment: str) -> None:
    environment = os.environ | {"DOCQA_DATA_DIR": str(on_both.root), "DOCQA_CATALOG_URL": on_both.catalog_url}
    killed = subprocess.run([sys.executable, "-c", KILLED, moment], cwd=ROOT, env=environment, check=False)
    assert killed.returncode == -9
    with Library.open(on_both) as library:
        assert len(library.catalog.uploads.hashes()) == 1
        assert len(list(library.files.all())) == (moment == "open")
        assert sweep(library.for_tenant("another")) == 1
        assert (library.catalog.uploads.hashes(), list(library.files.all())) == ({}, [])
        assert [path for path in on_both.root.glob("incoming/*/*") if path.name != "lock"] == []


def test_the_same_bytes_sent_and_deleted_by_many_at_once_are_there_for_as_long_as_one_has_them(
    library: Library,
) -> None:
    def come_and_go(_: int) -> bool:
        upload = send(library)
        there = library.files.has(upload.sha256)
        remove(library, upload.id)
        return there

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(come_and_go, range(60)))
    assert (list(library.files.all()), library.catalog.uploads.hashes()) == ([], {})


def test_an_attached_file_becomes_a_document_whose_id_is_known_before(library: Library) -> None:
    upload = send(library)
    job = attach(library, "pumps", [upload], "ada")
    assert (job.kind, job.priority, job.owner, job.step, job.counters.found) == ("ingest", URGENT, "ada", "done", 1)
    assert states(library, "pumps") == {f"{upload.id}/valve.txt": "queued"}
    assert do_job(library, job.id).state == "finished"
    row = held(library, upload, "pumps")
    assert row
    assert (row.state, row.id) == ("live", document_id("default", "pumps", f"{upload.id}/valve.txt"))
    assert verify(library, deep=True) == []


def test_two_attached_files_with_the_same_bytes_are_one_document(library: Library) -> None:
    one, two = send(library, "one.txt"), send(library, "two.txt")
    job = attach_all(library, [one, two])
    assert (job.state, job.counters.found, job.counters.skipped) == ("finished", 1, 1)
    assert states(library) == {one.place: "live"}
    assert held(library, one) == held(library, two)
    remove(library, one.id)
    assert attach_all(library, [two]).counters.skipped == 1
    assert held(library, two) == held(library, one)


def test_the_same_file_may_be_in_two_collections_and_leaves_them_one_by_one(library: Library) -> None:
    upload = send(library)
    attach_all(library, [upload], "pumps")
    attach_all(library, [upload], "valves")
    pumps, valves = held(library, upload, "pumps"), held(library, upload, "valves")
    assert pumps
    assert valves
    assert len(contents(library)) == 2
    delete(library, pumps.id)
    assert [document for _, document, _, _ in contents(library)] == [valves.id]
    assert held(library, upload, "valves") == valves


def test_a_deleted_document_leaves_the_file_which_can_be_attached_again(library: Library) -> None:
    upload = send(library)
    attach_all(library, [upload])
    [row] = library.catalog.documents()
    delete(library, row.id)
    assert (library.catalog.documents(), library.files.has(upload.sha256)) == ([], True)
    assert verify(library, deep=True) == []
    assert attach_all(library, [upload]).counters.finished == 1


def test_a_deleted_file_leaves_the_document_and_its_bytes(library: Library) -> None:
    upload = send(library)
    attach_all(library, [upload])
    remove(library, upload.id)
    assert (states(library), library.files.has(upload.sha256)) == ({upload.place: "live"}, True)
    assert verify(library, deep=True) == []
    [row] = library.catalog.documents()
    delete(library, row.id)
    assert list(library.files.all()) == []
    with pytest.raises(NotFoundError, match="There is no file"):
        remove(library, upload.id)


def test_a_file_that_was_deleted_before_it_was_taken_in_is_told_and_the_others_are_taken_in(library: Library) -> None:
    gone, there = send(library, "gone.txt", b"some words"), send(library)
    remove(library, gone.id)
    job = attach_all(library, [gone, there])
    assert (job.state, job.counters.unreadable, job.counters.finished) == ("finished", 1, 1)
    [entry] = library.catalog.jobs.log(job.id, ("unreadable",))
    assert (entry.source, entry.message) == (gone.id, "the file was deleted before it was taken in")


def test_a_file_that_is_deleted_while_it_waits_is_taken_in_all_the_same(library: Library) -> None:
    upload = send(library)
    job = attach(library, "default", [upload])
    remove(library, upload.id)
    assert do_job(library, job.id).counters.finished == 1
    assert (states(library), verify(library, deep=True)) == ({upload.place: "live"}, [])


def test_a_file_that_cannot_be_read_fails_with_its_reason_and_can_be_attached_again(library: Library) -> None:
    upload = send(library, "broken.pdf", b"%PDF-1.7 and nothing that makes sense")
    for _ in range(2):
        assert attach_all(library, [upload]).counters.failed == 1
        row = held(library, upload)
        assert row
        assert (row.state, row.error) == ("failed", "damaged: no page could be read")


def test_attaching_that_was_broken_off_is_gone_on_with_and_counts_nothing_twice(library: Library) -> None:
    uploads, catalog = [send(library, f"{number}.txt", b"words %d" % number) for number in range(70)], library.catalog
    job = catalog.jobs.create("ingest", "default", {"uploads": [each.id for each in uploads]}, "", URGENT)
    first, second = catalog.leases.begin(), catalog.leases.begin()
    assert catalog.jobs.begin_step(first, job.id)
    catalog.jobs.pause(job.id)
    assert not take_uploads(library, first, job)
    assert catalog.jobs.get(job.id).counters.found == 64
    catalog.leases.end(first)
    catalog.jobs.resume(job.id)
    assert catalog.jobs.begin_step(second, job.id)
    assert take_uploads(library, second, job)
    counters = catalog.jobs.get(job.id).counters
    assert (counters.found, counters.skipped, counters.unreadable) == (70, 0, 0)


def test_a_cancelled_job_attaches_nothing(library: Library) -> None:
    upload = send(library)
    job = attach(library, "default", [upload])
    assert library.catalog.jobs.cancel(job.id).state == "cancelled"
    assert (held(library, upload), library.catalog.uploads.get(upload.id)) == (None, upload)
    assert attach_all(library, [upload]).counters.finished == 1


def test_a_document_that_came_from_a_path_stays_when_its_file_changes_if_it_was_attached_too(
    library: Library, tmp_path: Path
) -> None:
    path = write_text(tmp_path / "in/pump.txt", "pump")
    run(library, path)
    upload = send(library, "pump.txt", path.read_bytes())
    assert attach_all(library, [upload]).counters.skipped == 1
    assert states(library) == {str(path): "live"}
    write_text(path, "fan")
    run(library, path)
    assert states(library) == {str(path): "live", upload.place: "live"}
    assert verify(library, deep=True) == []


def test_a_path_with_the_bytes_of_an_attached_file_is_that_document_and_takes_it_over_when_the_file_is_deleted(
    library: Library, tmp_path: Path
) -> None:
    upload = send(library)
    attach_all(library, [upload])
    (path := tmp_path / "valve.txt").write_bytes(TEXT)
    assert reasons(run(library, path), "skipped") == {"valve.txt": f"already in the library as {upload.place}"}
    remove(library, upload.id)
    run(library, path)
    assert states(library) == {str(path): "live"}


def test_a_watch_that_drops_what_is_gone_leaves_what_was_attached_too(library: Library, tmp_path: Path) -> None:
    paths = [write_text(tmp_path / f"in/{name}.txt", name) for name in ("pump", "valve")]
    run(library, *paths)
    attach_all(library, [send(library, "pump.txt", paths[0].read_bytes())])
    for path in paths:
        path.unlink()
    watched = list(watch(library, [tmp_path / "in"], every=0, drop_many=True, once=True))
    assert [each.source for each in watched if each.kind == "dropped"] == [str(paths[1])]
    assert states(library) == {str(paths[0]): "live"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\Reports\a.pdf", "a.pdf"),
        ("a\0b\x1b.pdf", "ab.pdf"),
        ("a\nb\u3000c.md", "a b c.md"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("x." + "y" * 300, "x." + "y" * 198),
        ("re\u202efdp.txt", "refdp.txt"),
        ("\ud800.txt", ".txt"),
        ("..", "file"),
        ("folder/", "file"),
        ("", "file"),
    ],
)
def test_a_name_is_kept_without_what_could_do_harm(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_a_file_with_a_harmful_name_is_taken_in_like_any_other(library: Library) -> None:
    upload = send(library, "../../" + "ü" * 300 + "\0.txt")
    attach_all(library, [upload])
    assert states(library) == {f"{upload.id}/{'ü' * 196}.txt": "live"}
    assert library.catalog.find(upload.name) == library.catalog.documents()
