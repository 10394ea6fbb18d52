"""Chunks a second, embeddings given, beside the bare client with every batch setting, in one run."""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import numpy as np

from benchmarks.archives.made import DIMENSION, Maker
from benchmarks.common import table
from docqa.settings import Settings
from ingest.archive import Vectors, open_archive
from ingest.archive.weaviate import WeaviateArchive
from ingest.archive.weaviate.objects import to_object
from ingest.types import Chunk

CHUNKS = 4_000
WRITE = 1_000  # chunks that the pipeline hands over at once
SETTINGS = [(size, threads) for size in (50, 100, 200, 500, 1_000) for threads in (1, 2, 4)]
ROUNDS = 3
Write = Callable[[WeaviateArchive, Sequence[Chunk], Vectors], None]


def measure(options: argparse.Namespace, settings: Settings) -> None:
    """Print the rates, the bare client's best first; each way writes the same chunks for a tenant of its own."""
    (chunks, vectors), *_ = Maker().batches(CHUNKS, CHUNKS)
    ways: dict[str, Write] = {f"bare client, {size} × {threads}": _bare(size, threads) for size, threads in SETTINGS}
    ways["docqa"] = _ours
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        names = list(ways)
        for name in names[number * 5 :] + names[: number * 5]:
            rates[name].append(_rate(settings, ways[name], chunks, vectors))
    medians = {name: float(np.median(some)) for name, some in rates.items()}
    best = max(rate for name, rate in medians.items() if name != "docqa")
    order = sorted(medians, key=lambda name: -medians[name])
    rows = [(name, medians[name], min(rates[name]), max(rates[name]), f"{medians[name] / best:.2f}") for name in order]
    header = ("way, chunks a batch × batches at once", "median", "least", "most", "over the bare client's best")
    table(f"Writing {CHUNKS:,} chunks, embeddings given, chunks a second, {ROUNDS} rounds", header, rows)


def _rate(settings: Settings, write: Write, chunks: Sequence[Chunk], vectors: Vectors) -> float:
    tenant = settings.model_copy(update={"tenant": f"write-{uuid.uuid4().hex}"})
    with closing(open_archive(tenant, "made", DIMENSION)) as archive:
        assert isinstance(archive, WeaviateArchive)
        archive.put(chunks[:1], vectors[:1])  # makes the tenant
        began = time.perf_counter()
        write(archive, chunks, vectors)
        seconds = time.perf_counter() - began
        assert archive.count() == len(chunks)
        return len(chunks) / seconds


def _ours(archive: WeaviateArchive, chunks: Sequence[Chunk], vectors: Vectors) -> None:
    for at in range(0, len(chunks), WRITE):
        archive.put(chunks[at : at + WRITE], vectors[at : at + WRITE])


def _bare(size: int, threads: int) -> Write:
    """Objects made by the same function and handed to the client; nothing is checked, retried or confirmed."""

    def write(archive: WeaviateArchive, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        use: Any = archive._use()

        def send(at: int) -> None:
            some = zip(chunks[at : at + size], vectors[at : at + size], strict=True)
            assert not use.data.insert_many([to_object(chunk, vector) for chunk, vector in some]).has_errors

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(send, range(0, len(chunks), size)))

    return write
