"""The order of a search's hits: the ranking of the archive, raised softly for documents that the question names.

Both are joined as reciprocal rank fusion does it (Cormack et al., 2009): a hit's place in the whole library's ranking
and its place among the hits of its own document each give ``1 / (K + place)``. Then pages are considered: a page with
several good passages is likelier to hold the answer, and its second passage matters less than another page's first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from docqa.memory.naming import Naming
from ingest.types import Hit, exact_part, near_duplicates

K = 60
BOOST = 2.5  # weight of the place within a named document, times how strongly it is named
PAGE_SUPPORT = 0.05  # of the scores of a page's other passages, added to each
PAGE_DECAY = 0.5  # each further passage of a page counts this much less


def prefer_named(hits: Sequence[Hit], within: Sequence[Hit], namings: Sequence[Naming]) -> list[Hit]:
    """Join the ranking over everything with the ranking over the named documents alone.

    Args:
        hits: the archive's ranking over the whole library.
        within: the archive's ranking over the named documents only.
        namings: those documents, with the strength from 0 to 1 with which each is named.

    The best chunk of each equally named document is raised by the same amount, so that several share the first page.
    """
    strength = {naming.document: naming for naming in namings}
    scores = {hit.id: 1 / (K + place) for place, hit in enumerate(hits, 1)}
    found = {hit.id: hit for hit in hits}
    places: dict[str, int] = {}
    for hit in within:
        naming = strength[hit.document]
        places[hit.document] = places.get(hit.document, 0) + 1
        scores[hit.id] = scores.get(hit.id, 0.0) + BOOST * naming.strength / (K + places[hit.document])
        found[hit.id] = replace(hit, reasons=(*hit.reasons, naming.reason))
    return _by_score(replace(hit, score=scores[id]) for id, hit in found.items())


def fuse(rankings: Iterable[tuple[Sequence[Hit], float]]) -> list[Hit]:
    """One ranking of several by reciprocal rank fusion, each with its weight."""
    scores: dict[str, float] = {}
    found: dict[str, Hit] = {}
    for hits, weight in rankings:
        for place, hit in enumerate(hits, 1):
            scores[hit.id] = scores.get(hit.id, 0.0) + weight / (K + place)
            found.setdefault(hit.id, hit)
    return _by_score(replace(hit, score=scores[id]) for id, hit in found.items())


def first(hits: Sequence[Hit], others: Sequence[Hit]) -> list[Hit]:
    """One ranking of two: all of the one, then what only the other has, scored by the places."""
    ids = {hit.id for hit in hits}
    joined = [*hits, *(hit for hit in others if hit.id not in ids)]
    return [replace(hit, score=1 / (K + place)) for place, hit in enumerate(joined, 1)]


def nearest(rankings: Iterable[Sequence[Hit]]) -> list[Hit]:
    """One ranking of several whose scores can be compared: each hit by its best score."""
    best: dict[str, Hit] = {}
    for hit in (hit for hits in rankings for hit in hits):
        if hit.id not in best or hit.score > best[hit.id].score:
            best[hit.id] = hit
    return _by_score(best.values())


def by_page(hits: Sequence[Hit]) -> list[Hit]:
    """Raise hits by the other hits of their page, then let a page's further hits yield to those of other pages."""
    pages: dict[tuple[str, int], float] = {}
    for hit in hits:
        pages[hit.document, hit.page] = pages.get((hit.document, hit.page), 0.0) + hit.score
    supported = (
        replace(hit, score=hit.score + PAGE_SUPPORT * (pages[hit.document, hit.page] - hit.score)) for hit in hits
    )
    seen: dict[tuple[str, int], int] = {}
    spread = []
    for hit in _by_score(supported):
        before = seen.get((hit.document, hit.page), 0)
        seen[hit.document, hit.page] = before + 1
        spread.append(replace(hit, score=hit.score * PAGE_DECAY**before))
    return _by_score(spread)


def without_near_duplicates(hits: Iterable[Hit]) -> list[Hit]:
    """Leave out each hit whose text is nearly that of a better one; texts that differ in a number are both kept."""
    kept: list[Hit] = []
    alike: dict[int, list[Hit]] = {}
    for hit in hits:
        others = alike.setdefault(exact_part(hit.fingerprint), [])
        if not any(near_duplicates(hit.fingerprint, other.fingerprint) for other in others):
            others.append(hit)
            kept.append(hit)
    return kept


def _by_score(hits: Iterable[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.id))
