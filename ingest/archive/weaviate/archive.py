"""The archive on a Weaviate server or cluster: one collection an embedder, one of Weaviate's tenants a tenant."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, wait
from typing import Any, TypeVar

import numpy as np
from weaviate.classes.config import ConsistencyLevel
from weaviate.classes.query import Filter as By
from weaviate.classes.query import HybridFusion, MetadataQuery, Sort
from weaviate.exceptions import WeaviateInsertManyAllFailedError

from ingest.archive import EVERYTHING, Vectors
from ingest.archive.checks import check_query, check_write
from ingest.archive.ranking import DEPTH, best, fuse
from ingest.archive.weaviate.errors import Refused, is_absent
from ingest.archive.weaviate.filters import Selection, between, countable, everything, is_id, select
from ingest.archive.weaviate.hybrid import joined
from ingest.archive.weaviate.objects import CHUNK_PROPERTIES, LIGHT, VECTOR, WORDS, to_chunk, to_hit, to_object
from ingest.archive.weaviate.schema import tenant_of
from ingest.archive.weaviate.server import Server
from ingest.archive.words import stems, terms
from ingest.errors import ArchiveError
from ingest.types import Chunk, Filter, Health, Hit, SearchMode

MOST_HITS = 10_000  # a server gives no more for one query
LOOKUP = 200  # ids in one look-up: an answer may have 100 MB, and a text 100,000 characters
PAGE = 5_000  # ids in one listing, about
BATCH_BYTES = 8 << 20  # of text in one batch at most
_ALL_IDS = 1 << 128
T = TypeVar("T")


class WeaviateArchive:
    """``ingest.archive.Archive`` on Weaviate.

    Args:
        server: the connection.
        collection: the collection, or an alias of it; it is there and has the expected schema.
        dimension: length of its vectors.
    """

    read_ahead = 0
    shared = True

    def __init__(self, server: Server, collection: str, dimension: int) -> None:
        self._server = server
        self._settings = server.settings
        self._name = collection
        self._tenant = tenant_of(server.settings.tenant)
        self._dimension = dimension
        self._called = f"The archive at {server.settings.weaviate_url}"
        self._view: tuple[object, Any] = (None, None)

    def put(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """See ``Archive.put``. A server that is away is waited for; what it has confirmed is not sent again."""
        check_write(self._called, self._dimension, chunks, vectors)
        _check_texts(chunks)
        batches = _batches(chunks, self._settings.weaviate_batch, self._settings.weaviate_writers)
        with self._server.told_when_slow():
            writers = self._server.writers()
            try:
                jobs = [writers.submit(self._insert, chunks[a:b], vectors[a:b]) for a, b in batches]
            except RuntimeError as error:  # the pool was shut down in this moment
                raise ArchiveError(f"{self._called} was closed while it was written to.") from error
            _, left = wait(jobs, return_when=FIRST_EXCEPTION)
            for job in left:
                job.cancel()  # one has failed: those that run end by themselves, the others do not begin
            wait(jobs)
        for job in jobs:
            if not job.cancelled():
                job.result()

    def search(
        self,
        text: str,
        vector: Vectors | None,
        limit: int,
        where: Filter = EVERYTHING,
        mode: SearchMode = "hybrid",
    ) -> list[Hit]:
        """See ``Archive.search``. A hybrid search is one query, whose halves are joined anew (docs/decisions/0006)."""
        if mode != "keyword":
            vector = check_query(self._called, self._dimension, vector)
        selection, words = select(where), terms(stems(text))
        if selection.nothing or limit < 1:
            return []
        if mode == "keyword":
            return self._by_keyword(words, limit, selection)
        if mode == "vector":
            return self._by_vector(vector, limit, selection)
        return self._hybrid(words, vector, min(max(limit, DEPTH), MOST_HITS), selection)[:limit]

    def fetch(self, ids: Sequence[str]) -> list[Chunk]:
        """See ``Archive.fetch``."""
        rows = self._rows(ids, return_properties=CHUNK_PROPERTIES)
        found = {str(row.uuid): to_chunk(str(row.uuid), row.properties) for row in rows}
        return [found[id] for id in ids if id in found]

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """See ``Archive.vectors``."""
        rows = self._rows(ids, return_properties=[], include_vector=[VECTOR])
        return {str(row.uuid): np.asarray(row.vector[VECTOR], np.float32) for row in rows}

    def neighbours(self, chunk: Chunk, before: int = 1, after: int = 1) -> list[Chunk]:
        """See ``Archive.neighbours``."""
        same = By.by_property("document").equal(chunk.document) & By.by_property("generation").equal(chunk.generation)
        ordinal = By.by_property("ordinal")
        earlier = self._in_order(same & ordinal.less_than(chunk.ordinal), before, ascending=False)
        return [*reversed(earlier), *self._in_order(same & ordinal.greater_than(chunk.ordinal), after, ascending=True)]

    def ids(self, where: Filter = EVERYTHING) -> Iterator[str]:
        """See ``Archive.ids``. They are listed by ranges of ids, since a server pages no further than its limit."""
        selection, total = select(where), self.count(where)
        step = _ALL_IDS // max(1, -(-total // PAGE)) + 1
        ranges = [(start, min(start + step, _ALL_IDS)) for start in range(0, _ALL_IDS, step)] if total else []
        while ranges:
            start, end = ranges.pop()
            whole = end - start >= _ALL_IDS
            narrowed = selection if whole else selection.also(between(_id_at(start), _id_at(end)))
            some = self._listed(narrowed)
            if len(some) < MOST_HITS:
                yield from some
            else:
                ranges += [(start, (start + end) // 2), ((start + end) // 2, end)]

    def count(self, where: Filter = EVERYTHING) -> int:
        """See ``Archive.count``."""
        selection = select(where)
        if selection.nothing:
            return 0
        use, condition = self._use, countable(selection.where, self._settings.weaviate_replicas)
        return self._read(lambda: use().aggregate.over_all(filters=condition, total_count=True).total_count or 0, 0)

    def delete(self, where: Filter) -> int:
        """See ``Archive.delete``. A server removes 10,000 at most at once, so it is asked until none is left."""
        selection, found = select(where), self.count(where)
        condition, ends = selection.where or everything(), time.monotonic() + self._settings.weaviate_patience
        left = found
        while left:
            with self._server.told_when_slow():
                self._server.writing(lambda: self._use().data.delete_many(where=condition))
            before, left = left, self.count(where)
            if left >= before:
                if time.monotonic() > ends:
                    raise ArchiveError(f"{self._called} keeps {left} chunks that it was told to delete: try it again.")
                time.sleep(0.5)
        return found

    def optimise(self) -> None:
        """See ``Archive.optimise``. A server does it by itself."""

    def health(self) -> Health:
        """See ``Archive.health``: whether REST and gRPC answer and this tenant's shard can be written."""
        from ingest.archive.weaviate.health import health

        return health(self._server, self._name, self._tenant)

    def close(self) -> None:
        """See ``Archive.close``."""
        self._server.close()

    def _use(self) -> Any:
        """The client's view of this tenant; made anew where the client is another one, as after a fork."""
        client = self._server.client
        if self._view[0] is not client:
            level = ConsistencyLevel(self._settings.weaviate_consistency)
            use = client.collections.use(self._name).with_tenant(self._tenant).with_consistency_level(level)
            self._view = (client, use)
        return self._view[1]

    def _read(self, call: Callable[[], T], nothing: T) -> T:
        """What a read gives; ``nothing`` where the tenant has never had a chunk."""

        def read() -> T:
            try:
                return call()
            except Exception as error:
                if is_absent(error):
                    return nothing
                raise

        return self._server.reading(read)

    def _insert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Send a batch until the server has confirmed every object of it."""
        left = [to_object(chunk, vector) for chunk, vector in zip(chunks, vectors, strict=True)]

        def send() -> None:
            try:
                refused = {at: error.message for at, error in self._use().data.insert_many(left).errors.items()}
            except WeaviateInsertManyAllFailedError as error:
                refused = dict.fromkeys(range(len(left)), error.message)
            if refused:
                left[:] = [left[at] for at in sorted(refused)]
                raise Refused({str(each.uuid): refused[at] for each, at in zip(left, sorted(refused), strict=True)})

        self._server.writing(send)

    def _hybrid(self, words: str, vector: Vectors | None, depth: int, selection: Selection) -> list[Hit]:
        """Both rankings joined, out of one query where that tells enough, else out of one each."""
        assert vector is not None

        def read() -> Sequence[Any]:
            rows: Sequence[Any] = self._use().query.hybrid(
                words, vector={VECTOR: vector.tolist()}, target_vector=VECTOR, query_properties=[WORDS], alpha=0.5,
                limit=depth, filters=selection.where, fusion_type=HybridFusion.RELATIVE_SCORE,
                return_metadata=MetadataQuery(score=True, explain_score=True), return_properties=[LIGHT],
            ).objects  # fmt: skip
            return rows

        found = joined(self._read(read, []), depth) if words else None
        if found is None:
            found = fuse([self._by_keyword(words, depth, selection), self._by_vector(vector, depth, selection)])
        return found

    def _by_keyword(self, words: str, depth: int, selection: Selection) -> list[Hit]:
        if not words:
            return []

        def read(deep: int) -> list[Hit]:
            found = self._use().query.bm25(
                words, query_properties=[WORDS], limit=deep, filters=selection.where,
                return_metadata=MetadataQuery(score=True), return_properties=[LIGHT],
            ).objects  # fmt: skip
            return [to_hit(str(row.uuid), row.properties, row.metadata.score) for row in found]

        return best(lambda deep: self._read(lambda: read(deep), []), depth, MOST_HITS)

    def _by_vector(self, vector: Vectors | None, depth: int, selection: Selection) -> list[Hit]:
        assert vector is not None
        numbers = vector.tolist()

        def read(deep: int) -> list[Hit]:
            found = self._use().query.near_vector(
                numbers, target_vector=VECTOR, limit=deep, filters=selection.where,
                return_metadata=MetadataQuery(distance=True), return_properties=[LIGHT],
            ).objects  # fmt: skip
            return [to_hit(str(row.uuid), row.properties, 1.0 - row.metadata.distance) for row in found]

        return best(lambda deep: self._read(lambda: read(deep), []), depth, MOST_HITS)

    def _rows(self, ids: Sequence[str], **wanted: Any) -> Iterator[Any]:
        known = [id for id in dict.fromkeys(ids) if is_id(id)]
        for at in range(0, len(known), LOOKUP):
            yield from self._objects(By.by_id().contains_any(known[at : at + LOOKUP]), LOOKUP, **wanted)

    def _in_order(self, where: Any, limit: int, ascending: bool) -> list[Chunk]:
        if limit < 1:
            return []
        sort = Sort.by_property("ordinal", ascending=ascending)
        rows = self._objects(where, limit, sort=sort, return_properties=CHUNK_PROPERTIES)
        return [to_chunk(str(row.uuid), row.properties) for row in rows]

    def _listed(self, selection: Selection) -> list[str]:
        return [str(row.uuid) for row in self._objects(selection.where, MOST_HITS, return_properties=[])]

    def _objects(self, where: Any, limit: int, **wanted: Any) -> Sequence[Any]:
        nothing: Sequence[Any] = []
        return self._read(
            lambda: self._use().query.fetch_objects(filters=where, limit=limit, **wanted).objects, nothing
        )


def _id_at(number: int) -> str:
    """The UUID of a number, as text; for the number after the last one a text behind all of them."""
    digits = f"{number:032x}"
    if number == _ALL_IDS:
        return "g"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _check_texts(chunks: Sequence[Chunk]) -> None:
    """Refuse what cannot be sent, before anything is."""
    for chunk in chunks:
        texts = (chunk.title, chunk.text, chunk.prefix, chunk.document, chunk.generation, chunk.collection)
        try:
            "".join((*texts, *chunk.headings, *chunk.columns, *chunk.names, *chunk.title_keys)).encode()
        except UnicodeEncodeError as error:
            raise ArchiveError(f"The text of chunk {chunk.id} is not valid Unicode: {error.reason}.") from None
        if not is_id(chunk.id):
            raise ArchiveError(f"'{chunk.id}' cannot be the id of a chunk in Weaviate: it is not a UUID.")


def _batches(chunks: Sequence[Chunk], most: int, writers: int) -> Iterator[tuple[int, int]]:
    """Runs of chunks, from and to, of one size that keeps all writers busy to the end; fewer where texts are long."""
    rounds = -(-len(chunks) // (most * writers))
    size = max(-(-len(chunks) // (rounds * writers)), most // writers) if chunks else 0
    start = bytes = 0
    for at, chunk in enumerate(chunks):
        length = 4 * (len(chunk.text) + len(chunk.prefix))
        if at > start and (at - start >= size or bytes + length > BATCH_BYTES):
            yield start, at
            start, bytes = at, 0
        bytes += length
    if chunks:
        yield start, len(chunks)
