"""How the time of a search and the rate of writing change with the number of chunks: a table and a plot."""

from __future__ import annotations

import argparse
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from benchmarks.archives.made import DIMENSION, Maker
from benchmarks.archives.searching import LIMIT, bare, paired, percentile
from benchmarks.archives.writing import WRITE
from benchmarks.common import table
from docqa.settings import Settings
from ingest.archive import Archive, open_archive
from ingest.archive.weaviate import WeaviateArchive
from ingest.archive.weaviate.objects import LIGHT

SIZES = (10_000, 30_000, 100_000, 300_000)
QUERIES = 60
QUERY_WORDS = 8
BARE, OURS, EMBEDDED = "bare client", "docqa on Weaviate", "docqa embedded"


class Point(NamedTuple):
    """What was measured at one size: milliseconds by way, and chunks a second by archive."""

    chunks: int
    times: dict[str, list[float]]
    rates: dict[str, float]


def measure(options: argparse.Namespace, settings: Settings) -> None:
    """Fill both archives step by step; at each size, print and draw what a search and writing take."""
    tenant = {"tenant": f"grow-{uuid.uuid4().hex}", "data_dir": Path(options.work) / "growth"}
    ours = settings.model_copy(update=tenant)
    with (
        closing(open_archive(ours, "made", DIMENSION)) as server,
        closing(open_archive(ours.model_copy(update={"archive": "lancedb"}), "made", DIMENSION)) as embedded,
    ):
        assert isinstance(server, WeaviateArchive)
        points: list[Point] = []
        makers = {OURS: Maker(), EMBEDDED: Maker()}
        for size in [each for each in SIZES if each <= options.most]:
            step = size - (points[-1].chunks if points else 0)
            rates = {name: _written(archive, makers[name], step) for name, archive in
                     ((OURS, server), (EMBEDDED, embedded))}  # fmt: skip
            points.append(Point(size, _times(server, embedded), rates))
            print(f"{size:,} chunks: {rates}", flush=True)
    _print(points)
    _draw(points, options.plot)


def _written(archive: Archive, maker: Maker, count: int) -> float:
    """Put so many more chunks; the rate in chunks a second, with the optimising that ends an ingest."""
    seconds = 0.0
    for chunks, vectors in maker.batches(count, WRITE):
        began = time.perf_counter()
        archive.put(chunks, vectors)
        seconds += time.perf_counter() - began
    began = time.perf_counter()
    archive.optimise()
    return count / (seconds + time.perf_counter() - began)


def _times(server: WeaviateArchive, embedded: Archive) -> dict[str, list[float]]:
    maker = Maker(seed=11)
    queries = [(maker.words(QUERY_WORDS), vector) for vector in maker.vectors(QUERIES)]
    return paired(queries, {
        BARE: bare(server, [LIGHT]),
        OURS: lambda query: server.search(*query, LIMIT),
        EMBEDDED: lambda query: embedded.search(*query, LIMIT),
    })  # fmt: skip


def _print(points: list[Point]) -> None:
    ways = (BARE, OURS, EMBEDDED)
    rows = [
        (
            f"{point.chunks:,}",
            *(f"{percentile(point.times[way], 50):.1f} / {percentile(point.times[way], 95):.1f}" for way in ways),
            *(f"{point.rates[way]:,.0f}" for way in (OURS, EMBEDDED)),
        )
        for point in points
    ]
    header = ("chunks", *(f"{way}, ms" for way in ways), "written a second, Weaviate", "embedded")
    table(f"One hybrid search for {LIMIT} chunks, median / p95, and writing, by size", header, rows)


def _draw(points: list[Point], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
    sizes = [point.chunks for point in points]
    for way in (BARE, OURS, EMBEDDED):
        left.plot(sizes, [percentile(point.times[way], 50) for point in points], marker="o", label=way)
    for way in (OURS, EMBEDDED):
        right.plot(sizes, [point.rates[way] for point in points], marker="o", label=way)
    for axes, title in ((left, "median of a hybrid search, ms"), (right, "chunks written a second")):
        axes.set(xscale="log", xlabel="chunks", title=title, ylim=(0, None))
        axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path)
    print(f"Drawn in {path}.")
