"""Where a page stands in its document: the headings that hold where it begins."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.types import OutlineEntry


def path_before(outline: Sequence[OutlineEntry], number: int) -> tuple[str, ...]:
    """The titles of the outline under which a page begins, from the highest level down."""
    return path_after([(entry.level, entry.title) for entry in outline if 0 < entry.page < number])


def path_after(path: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    """The titles that hold after a sequence of headings (level, title): each ends those of its level and below."""
    held: list[tuple[int, str]] = []
    for level, title in path:
        while held and held[-1][0] >= level:
            held.pop()
        held.append((level, title))
    return tuple(title for _, title in held)
