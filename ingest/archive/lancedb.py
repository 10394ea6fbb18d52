"""The embedded archive: one LanceDB table in a folder, shared by any number of threads and processes of one machine.

Writers take turns by a lock on a file beside the table; readers never wait and always see the latest commit.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import count as numbers
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from lancedb.query import ColumnOrdering, LanceQueryBuilder, MatchQuery

from ingest.archive import EVERYTHING, Vectors
from ingest.archive.checks import check_query, check_write
from ingest.archive.lance_query import to_sql
from ingest.archive.lance_rows import CHUNK_COLUMNS, HIT_COLUMNS, table_schema, to_chunk, to_hit, to_rows
from ingest.archive.lance_table import PROBES, REFINE, is_scattered, open_table, plain_errors, tidy, turn
from ingest.archive.ranking import DEPTH, best, fuse
from ingest.archive.words import terms
from ingest.errors import DocqaError
from ingest.types import Chunk, Condition, Filter, Health, Hit, SearchMode

LOOKUP = 1_000  # ids in one look-up
TIDY_EVERY = 16  # commits of this object between two looks at how scattered the table is
NEARLY_FULL = 256 * 2**20  # bytes free below which the archive reports itself ill
T = TypeVar("T")


class LanceArchive:
    """``ingest.archive.Archive`` on LanceDB.

    Args:
        path: folder of the archive, made where there is none.
        embedder: name of the embedder that fills it.
        dimension: length of its vectors.

    Raises:
        EmbedderMismatch: the archive was made with another embedder.
        ArchiveError: it was made by a newer docqa, or is damaged.
    """

    read_ahead = 40  # a few pages: a look-up takes 5 ms whatever it finds, and 0.06 ms more for each chunk
    shared = False

    def __init__(self, path: Path, embedder: str, dimension: int) -> None:
        self._path = path
        self._called = f"The archive at {path}"
        self._dimension = dimension
        self._schema = table_schema(dimension, embedder)
        self._table = open_table(path, self._schema)
        self._commits = numbers(1)

    def put(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """See ``Archive.put``."""
        check_write(self._called, self._dimension, chunks, vectors)
        if not chunks:
            return
        with plain_errors(self._path, "be written to"):
            rows = to_rows(chunks, vectors, self._schema)
        with plain_errors(self._path, "be written to"), turn(self._path):
            self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all().execute(rows)
            self._committed()

    def search(
        self,
        text: str,
        vector: Vectors | None,
        limit: int,
        where: Filter = EVERYTHING,
        mode: SearchMode = "hybrid",
    ) -> list[Hit]:
        """See ``Archive.search``."""
        depth, sql = max(limit, DEPTH) if mode == "hybrid" else limit, to_sql(where)
        rankings = []
        if mode != "vector":
            rankings.append(self._by_keyword(text, depth, sql))
        if mode != "keyword":
            rankings.append(self._by_vector(vector, depth, sql))
        ranked = fuse(rankings) if mode == "hybrid" else rankings[0]
        return ranked[: max(limit, 0)]

    def fetch(self, ids: Sequence[str]) -> list[Chunk]:
        """See ``Archive.fetch``."""
        found = {row["id"]: to_chunk(row) for row in self._rows(ids, CHUNK_COLUMNS)}
        return [found[id] for id in ids if id in found]

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """See ``Archive.vectors``."""
        return {row["id"]: np.asarray(row["vector"], np.float32) for row in self._rows(ids, ["id", "vector"])}

    def neighbours(self, chunk: Chunk, before: int = 1, after: int = 1) -> list[Chunk]:
        """See ``Archive.neighbours``."""
        same = (Condition("document", "eq", chunk.document), Condition("generation", "eq", chunk.generation))
        sql = to_sql(Filter(same))
        earlier = self._in_order(f"{sql} AND ordinal < {chunk.ordinal}", before, ascending=False)
        later = self._in_order(f"{sql} AND ordinal > {chunk.ordinal}", after, ascending=True)
        return self.fetch([*reversed(earlier), *later])

    def ids(self, where: Filter = EVERYTHING) -> Iterator[str]:
        """See ``Archive.ids``. One column of one moment is read, about 40 bytes an id, and no file is held open."""
        sql = to_sql(where)
        column = self._read(lambda: self._scan(sql, ["id"]).to_arrow()["id"])
        for piece in column.chunks:
            yield from piece.to_pylist()

    def count(self, where: Filter = EVERYTHING) -> int:
        """See ``Archive.count``."""
        sql = to_sql(where)
        return self._read(lambda: self._table.count_rows(sql or None))

    def delete(self, where: Filter) -> int:
        """See ``Archive.delete``."""
        sql = to_sql(where) or "true"
        with plain_errors(self._path, "be written to"), turn(self._path):
            doomed = self._table.count_rows(sql)
            if doomed:
                self._table.delete(sql)
                self._committed()
        return doomed

    def optimise(self) -> None:
        """See ``Archive.optimise``."""
        with plain_errors(self._path, "be optimised"), turn(self._path):
            tidy(self._table)

    def health(self) -> Health:
        """See ``Archive.health``."""
        try:
            chunks = sum(1 for _ in self.ids())  # touches every data file
            free = shutil.disk_usage(self._path).free
        except (DocqaError, OSError) as error:
            return Health(False, f"{error} Restore it from a backup, or ingest again into a fresh DOCQA_DATA_DIR.")
        details = {"path": str(self._path), "chunks": str(chunks), "free_mb": str(free // 2**20)}
        if free < NEARLY_FULL:
            return Health(False, f"Only {free // 2**20} MiB are free at {self._path}: make room there.", details)
        return Health(True, f"The archive holds {chunks} chunks.", details)

    def close(self) -> None:
        """See ``Archive.close``. Nothing is held between calls; the table's files are let go with this object."""

    def _committed(self) -> None:
        if next(self._commits) % TIDY_EVERY == 0 and is_scattered(self._table):
            tidy(self._table)

    def _read(self, reading: Callable[[], T]) -> T:
        """Run a read; once more where a writer has just tidied away the version that it began on."""
        with plain_errors(self._path, "be read"):
            try:
                return reading()
            except (RuntimeError, OSError, ValueError) as error:
                if "not found" not in str(error).lower():
                    raise
                return reading()

    def _scan(self, sql: str, columns: list[str]) -> LanceQueryBuilder:
        query = self._table.search().select(columns).limit(None)
        return query.where(sql) if sql else query

    def _rows(self, ids: Sequence[str], columns: list[str]) -> Iterator[dict[str, Any]]:
        distinct = list(dict.fromkeys(ids))
        for at in range(0, len(distinct), LOOKUP):
            some = Condition("id", "any_of", tuple(distinct[at : at + LOOKUP]))
            yield from self._read(self._scan(to_sql(Filter((some,))), columns).to_list)

    def _in_order(self, sql: str, limit: int, ascending: bool) -> list[str]:
        if limit < 1:
            return []
        order = [ColumnOrdering(column_name="ordinal", ascending=ascending)]
        query = self._scan(sql, ["id", "ordinal"]).order_by(order).limit(limit)
        return [row["id"] for row in self._read(query.to_list)]

    def _by_keyword(self, text: str, depth: int, sql: str) -> list[Hit]:
        words = terms(text)
        if not words:
            return []
        match = cast(Any, MatchQuery)(words, "indexed")  # its annotations ask for every default, too
        query = self._table.search(match, query_type="fts").select([*HIT_COLUMNS, "_score"])
        return self._ranked(query, depth, sql, lambda row: float(row["_score"]))

    def _by_vector(self, vector: Vectors | None, depth: int, sql: str) -> list[Hit]:
        vector = check_query(self._called, self._dimension, vector)
        query = self._table.search(vector).distance_type("cosine").refine_factor(REFINE)
        query = query.minimum_nprobes(PROBES).maximum_nprobes(0)  # no upper bound: a strict filter may need them all
        query = query.select([*HIT_COLUMNS, "_distance"])
        return self._ranked(query, depth, sql, lambda row: 1.0 - float(row["_distance"]))

    def _ranked(
        self, query: LanceQueryBuilder, depth: int, sql: str, score: Callable[[dict[str, Any]], float]
    ) -> list[Hit]:
        query = query.where(sql) if sql else query
        return best(lambda deep: [to_hit(row, score(row)) for row in self._read(query.limit(deep).to_list)], depth)
