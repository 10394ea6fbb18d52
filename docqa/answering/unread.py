"""What an answer has not seen: documents that are still being read, a library that holds none, or other words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from docqa.events import EXTRACTIVE, OTHER_WORDS, Answered
from ingest.catalog import Catalog
from ingest.catalog.states import unfinished

EMPTY = "There is no document here yet."
WAITING = "still being read: ask again in a while."


def told(answered: Answered, catalog: Catalog, collections: Sequence[str]) -> Answered:
    """An answer; one that has found nothing says where that may be because documents were not read, or by no model."""
    if answered.outcome != "not_found":
        return answered
    waiting = unfinished(catalog, collections)
    if waiting:
        what = "1 document is" if waiting == 1 else f"{waiting:,} documents are"
        return replace(answered, text=f"{answered.text}\n\nBut {what} {WAITING}")
    held = [row for row in catalog.collections() if not collections or row.name in collections]
    if not any(row.documents for row in held):
        return replace(answered, text=f"{answered.text} {EMPTY}")
    return replace(answered, text=f"{answered.text} {OTHER_WORDS}") if answered.model == EXTRACTIVE else answered


def without(text: str) -> str:
    """An answer's text without what ``told`` has added to it."""
    return re.sub(rf"(?:\n\nBut [^\n]* {re.escape(WAITING)}| {re.escape(EMPTY)}| {re.escape(OTHER_WORDS)})$", "", text)
