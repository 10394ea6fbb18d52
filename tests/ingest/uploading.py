"""What the tests of uploads share: files received, attached and taken in without a worker beside."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.catalog.job_rows import Job
from ingest.catalog.rows import DocumentRow
from ingest.catalog.uploads import Upload
from ingest.library import Library
from ingest.parse import ParserPool
from ingest.pipeline.taking import Taker
from ingest.pipeline.uploads import attach, keep

TEXT = b"About valves\n\nThe valve was inspected in March. Nobody found a fault with the valve.\n"


def send(library: Library, name: str = "valve.txt", data: bytes = TEXT, purpose: str = "assistants") -> Upload:
    """A file as it comes over a network, kept."""
    with library.files.receive() as receiving:
        receiving.write(data)
        return keep(library, receiving, name, purpose, "text/plain")


def do_job(library: Library, job: str) -> Job:
    """Survey the documents of a job and do its parts, as a worker does; returns the job as it is then."""
    catalog = library.catalog
    with ParserPool(library.settings) as pool:
        taker, run = Taker(library, pool), catalog.leases.begin()
        while works := catalog.leases.surveys(run, job, 16):
            taker.survey(run, job, works)
        while leases := catalog.leases.parts(run, job, 16):
            taker.take(run, job, leases)
        taker.close()
        catalog.leases.end(run)
    return catalog.jobs.get(job)


def attach_all(library: Library, uploads: Sequence[Upload], collection: str = "default") -> Job:
    """Files attached to a collection and taken in."""
    return do_job(library, attach(library, collection, uploads).id)


def held(library: Library, upload: Upload, collection: str = "default") -> DocumentRow | None:
    """The document that has a file's bytes."""
    return library.catalog.holding(collection, [upload.sha256]).get(upload.sha256)


def states(library: Library, collection: str = "default") -> dict[str, str]:
    """The state of each document of a collection, by its source."""
    return {row.source: row.state for row in library.catalog.documents([collection])}
