"""Time of a search beside the bare client's same query, and of the pages after the first, paired in one run."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from weaviate.classes.query import HybridFusion, MetadataQuery

from benchmarks.archives.pair import pair
from benchmarks.common import table
from docqa.memory.archival import open_archival
from docqa.memory.paging import Pager
from docqa.settings import Settings
from ingest.archive.weaviate import WeaviateArchive
from ingest.archive.weaviate.objects import LIGHT, VECTOR, WORDS
from ingest.archive.words import stems, terms
from ingest.library import Library

LIMIT = 200
ROUNDS = 5
PAGE_TOKENS = 1_500
SOON = 5  # pages that a reader who reads on is likely to see
Query = tuple[str, Any]


def measure(options: argparse.Namespace, settings: Settings) -> None:
    """Print medians and 95th percentiles in milliseconds."""
    with pair(options, settings, "musique") as both:
        texts = [question["question"] for question in both.questions]
        queries = list(zip(texts, both.embedded.embedder.embed(texts), strict=True))
        archive = both.server.archive
        assert isinstance(archive, WeaviateArchive)
        times = paired(queries * ROUNDS, {
            "bare client, hybrid query, ids and scores": bare(archive, []),
            "bare client, hybrid query, what a hit needs": bare(archive, [LIGHT]),
            "docqa on Weaviate": lambda query: archive.search(*query, LIMIT),
            "docqa embedded": lambda query: both.embedded.archive.search(*query, LIMIT),
        })  # fmt: skip
        base = times["bare client, hybrid query, what a hit needs"]
        chunks = archive.count()
        rows = [(*row, f"{row[2] / percentile(base, 95):.2f}") for row in summary(times)]
        title = f"One hybrid search for {LIMIT} chunks of {chunks:,}, ms; {len(queries) * ROUNDS} queries, paired"
        table(title, ("search", "median", "p95", "p95 over the bare client's same query"), rows)
        pages: dict[str, list[float]] = {}
        for name, library in (("Weaviate", both.server), ("embedded", both.embedded)):
            times_of = _pages(library, settings, texts)
            pages[f"{name}, pages 2 to {SOON}"] = [spent for number, spent in times_of if number <= SOON]
            pages[f"{name}, all after the first"] = [spent for _, spent in times_of]
        table("Second and later pages of a snapshot, ms", ("archive", "median", "p95"), summary(pages))


def bare(archive: WeaviateArchive, properties: list[str]) -> Callable[[Query], object]:
    """The query as the client alone sends it: the server joins both halves, the words are told apart before."""
    use = archive._use()
    words: dict[str, str] = {}

    def ask(query: Query) -> object:
        text, vector = query
        return use.query.hybrid(
            words[text], vector={VECTOR: vector.tolist()}, target_vector=VECTOR, limit=LIMIT, alpha=0.5,
            fusion_type=HybridFusion.RANKED, query_properties=[WORDS], return_metadata=MetadataQuery(score=True),
            return_properties=properties,
        )  # fmt: skip

    def timed(query: Query) -> object:
        if query[0] not in words:
            words[query[0]] = stems(terms(query[0]))
        return ask(query)

    return timed


def paired(queries: Sequence[Query], ways: dict[str, Callable[[Query], object]]) -> dict[str, list[float]]:
    """Milliseconds of every query in every way, the ways one after the other, each time another one first."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for query in queries[:20]:
        for way in ways.values():
            way(query)  # nothing is measured cold
    names = list(ways)
    for number, query in enumerate(queries):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            began = time.perf_counter()
            ways[name](query)
            times[name].append(1_000 * (time.perf_counter() - began))
    return times


def percentile(times: Sequence[float], share: float) -> float:
    """A percentile of some times."""
    return float(np.percentile(times, share))


def summary(times: dict[str, list[float]]) -> list[tuple[str, float, float]]:
    """A row for each way: its name, its median, its 95th percentile."""
    return [(name, percentile(some, 50), percentile(some, 95)) for name, some in times.items()]


def _pages(library: Library, settings: Settings, texts: Sequence[str]) -> list[tuple[int, float]]:
    """Number and milliseconds of each page after the first, to the end of the snapshots of some questions."""
    pager, times = Pager(open_archival(library, settings), PAGE_TOKENS), []
    for text in texts:
        for number in range(2, pager.search(text, 1).of + 1):
            began = time.perf_counter()
            pager.search(text, number)
            times.append((number, 1_000 * (time.perf_counter() - began)))
    return times
