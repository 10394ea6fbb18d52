"""Keeping a LanceDB table: opening it, taking turns at writing, indexes, compaction, and errors in plain words."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import lancedb
import pyarrow as pa
from lancedb.index import FTS, Bitmap, BTree, IvfSq, LabelList
from lancedb.table import LanceTable

from ingest.archive.lance_rows import SCHEMA_VERSION
from ingest.errors import ArchiveError, DocqaError, EmbedderMismatch, StorageFullError

NAME = "chunks"
MOST_FRAGMENTS = 64
ROWS_PER_FRAGMENT = 2_000
VECTOR_INDEX_FROM = 20_000  # rows from which an approximate index beats comparing with every vector
MOST_SEGMENTS = 8
INDEX_CACHE, METADATA_CACHE = 256 * 2**20, 64 * 2**20  # bytes; LanceDB would take 7 GiB
KEEP_VERSIONS = timedelta(seconds=60)  # for readers that are in the middle of a query

# How words are told apart and stemmed: to be changed here only. It takes effect for archives made afterwards.
KEYWORD_INDEX = FTS(
    base_tokenizer="simple",
    language="English",
    lower_case=True,
    stem=True,
    remove_stop_words=True,
    ascii_folding=True,
    with_position=False,
)
_LIST_INDEXES = {"names": LabelList(), "title_keys": LabelList()}
_INDEXES: dict[str, Any] = {
    "indexed": KEYWORD_INDEX,
    "id": BTree(),
    "document": BTree(),
    "generation": BTree(),
    "collection": Bitmap(),
    **_LIST_INDEXES,
}
# Vectors in partitions, a byte a number: built in seconds, brought up to date at once, and exact up to about 160,000
# chunks, since all partitions are read; the best are compared again with their full vectors.
VECTOR_INDEX = IvfSq(distance_type="cosine")
PROBES = 20
REFINE = 2


@contextmanager
def plain_errors(path: Path, doing: str) -> Iterator[None]:
    """Turns what LanceDB and the file system raise into one sentence for the user."""
    try:
        yield
    except DocqaError:
        raise
    except (RuntimeError, OSError, ValueError) as error:  # LanceDB raises any of them for one and the same cause
        if "No space left on device" in str(error) or "os error 28" in str(error):
            raise StorageFullError(
                f"No space is left at {path}, so the archive could not {doing}: make room there and run it again."
            ) from error
        raise ArchiveError(f"The archive at {path} could not {doing}: {error}") from error


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """One writer at a time, among all threads and processes of this machine; a killed one gives its turn back."""
    with open(path / "writers.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:  # closing would not do where a child process was forked meanwhile and has the file open too
            fcntl.flock(lock, fcntl.LOCK_UN)


def open_table(path: Path, schema: pa.Schema) -> LanceTable:
    """The table in a folder, made with its indexes where there is none.

    Every read sees the newest commit of any process.

    Raises:
        EmbedderMismatch: it was made with another embedder than the schema's metadata names.
        ArchiveError: it was made by a newer docqa, or is damaged.
    """
    with plain_errors(path, "be opened"):
        path.mkdir(parents=True, exist_ok=True)
        session = lancedb.Session(index_cache_size_bytes=INDEX_CACHE, metadata_cache_size_bytes=METADATA_CACHE)
        database = lancedb.connect(path, read_consistency_interval=timedelta(0), session=session)
        if not _has_commits(path):
            with turn(path):
                if not _has_commits(path):
                    database.create_table(NAME, schema=schema)
        table = cast(LanceTable, database.open_table(NAME))
        check_origin(path, table.schema, schema)
        if len(indexed(table)) < len(_INDEXES):
            # Without them a search reads the columns themselves: slower, and better than no answer on a full disk.
            with suppress(RuntimeError, OSError, ValueError), turn(path):
                _make_indexes(table)
    return table


def _has_commits(path: Path) -> bool:
    """Whether the table was ever made; raises where it lost its commits but still has data."""
    folder = path / f"{NAME}.lance"
    if any((folder / "_versions").glob("*.manifest")):
        return True
    if any((folder / "data").glob("*")):
        raise ArchiveError(f"The archive at {path} is damaged: its list of versions is gone. Restore it from a backup.")
    return False


def check_origin(path: Path, found: pa.Schema, wanted: pa.Schema) -> None:
    """Refuse a table of another embedder or of a newer layout."""
    was, now = ({key.decode(): value.decode() for key, value in (s.metadata or {}).items()} for s in (found, wanted))
    if not was.get("docqa.schema", "").isdecimal():
        raise ArchiveError(f"{path} holds a table that docqa did not make; set DOCQA_DATA_DIR to another folder.")
    if int(was["docqa.schema"]) > SCHEMA_VERSION:
        raise ArchiveError(f"The archive at {path} was made by a newer docqa; upgrade docqa to read it.")
    made, opened = (f"'{m['docqa.embedder']}' ({m['docqa.dimension']} dimensions)" for m in (was, now))
    if made != opened:
        raise EmbedderMismatch(
            f"The archive at {path} was made with the embedder {made}, and {opened} is configured: set DOCQA_EMBEDDER "
            "and DOCQA_EMBEDDING_MODEL back, or set DOCQA_DATA_DIR to a fresh folder and ingest again."
        )


def indexed(table: LanceTable) -> set[str]:
    """The columns that have an index."""
    return {column for index in table.list_indices() for column in index.columns}


def _make_indexes(table: LanceTable) -> None:
    present = indexed(table)
    for column, config in _INDEXES.items():
        if column not in present:
            table.create_index(column, config=config)
    if "vector" not in present and table.count_rows() >= VECTOR_INDEX_FROM:
        table.create_index("vector", config=VECTOR_INDEX)


def is_scattered(table: LanceTable) -> bool:
    """Whether so many small files have gathered that joining them pays.

    The bound grows with the table, so that the work of joining stays a small share of the work of writing.
    """
    stats = cast(dict[str, Any], table.stats())  # annotated as an object, and a dict in truth
    fragments, rows = int(stats["fragment_stats"]["num_fragments"]), int(stats["num_rows"])
    return fragments > max(MOST_FRAGMENTS, rows // ROWS_PER_FRAGMENT)


def tidy(table: LanceTable) -> None:
    """Join small files, bring the indexes up to date and drop old versions. The caller has its turn at writing."""
    # Bringing an index over a list column up to date takes forty times as long as building it anew (measured at 30,000
    # chunks: 5 s and 0.15 s), and each update adds a segment to the vector index, which slows its searches. A search
    # that finds no index in between reads the column itself.
    for index in list(table.list_indices()):
        column = index.columns[0]
        if column in _LIST_INDEXES or (column == "vector" and (index.num_segments or 0) >= MOST_SEGMENTS):
            table.drop_index(index.name)
    # Nobody else writes now, so that files of no version were left by a writer that was killed.
    table.optimize(cleanup_older_than=KEEP_VERSIONS, delete_unverified=True)
    _make_indexes(table)
