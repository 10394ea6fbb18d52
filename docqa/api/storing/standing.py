"""How the files of vector stores stand: told by the catalog's documents, and where there is none by the job.

First come the files that were attached, then the documents that came into the collection by another way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from openai.types.static_file_chunking_strategy import StaticFileChunkingStrategy
from openai.types.static_file_chunking_strategy_object import StaticFileChunkingStrategyObject
from openai.types.vector_stores.vector_store_file import LastError, VectorStoreFile

from docqa.api.answers.citing import filename_of, virtual_file
from docqa.api.errors import without_places
from docqa.api.service import Service
from docqa.registry.attachments import Attachment
from docqa.registry.batches import Batch
from docqa.registry.stores import VectorStore
from ingest.catalog.job_rows import Job, JobState
from ingest.catalog.rows import DocumentRow
from ingest.catalog.states import states
from ingest.errors import NotFoundError

FileState = Literal["in_progress", "completed", "failed", "cancelled"]
STATES: dict[str, FileState] = {
    "queued": "in_progress",
    "ingesting": "in_progress",
    "live": "completed",
    "failed": "failed",
}
READ_AT_ONCE = 100
MOST_JOBS = 1_000_000
UNFINISHED: tuple[JobState, ...] = ("running", "paused", "cancelled", "failed")
UNSUPPORTED = ("files of type", "its format")
GIVEN_UP = ("set aside after", "given up after")
REMOVED = "Its document was deleted, or was dropped with another job; attach the file again."


@dataclass(frozen=True)
class Counts:
    """How many files stand how, and the bytes of those that are complete."""

    by_state: dict[FileState, int]
    bytes: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_state.values())


class Standing:
    """How the files of a store stand, at this moment."""

    def __init__(self, service: Service, store: VectorStore) -> None:
        self._service, self._store = service, store
        self._catalog = service.library(store.tenant).catalog
        self._jobs: dict[str, Job | None] = {}

    def attached(self, attachments: Sequence[Attachment]) -> list[VectorStoreFile]:
        """Attached files as the API shows them."""
        rows = self._catalog.holding(self._store.collection, [each.sha256 for each in attachments])
        return [self._attached(each, rows.get(each.sha256)) for each in attachments]

    def unattached(self, row: DocumentRow) -> VectorStoreFile:
        """A document that no upload brought, as a file."""
        return self._attached(self.attachment_of(row), row)

    def attachment_of(self, row: DocumentRow) -> Attachment:
        """What a document's file would be as an attached one."""
        return Attachment(self._store.id, virtual_file(row.id), row.sha256, filename_of(row), row.added)

    def without_document(self, job_id: str) -> tuple[FileState, str]:
        """The state of an attached file that is no document, by the job that attached it; and what went wrong."""
        job = self._job(job_id)
        if job is None or job.state == "finished":
            return "failed", REMOVED
        if job.state == "failed":
            return "failed", f"given up after its job failed: {job.note}"
        return ("cancelled" if job.state == "cancelled" else "in_progress"), ""

    def know(self, jobs: Collection[str]) -> None:
        """Look up jobs that will be asked about: many at once, since a finished job tells as much as none."""
        if len(jobs) > READ_AT_ONCE:
            known = {job.id: job for job in self._catalog.jobs.newest(UNFINISHED, MOST_JOBS)}
            self._jobs |= {id: known.get(id) for id in jobs}

    def _attached(self, attachment: Attachment, row: DocumentRow | None) -> VectorStoreFile:
        state, reason = (STATES[row.state], row.error) if row else self.without_document(attachment.job)
        settings = self._service.settings
        cut = StaticFileChunkingStrategy(
            chunk_overlap_tokens=settings.chunk_overlap, max_chunk_size_tokens=settings.chunk_tokens
        )
        return VectorStoreFile(
            id=attachment.file,
            created_at=int(attachment.created),
            last_error=last_error(reason) if state == "failed" else None,
            object="vector_store.file",
            status=state,
            usage_bytes=row.size if row and state == "completed" else 0,
            vector_store_id=self._store.id,
            attributes=attachment.attributes,
            chunking_strategy=StaticFileChunkingStrategyObject(static=cut, type="static"),
        )

    def _job(self, id: str) -> Job | None:
        if id not in self._jobs:
            try:
                self._jobs[id] = self._catalog.jobs.get(id)
            except NotFoundError:
                self._jobs[id] = None
        return self._jobs[id]


def last_error(reason: str) -> LastError:
    """Why a file could not be taken in, with OpenAI's code for it."""
    if reason.startswith(UNSUPPORTED):
        code: Literal["server_error", "unsupported_file", "invalid_file"] = "unsupported_file"
    else:
        code = "server_error" if reason.startswith(GIVEN_UP) else "invalid_file"
    return LastError(code=code, message=without_places(reason) or "It could not be taken in.")


def counts_of(service: Service, store: VectorStore) -> Counts:
    """How many files of a store stand how."""
    documents = states(service.library(store.tenant).catalog, store.collection)
    by_bytes = {each.sha256: each for each in reversed(documents)}  # of equal bytes the live ones count
    standing, found, attached, missing = Standing(service, store), Counter[FileState](), set[str](), Counter[str]()
    for sha256, job in service.registry.attachments.jobs(store.tenant, store.id):
        attached.add(sha256)
        if row := by_bytes.get(sha256):
            found[STATES[row.state]] += 1
        else:
            missing[job] += 1
    standing.know(missing)
    for job, files in missing.items():
        found[standing.without_document(job)[0]] += files
    found.update(STATES[each.state] for each in documents if each.sha256 not in attached)
    return _counts(found, sum(each.size for each in documents if each.state == "live"))


def counts_of_batch(service: Service, store: VectorStore, batch: Batch) -> Counts:
    """How many files of a batch stand how."""
    files = files_of_batch(service, store, batch)
    hashes = [sha256 for _, sha256 in service.registry.attachments.each(store.tenant, store.id, files=files)]
    rows = service.library(store.tenant).catalog.holding(store.collection, hashes)
    without = Standing(service, store).without_document(batch.job)[0]
    found = Counter(STATES[rows[sha256].state] if sha256 in rows else without for sha256 in hashes)
    return _counts(found, sum(row.size for row in rows.values() if row.state == "live"))


def files_of_batch(service: Service, store: VectorStore, batch: Batch) -> list[str]:
    """The ids of the files that came with a batch, whether they came with others too; some may be gone since."""
    try:
        return list(service.library(store.tenant).catalog.jobs.get(batch.job).arguments["uploads"])
    except NotFoundError:  # then those that came with it first
        return [file for file, _ in service.registry.attachments.each(store.tenant, store.id, batch.id)]


def _counts(found: Counter[FileState], size: int) -> Counts:
    return Counts({state: found[state] for state in (*STATES.values(), "cancelled")}, size)


def unattached_rows(service: Service, store: VectorStore, after: DocumentRow | None) -> Iterable[DocumentRow]:
    """The documents of a store that no upload brought, in the catalog's order, after one of them."""
    catalog, key = service.library(store.tenant).catalog, None
    if after:
        key = (after.collection, after.source, after.id)
    while rows := catalog.page([store.collection], key, READ_AT_ONCE):
        of_uploads = service.registry.attachments.of_documents(
            store.tenant, store.collection, [row.sha256 for row in rows]
        )
        yield from (row for row in rows if row.sha256 not in of_uploads)
        key = (rows[-1].collection, rows[-1].source, rows[-1].id)
