"""Chunks as rows of a LanceDB table and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa

from ingest.archive import Vectors
from ingest.types import Chunk, Hit, Span

SCHEMA_VERSION = 1

_LISTS = ("headings", "columns", "names", "title_keys")
_NUMBERS = {"page": pa.int32(), "ordinal": pa.int64(), "start": pa.int32(), "end": pa.int32(), "tokens": pa.int32()}
CHUNK_COLUMNS = [field.name for field in fields(Chunk)]
HIT_COLUMNS = ["id", "document", "generation", "page", "ordinal", "tokens", "fingerprint"]


def table_schema(dimension: int, embedder: str = "") -> pa.Schema:
    """The columns of the table: the fields of a chunk, its indexed text and its vector of ``dimension`` float32.

    Spans are flattened to six numbers each. The fingerprint is stored as a signed 64-bit number. The schema's
    metadata remembers the embedder, the dimension and the version of this layout.
    """
    columns = [pa.field(name, _column_type(name), nullable=False) for name in CHUNK_COLUMNS]
    columns.append(pa.field("indexed", pa.string(), nullable=False))
    columns.append(pa.field("vector", pa.list_(pa.float32(), dimension), nullable=False))
    remembered = {"docqa.embedder": embedder, "docqa.dimension": str(dimension), "docqa.schema": str(SCHEMA_VERSION)}
    return pa.schema(columns, metadata=remembered)


def _column_type(name: str) -> pa.DataType:
    if name in _LISTS:
        return pa.list_(pa.string())
    if name == "spans":
        return pa.list_(pa.float32())  # whole numbers are exact up to 16 million
    return pa.int64() if name == "fingerprint" else _NUMBERS.get(name, pa.string())


def to_rows(chunks: Sequence[Chunk], vectors: Vectors, schema: pa.Schema) -> pa.Table:
    """The rows of chunks and their vectors, shape (n, d)."""
    columns: dict[str, Any] = {name: [getattr(chunk, name) for chunk in chunks] for name in CHUNK_COLUMNS}
    columns["spans"] = [[number for span in chunk.spans for number in span] for chunk in chunks]
    columns["fingerprint"] = [_signed(chunk.fingerprint) for chunk in chunks]
    columns["indexed"] = [chunk.indexed_text for chunk in chunks]
    flat = np.ascontiguousarray(vectors, dtype=np.float32).ravel()
    columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(flat), vectors.shape[1])
    return pa.table(columns, schema=schema)


def to_chunk(row: dict[str, Any]) -> Chunk:
    """The chunk of a row that holds all its columns."""
    values = {name: row[name] for name in CHUNK_COLUMNS}
    for name in _LISTS:
        values[name] = tuple(values[name])
    values["spans"] = _spans(values["spans"])
    values["fingerprint"] = _unsigned(values["fingerprint"])
    return Chunk(**values)


def to_hit(row: dict[str, Any], score: float) -> Hit:
    """The hit of a row that holds the light columns."""
    values = {name: row[name] for name in HIT_COLUMNS}
    values["fingerprint"] = _unsigned(values["fingerprint"])
    return Hit(score=score, **values)


def _spans(numbers: Sequence[float]) -> tuple[Span, ...]:
    rows = (numbers[at : at + 6] for at in range(0, len(numbers), 6))
    return tuple(Span(int(start), int(end), *rect) for start, end, *rect in rows)


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def _unsigned(number: int) -> int:
    return number + 2**64 if number < 0 else number
