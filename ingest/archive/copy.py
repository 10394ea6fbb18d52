"""Chunks and vectors from one archive into another, without embedding them again, and whether both are the same then.

Nothing may be ingested into either while this runs; what was may differ afterwards, and ``compare`` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ingest.archive import Archive
from ingest.errors import ArchiveError, NotFoundError
from ingest.types import Chunk, Condition, Filter

AT_ONCE = 500
SAMPLES = 25  # chunks looked at one by one, and searches made, in a comparison
WORDS_SEARCHED = 12
FIRST_HITS = 10
ALIKE = 0.8  # share of the first hits of all sampled searches that both archives must have in common


@dataclass(frozen=True, slots=True)
class Copied:
    """How far a copy is: chunks looked at so far, those of them that were written, and all there are."""

    done: int
    written: int
    total: int


def copy(source: Archive, target: Archive) -> Iterator[Copied]:
    """Put what the source holds into the target; yields after each few hundred chunks.

    Stopped at any moment and run again, it goes on: what the target has is not sent again. Chunk ids are made of
    what a chunk is cut from, so the same id is the same chunk.

    Raises:
        ArchiveError: one of them failed; what was copied stays.
    """
    ids, total = source.ids(), source.count()
    done = written = 0
    while some := list(islice(ids, AT_ONCE)):
        missing = some if target.count(_of(some)) < len(some) else []
        if missing:
            there = {chunk.id for chunk in target.fetch(some)}
            missing = [id for id in some if id not in there]
            vectors = source.vectors(missing)
            chunks = [chunk for chunk in source.fetch(missing) if chunk.id in vectors]
            if chunks:
                target.put(chunks, np.stack([vectors[chunk.id] for chunk in chunks]))
            written += len(chunks)
        done += len(some)
        yield Copied(done, written, total)
    target.optimise()


def strangers(source: Archive, target: Archive) -> Iterator[list[str]]:
    """The ids of the target's chunks that the source does not hold, in runs."""
    ids = target.ids()
    while some := list(islice(ids, AT_ONCE)):
        there = {chunk.id for chunk in source.fetch(some)} if source.count(_of(some)) < len(some) else set(some)
        if strange := [id for id in some if id not in there]:
            yield strange


def remove_strangers(source: Archive, target: Archive) -> int:
    """Remove from the target what the source does not hold, and return how many chunks that were."""
    return sum(target.delete(_of(strange)) for strange in strangers(source, target))


def check_places(source: Archive, target: Archive) -> None:
    """Refuse a copy that cannot end with both the same, before anything is written.

    Raises:
        NotFoundError: the source holds nothing.
        ArchiveError: the target holds chunks that the source does not: it is another library's.
    """
    if not source.count():
        raise NotFoundError("There is no chunk of this tenant (DOCQA_TENANT) in the archive that --from names.")
    if any(strangers(source, target)):
        raise ArchiveError(
            "The archive that --to names holds chunks that the other does not, so it is another library's, and nothing "
            "was written: set DOCQA_TENANT or DOCQA_WEAVIATE_PREFIX to a name of your own."
        )


def compare(source: Archive, target: Archive, samples: int = SAMPLES) -> list[str]:
    """What differs between two archives, as sentences; none if they are the same.

    Counts are compared; chunks spread over the source are compared with their vectors; and for each of them a keyword
    and a vector search is made in both, whose first hits must be nearly the same.
    """
    counts = (source.count(), target.count())
    found = [f"The source holds {counts[0]} chunks and the target {counts[1]}."] if counts[0] != counts[1] else []
    chosen = list(islice(source.ids(), 0, None, max(1, counts[0] // samples)))[:samples]
    chunks, vectors = source.fetch(chosen), source.vectors(chosen)
    copies, copied = {chunk.id: chunk for chunk in target.fetch(chosen)}, target.vectors(chosen)
    for chunk in chunks:
        if copies.get(chunk.id) != chunk:
            found.append(f"The chunk {chunk.id} is not the same in both.")
        elif not np.array_equal(copied[chunk.id], vectors[chunk.id]):
            found.append(f"The vector of the chunk {chunk.id} is not the same in both.")
    shares = [_alike(source, target, chunk, vectors[chunk.id]) for chunk in chunks if chunk.id in vectors]
    if shares and (share := sum(shares) / len(shares)) < ALIKE:
        found.append(f"Searches find other chunks: {share:.0%} of the first {FIRST_HITS} hits are the same.")
    return found


def _of(ids: list[str]) -> Filter:
    return Filter((Condition("id", "any_of", tuple(ids)),))


def _alike(source: Archive, target: Archive, chunk: Chunk, vector: np.ndarray) -> float:
    """The share of the first hits that both have in common, over a keyword and a vector search for a chunk."""
    words = " ".join(chunk.text.split()[:WORDS_SEARCHED])
    shares = []
    for mode in ("keyword", "vector"):
        ones, others = (
            {hit.id for hit in archive.search(words, vector, FIRST_HITS, mode=mode)} for archive in (source, target)
        )
        shares.append(len(ones & others) / max(1, len(ones | others)))
    return sum(shares) / len(shares)
