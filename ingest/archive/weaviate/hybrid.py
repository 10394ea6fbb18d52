"""Both halves of a hybrid search out of one query of Weaviate's, and joined anew."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ingest.archive.ranking import FUSION_K
from ingest.archive.weaviate.objects import to_hit
from ingest.types import Hit

MOST_EQUAL = 20  # hits of equal score at the cut from which on it matters which of them the server has cut off
# How relative score fusion explains a score: "… (Result Set vector,hybridVector) Document ID: original score 0.5, …".
_EXPLAINED = re.compile(r"Result Set (keyword|vector),\w+\) Document \S+ original score ([^,\s]+),")


def joined(rows: Sequence[Any], asked: int) -> list[Hit] | None:
    """The hits of a hybrid query in the order that every archive promises.

    Args:
        rows: what the query gave, joined by relative scores, with scores and explanations.
        asked: how many were asked for.

    Each half is put into the order of its own scores and ids, and both are joined by reciprocal rank fusion. None where
    the rows do not tell: many equal scores at the cut, or a server that explains its scores in another way.
    """
    if len(rows) == asked > MOST_EQUAL and rows[-MOST_EQUAL].metadata.score == rows[-1].metadata.score:
        return None
    halves: dict[str, list[tuple[float, str]]] = {"keyword": [], "vector": []}
    properties: dict[str, Any] = {}
    for row in rows:
        id, explained = str(row.uuid), _EXPLAINED.findall(row.metadata.explain_score or "")
        if not explained:
            return None
        properties[id] = row.properties
        for half, score in explained:
            halves[half].append((-float(score), id))
    scores = dict.fromkeys(properties, 0.0)
    for half in halves.values():
        for rank, (_, id) in enumerate(sorted(half), start=1):
            scores[id] += 1 / (FUSION_K + rank)
    best = sorted(scores, key=lambda id: (-scores[id], id))
    return [to_hit(id, properties[id], scores[id]) for id in best]
