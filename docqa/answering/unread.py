"""What an answer has not seen: documents that are still being read, or a library that holds none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from docqa.events import Answered
from ingest.catalog import Catalog
from ingest.catalog.states import unfinished

EMPTY = "There is no document here yet."
WAITING = "still being read: ask again in a while."


def told(answered: Answered, catalog: Catalog, collections: Sequence[str]) -> Answered:
    """An answer; one that has found nothing says where that may be because documents are not read yet."""
    if answered.outcome != "not_found":
        return answered
    waiting = unfinished(catalog, collections)
    if waiting:
        what = "1 document is" if waiting == 1 else f"{waiting:,} documents are"
        return replace(answered, text=f"{answered.text}\n\nBut {what} {WAITING}")
    held = [row for row in catalog.collections() if not collections or row.name in collections]
    return answered if any(row.documents for row in held) else replace(answered, text=f"{answered.text} {EMPTY}")


def without(text: str) -> str:
    """An answer's text without what ``told`` has added to it."""
    return re.sub(rf"(?:\n\nBut [^\n]* {re.escape(WAITING)}| {re.escape(EMPTY)})$", "", text)
