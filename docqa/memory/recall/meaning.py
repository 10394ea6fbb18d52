"""Messages found by their meaning: vectors of what was spoken, made in batches, compared in memory.

A user's spoken messages are few enough (thousands, seldom a hundred thousand) to compare a question with all of them,
which is exact and needs no index beside the database.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, func, or_, select, update

from docqa.memory.recall.database import Database
from docqa.memory.recall.tables import messages, owners, vectors
from ingest.errors import DocqaError

if TYPE_CHECKING:
    from ingest.embed import Embedder
    from ingest.library import Library

EMBEDDED_CHARS = 1500
BATCH = 64
READ_AT_ONCE = 5000
COMPARED_AT_ONCE = 8192
SECONDS_OF_REST = 30.0  # a search does not wait for an embedder that has just failed

log = logging.getLogger(__name__)


class Vectors:
    """The vectors of one owner by one embedder, as far as they have been read; read on from where that ended."""

    def __init__(self, dimension: int) -> None:
        self._lock = threading.Lock()
        self._dimension = dimension
        self._empty()

    def _empty(self) -> None:
        self._revision = 0
        self._count = 0
        self._places: dict[int, int] = {}
        self._ids: NDArray[np.int64] = np.zeros(0, np.int64)
        self._matrix: NDArray[np.float16] = np.zeros((0, self._dimension), np.float16)

    def nearest(
        self, connection: Connection, owner: int, embedder: str, query: NDArray[np.float32], most: int
    ) -> list[int]:
        """Ids of the messages whose vectors are nearest to a query's, the nearest first, of equals the newest."""
        with self._lock:
            self._read_on(connection, owner, embedder)
            ids, matrix = self._ids[: self._count], self._matrix[: self._count]
        starts = range(0, len(ids), COMPARED_AT_ONCE)  # numpy multiplies 16-bit numbers slowly: widened piece by piece
        parts = [matrix[start : start + COMPARED_AT_ONCE].astype(np.float32) @ query for start in starts]
        scores = np.concatenate([np.zeros(0, np.float32), *parts])
        return [int(id) for id in ids[np.lexsort((-ids, -scores))[:most]]]

    def _read_on(self, connection: Connection, owner: int, embedder: str) -> None:
        """Take in what changed since the last time: revisions grow in the order in which their changes are seen."""
        now = connection.execute(select(owners.c.revision, owners.c.forgotten).where(owners.c.id == owner)).one()
        if now.forgotten > self._revision:
            self._empty()
        if now.revision == self._revision:
            return
        new = select(vectors.c.message, vectors.c.vector).where(
            vectors.c.owner == owner, vectors.c.embedder == embedder, vectors.c.revision > self._revision
        )
        for rows in connection.execute(new).partitions(READ_AT_ONCE):
            self._take([row.message for row in rows], b"".join(row.vector for row in rows))
        self._revision = now.revision

    def _take(self, ids: Sequence[int], numbers: bytes) -> None:
        given = np.frombuffer(numbers, np.float16).reshape(len(ids), self._dimension)
        places = [self._places.setdefault(id, len(self._places)) for id in ids]
        self._count = len(self._places)
        if self._count > len(self._ids):  # searches that run keep the arrays that they have
            room = max(self._count, 2 * len(self._ids), 1024) - len(self._ids)
            self._ids = np.concatenate([self._ids, np.zeros(room, np.int64)])
            self._matrix = np.concatenate([self._matrix, np.zeros((room, self._dimension), np.float16)])
        self._ids[places] = ids
        self._matrix[places] = given


class Meanings:
    """Makes and compares the vectors of one owner. Safe to use from any thread.

    An embedder that fails is no error here: what it would have found is found by its words alone.
    """

    def __init__(self, database: Database, library: Library, owner: int) -> None:
        self._database = database
        self._library = library
        self._owner = owner
        self._indexing = threading.Lock()
        self._choosing = threading.Lock()
        self._kept: dict[tuple[str, int], Vectors] = {}
        self._rest_until = 0.0

    def index(self, most: int, wait: bool = True) -> None:
        """Make up to ``most`` vectors that lack, the newest first. Without ``wait``: none where a thread is at it."""
        if (embedder := self._embedder()) is None or not self._indexing.acquire(blocking=wait):
            return
        try:
            lacking = self._lacking(embedder.name, most)
            for at in range(0, len(lacking), BATCH):
                if not self._index_batch(embedder, lacking[at : at + BATCH]):
                    return
        finally:
            self._indexing.release()

    def nearest(self, query: str, most: int) -> list[int]:
        """Ids of the messages nearest to a query in meaning, the nearest first; none where there is no embedder."""
        if (embedder := self._embedder()) is None or (asked := self._embed(embedder, [query])) is None:
            return []
        with self._choosing:
            kept = self._kept.setdefault((embedder.name, embedder.dimension), Vectors(embedder.dimension))
        with self._database.reading() as connection:
            return kept.nearest(connection, self._owner, embedder.name, asked[0], most)

    def _lacking(self, embedder: str, most: int) -> list[int]:
        """Messages without a vector of this embedder, the newest first."""
        other = or_(vectors.c.embedder < embedder, vectors.c.embedder > embedder)  # two ranges of the index
        chosen = select(vectors.c.message).where(vectors.c.owner == self._owner, other)
        with self._database.reading() as connection:
            return list(connection.execute(chosen.order_by(vectors.c.message.desc()).limit(most)).scalars())

    def _index_batch(self, embedder: Embedder, ids: Sequence[int]) -> bool:
        beginning = func.substr(messages.c.content, 1, EMBEDDED_CHARS)
        with self._database.reading() as connection:
            rows = connection.execute(select(messages.c.id, beginning).where(messages.c.id.in_(ids))).all()
        if rows and (made := self._embed(embedder, [text for _, text in rows])) is not None:
            with self._database.writing() as connection:
                revision = next_revision(connection, self._owner)
                values = [
                    {"of": id, "made": vector.astype(np.float16).tobytes()}
                    for (id, _), vector in zip(rows, made, strict=True)
                ]
                new = {"embedder": embedder.name, "revision": revision, "vector": bindparam("made")}
                connection.execute(update(vectors).where(vectors.c.message == bindparam("of")).values(new), values)
            return True
        return not rows

    def _embedder(self) -> Embedder | None:
        if time.monotonic() < self._rest_until:
            return None
        try:
            return self._library.embedder
        except DocqaError as error:
            self._failed(error)
            return None

    def _embed(self, embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32] | None:
        try:
            return embedder.embed(texts)
        except DocqaError as error:
            self._failed(error)
            return None

    def _failed(self, error: DocqaError) -> None:
        self._rest_until = time.monotonic() + SECONDS_OF_REST
        log.warning("Conversations are searched by words alone: %s", error)


def next_revision(connection: Connection, owner: int) -> int:
    """The number of a change of an owner's vectors. Until it is committed no other process gets the next one."""
    grown = update(owners).where(owners.c.id == owner).values(revision=owners.c.revision + 1)
    return int(connection.execute(grown.returning(owners.c.revision)).scalar_one())
