"""Recall of the same questions over the same passages in both archives."""

from __future__ import annotations

import argparse

from benchmarks.archives.pair import pair
from benchmarks.common import table
from benchmarks.multihop import SETS, recall, searches
from docqa.settings import Settings


def measure(options: argparse.Namespace, settings: Settings) -> None:
    """Print Recall@5 and Recall@20 of every way of searching, in each archive."""
    rows: list[tuple[object, ...]] = []
    for name in SETS:
        with pair(options, settings, name) as both:
            ways = [searches(each, both.settings, both.passages) for each in (both.embedded, both.server)]
            for way in ways[0]:
                one, other = (recall(both.questions, each[way]) for each in ways)
                rows.append((name, way, one[0], other[0], f"{other[0] - one[0]:+.1f}", one[1], other[1]))
    header = ("set", "search", "@5 embedded", "@5 Weaviate", "difference", "@20 embedded", "@20 Weaviate")
    table("Multi-hop passages, recall of one search, %", header, rows)
