"""Attached files: what whoever attached them has not done, a worker does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ingest.library import Library
from ingest.parse import ParserPool
from ingest.pipeline.uploads import attach
from ingest.settings import Settings
from ingest.worker.desk import Shelf
from ingest.worker.steps import do_step
from tests.ingest.uploading import do_job, send, states
from tests.ingest.worker.working import Workshop

ROOT = Path(__file__).parents[3]
KILLED = """\
import os, signal, sys
from sqlalchemy import event
from ingest.library import Library
from ingest.pipeline.uploads import attach
from ingest.settings import Settings

with Library.open(Settings()) as library:
    uploads = library.catalog.uploads.page()
    @event.listens_for(library.catalog._engine, "before_cursor_execute")
    def kill(connection, cursor, statement, *_):
        if statement.startswith(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGKILL)
    attach(library, "default", uploads)
"""


def test_a_worker_does_the_step_of_one_who_was_killed_over_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with Library.open(settings) as library:
        uploads = [send(library, "one.txt", b"one word"), send(library, "two.txt", b"two words")]
        environment = os.environ | {"DOCQA_DATA_DIR": str(settings.root)}
        for statement in ("INSERT INTO runs", "INSERT INTO generations"):
            command = [sys.executable, "-c", KILLED, statement]
            assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == -9
        library.catalog.keeping(60).strike()
        assert states(library) == {}
        jobs = library.catalog.jobs.newest()
        assert [(job.step, job.held) for job in jobs] == [("waiting", False)] * 2
        with ParserPool(settings) as pool:
            shelf = Shelf(settings, pool)
            for job in reversed(jobs):
                do_step(shelf, job.id)
            shelf.close()
        assert [do_job(library, job.id).counters.found for job in jobs] == [0, 2]
        assert states(library) == {upload.place: "live" for upload in uploads}


def test_workers_take_attached_files_in_though_nobody_has_woken_them(shop: Workshop) -> None:
    upload = send(shop.library, "attached.txt", b"words that were attached")
    job = attach(shop.library, "attached", [upload])
    assert shop.ended(job.id).counters.finished == 1
    assert states(shop.library, "attached") == {upload.place: "live"}
