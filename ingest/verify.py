"""Verification: catalog, archive and files are compared, every difference is named, and mended where asked for.

A document that a living process is taking in is left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ingest.catalog.ledger import Held
from ingest.catalog.rows import Part
from ingest.errors import CatalogError, NotFoundError
from ingest.library import Library
from ingest.pipeline import clean, resume
from ingest.pipeline.originals import bring_back
from ingest.types import Condition, Filter

DifferenceKind = Literal[
    "unfinished", "leftover", "wrong count", "orphan chunks", "missing file", "changed file", "orphan file"
]
AT_ONCE = 500
ROUNDS = 3  # mending one difference may bring another to light


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in which catalog, archive and files do not agree.

    ``detail`` is a sentence for the user. ``subject`` is what it is about: a generation, or the SHA-256 of a file.
    ``part`` is the part's number where it concerns one. ``repaired`` says that it was there and is not any more.
    """

    kind: DifferenceKind
    detail: str
    subject: str
    source: str = ""
    document: str = ""
    part: int | None = None
    repaired: bool = False


def verify(library: Library, repair: bool = False, deep: bool = False, orphans: bool = False) -> list[Difference]:
    """Every difference between what the catalog says and what archive and files hold; none if all is well.

    Args:
        library: what to look at.
        repair: finish what was begun, remove what nothing refers to, do again what is missing.
        deep: also count the chunks of each part and compare the bytes of every file with their hash.
        orphans: also remove, out of an archive that others may use as well, the chunks that this catalog does not know.

    Raises:
        ArchiveError, CatalogError: one of them cannot be read, or the catalog is not the one of what is to be repaired.
    """
    found = list(_differences(library, deep))
    if not repair:
        return found
    if any(each.kind in ("orphan chunks", "orphan file") for each in found):
        _refuse_a_strange_catalog(library)
    left = found
    for _ in range(ROUNDS):
        if not left:
            break
        _mend(library, left, orphans or not library.archive.shared)
        left = list(_differences(library, deep))
        found += [each for each in left if each not in found]
    return [replace(each, repaired=each not in left) for each in found]


def _differences(library: Library, deep: bool) -> Iterator[Difference]:
    ledger = library.catalog.ledger
    idle = not ledger.busy()
    held = [each for each in ledger.inventory() if not each.busy]
    for each in held:
        if each.state in ("replaced", "deleting"):
            detail = (
                "an outdated version is not removed yet" if each.state == "replaced" else "it is not quite deleted yet"
            )
            yield _about(each, "leftover", detail)
        elif each.unfinished:
            yield _about(each, "unfinished", "it was not taken in to its end")
    live = [each for each in held if each.state == "live" and not each.unfinished]
    for each in live if deep else _wrong(library, live):
        yield from _wrong_parts(library, each)
    yield from _orphan_chunks(library)
    yield from _files(library, deep, idle)


def _refuse_a_strange_catalog(library: Library) -> None:
    """Raise CatalogError where the catalog knows nothing of what archive and files hold: it was lost, or is another."""
    for held in library.catalog.ledger.inventory():
        if library.files.has(held.sha256) or library.archive.count(_of([held.generation])):
            return
    if any(map(library.files.has, library.catalog.uploads.hashes())):
        return
    raise CatalogError(
        f"The catalog knows none of the chunks and files in {library.settings.root}, so nothing was removed: restore "
        "the catalog that belongs to them (catalog.sqlite, or what DOCQA_CATALOG_URL names), or move that folder away "
        "and ingest again."
    )


def _about(held: Held, kind: DifferenceKind, detail: str, part: int | None = None) -> Difference:
    return Difference(kind, f"{held.source}: {detail}", held.generation, held.source, held.document, part)


def _of(generations: Sequence[str]) -> Filter:
    return Filter((Condition("generation", "any_of", tuple(generations)),))


def _of_part(generation: str, part: Part) -> Filter:
    return _of([generation]).where(Condition("page", "ge", part.first)).where(Condition("page", "le", part.last))


