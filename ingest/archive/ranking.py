"""Hits in an order that is always the same: by score, then by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ingest.types import Hit

DEPTH = 200  # how deep each half of a hybrid search is read at least
FUSION_K = 60


def by_score(hits: Iterable[Hit]) -> list[Hit]:
    """Hits, the highest score first and equal ones by id."""
    return sorted(hits, key=lambda hit: (-hit.score, hit.id))


def fuse(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """One ranking of several by reciprocal rank fusion: the sum of 1 / (60 + rank) (Cormack et al., 2009)."""
    scores: dict[str, float] = {}
    found: dict[str, Hit] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.id] = scores.get(hit.id, 0.0) + 1 / (FUSION_K + rank)
            found[hit.id] = hit
    return by_score(replace(hit, score=scores[id]) for id, hit in found.items())


def best(read: Callable[[int], Iterable[Hit]], depth: int, most: int | None = None) -> list[Hit]:
    """The best hits of a ranking, cut where the order by score and id has it.

    Args:
        read: gives the hits down to some depth; which of equal ones it cuts off is up to the backend.
        depth: how many hits are wanted.
        most: how deep the backend can be read; None is without a bound.

    It is read deeper where the cut falls among equal scores.
    """
    if depth < 1:
        return []
    deep = depth + 1
    while True:
        deep = min(deep, most or deep)
        hits = by_score(read(deep))
        if len(hits) < deep or deep == most or hits[depth - 1].score > hits[-1].score:
            return hits[:depth]
        deep *= 4
