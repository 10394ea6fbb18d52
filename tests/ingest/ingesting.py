"""What the tests of an ingest share: small files to take in, ingests in this process and in one of their own."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import pymupdf

from ingest.library import Library
from ingest.pipeline import Progress, ingest
from ingest.settings import Settings
from ingest.types import Chunk

PRELOADED = ["llama_index.core.node_parser", "lance_namespace", "pyarrow", "alembic.command", "tokenizers", "pymupdf"]


def library_at(folder: Path) -> Library:
    """A library in a folder of the test's own, with parts of two pages."""
    return Library.open(Settings(data_dir=folder, part_pages=2))


def write_text(path: Path, subject: str) -> Path:
    """A text of one page about a subject."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"About {subject}\n\nThe {subject} was inspected in March. Nobody found a fault with the {subject}.\n"
    )
    return path


def write_pdf(path: Path, subject: str, pages: int) -> Path:
    """A PDF with a few sentences about a subject on each page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open() as document:
        for number in range(1, pages + 1):
            page = document.new_page()
            page.insert_text((72, 72), f"{subject}, section {number}", fontsize=18)
            page.insert_text((72, 110), f"Section {number} says that the {subject} weighs {number * 17} kilograms.")
        document.save(path)
    return path


def run(library: Library, *paths: Path, collection: str = "default") -> list[Progress]:
    """An ingest to its end, with all that it said."""
    return list(ingest(library, paths, collection))


def reasons(progress: Sequence[Progress], kind: str) -> dict[str, str]:
    """The reasons given for the files of a kind, by file name."""
    return {each.source.rpartition("/")[2]: each.reason for each in progress if each.kind == kind}


def chunks(library: Library) -> list[Chunk]:
    """All chunks of the archive, in order of their ids."""
    return library.archive.fetch(sorted(library.archive.ids()))


def contents(library: Library) -> list[tuple[str, str, str, int]]:
    """What an archive holds, without what differs from run to run: ids, documents, texts, pages."""
    return [(chunk.id, chunk.document, chunk.text, chunk.page) for chunk in chunks(library)]


class Ingesting:
    """An ingest of a folder in a process, and a process group, of its own, that has just begun.

    It comes out of a server that has imported what takes long, so that the time goes into the ingest itself.
    """

    def __init__(self, data: Path, folder: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self._said, said = context.Pipe(duplex=False)
        self._process = context.Process(target=_ingest, args=(data, folder, said))
        self._process.start()
        said.close()
        assert self._said.recv() == "ready"

    def kill(self, seconds: float) -> bool:
        """Kill its process group after a while; whether that ended it, and not its own end a moment before."""
        self._process.join(seconds)
        if self._process.is_alive():
            assert self._process.pid
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.join()
        killed = self._process.exitcode == -signal.SIGKILL
        self._end(-signal.SIGKILL if killed else 0)
        return killed

    def finish(self) -> list[str]:
        """What it has said when it has come to its end, a good one."""
        said = []
        with suppress(EOFError):
            while True:
                said.append(self._said.recv())
        self._end(0)
        return said

    def _end(self, status: int) -> None:
        self._process.join()
        assert self._process.exitcode == status
        self._process.close()
        self._said.close()


def _ingest(data: Path, folder: Path, said: Connection) -> None:
    """What the process does."""
    import lancedb  # noqa: F401  takes long, and kills are to fall into what comes after

    os.setsid()
    said.send("ready")
    with library_at(data) as library:
        for progress in ingest(library, [folder]):
            said.send(f"{progress.kind} {progress.source}")