def _wrong(library: Library, held: Sequence[Held]) -> Iterator[Held]:
    """Generations with more or fewer chunks than the catalog says: counted together, halved where the sum is wrong."""
    for start in range(0, len(held), AT_ONCE):
        open = [list(held[start : start + AT_ONCE])]
        while open:
            some = open.pop()
            if library.archive.count(_of([each.generation for each in some])) == sum(each.chunks for each in some):
                continue
            if len(some) == 1:
                yield some[0]
            else:
                open += [some[: len(some) // 2], some[len(some) // 2 :]]


def _wrong_parts(library: Library, held: Held) -> Iterator[Difference]:
    parts = library.catalog.ledger.parts(held.generation)
    for part in parts:
        there = library.archive.count(_of_part(held.generation, part))
        if there != part.stored:
            pages = f"page {part.first}" if part.first == part.last else f"pages {part.first} to {part.last}"
            detail = f"{pages}: the archive holds {there} chunks of {part.stored}"
            yield _about(held, "wrong count", detail, part.number)


def _orphan_chunks(library: Library) -> Iterator[Difference]:
    """Chunks of generations that the catalog does not know; looked for one by one only where the sum shows some."""
    known = [each.generation for each in library.catalog.ledger.inventory()]
    total = library.archive.count()
    counted = sum(library.archive.count(_of(known[at : at + AT_ONCE])) for at in range(0, len(known), AT_ONCE))
    if total <= counted:
        return
    strange: dict[str, int] = {}
    batch: list[str] = []
    for id in [*library.archive.ids(), ""]:
        batch += [id] if id else []
        if len(batch) >= AT_ONCE or not id:
            for chunk in library.archive.fetch(batch):
                strange[chunk.generation] = strange.get(chunk.generation, 0) + 1
            batch = []
    for each in library.catalog.ledger.inventory():
        strange.pop(each.generation, None)
    whose = "belong to no document of this catalog"
    if library.archive.shared:
        whose += " (they may be those of another library that uses this server; '--orphans' removes them)"
    for generation, count in sorted(strange.items()):
        yield Difference("orphan chunks", f"{count} chunks of {generation} {whose}", generation)


def _files(library: Library, deep: bool, idle: bool) -> Iterator[Difference]:
    inventory = library.catalog.ledger.inventory()
    uploaded = library.catalog.uploads.hashes()
    kept = set(library.files.all())
    wanted = ("live", "ingesting", "queued")
    needed = {each.sha256: each for each in inventory if each.state in wanted and not each.busy}
    for sha256, held in sorted(needed.items()):
        common = (sha256, held.source, held.document)
        if sha256 not in kept:
            yield Difference("missing file", f"{held.source}: the original file is missing", *common)
        elif deep and _hash(library, sha256) != sha256:
            yield Difference("changed file", f"{held.source}: the original file is not what it was", *common)
    for sha256, place in sorted(uploaded.items()):
        if not place or sha256 in needed:
            continue
        if sha256 not in kept:
            yield Difference("missing file", f"{place}: the uploaded file is missing", sha256, place)
        elif deep and _hash(library, sha256) != sha256:
            yield Difference("changed file", f"{place}: the uploaded file is not what it was", sha256, place)
    if idle:  # else a file may be on its way to be claimed
        known = {each.sha256 for each in library.catalog.ledger.inventory()} | library.catalog.uploads.hashes().keys()
        for sha256 in sorted(kept - known):
            yield Difference("orphan file", f"the file {sha256} belongs to no document", sha256)


def _hash(library: Library, sha256: str) -> str:
    try:
        with library.files.local(sha256) as path, open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (NotFoundError, OSError):
        return ""


def _mend(library: Library, found: Sequence[Difference], orphans: bool) -> None:
    """Repair differences: files first, since the rest is made from them."""
    for each in found:
        if each.kind in ("missing file", "changed file"):
            bring_back(library, each.subject, each.source)
        elif each.kind == "orphan file":
            library.catalog.ledger.discard(each.subject, library.files.delete)
        elif each.kind == "orphan chunks" and orphans:
            library.archive.delete(_of([each.subject]))
    clean(library)
    for each in found:
        if each.kind == "wrong count" and each.part is not None:
            part = library.catalog.ledger.parts(each.subject)[each.part]
            library.archive.delete(_of_part(each.subject, part))
            library.catalog.ledger.requeue(each.subject, [each.part])
    again = dict.fromkeys(each.subject for each in found if each.kind in ("wrong count", "unfinished"))
    if again:
        for _ in resume(library, list(again)):
            pass
