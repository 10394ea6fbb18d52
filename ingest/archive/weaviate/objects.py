"""Chunks as objects of a Weaviate collection and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from weaviate.classes.data import DataObject

from ingest.archive import Vectors
from ingest.archive.words import stems
from ingest.types import Chunk, Hit, Span

VECTOR = "chunk"  # the name of the vector
WORDS = "words"  # what is searched by keyword
LIGHT = "light"  # what a hit needs, in one property: a search that reads it takes a fifth less than with six
CHUNK_PROPERTIES = [field.name for field in fields(Chunk) if field.name != "id"]
_DECODE = json.JSONDecoder().raw_decode  # a search does this 200 times, and ``loads`` takes twice as long
_TEXT_LISTS = ("headings", "columns", "names", "title_keys")


def to_object(chunk: Chunk, vector: Vectors) -> DataObject[Any, Any]:
    """The object of a chunk and its vector of shape (d,).

    Spans are flattened to six numbers each. The fingerprint is a text, since 64 bits do not fit the numbers of JSON.
    """
    properties: dict[str, Any] = {name: getattr(chunk, name) for name in CHUNK_PROPERTIES}
    properties |= {name: list(properties[name]) for name in _TEXT_LISTS}
    properties["spans"] = [float(number) for span in chunk.spans for number in span]
    properties["fingerprint"] = str(chunk.fingerprint)
    properties[WORDS] = stems(chunk.indexed_text)
    place = [chunk.document, chunk.generation, chunk.page, chunk.ordinal]
    properties[LIGHT] = json.dumps([*place, chunk.tokens, chunk.fingerprint])
    return DataObject(uuid=chunk.id, properties=properties, vector={VECTOR: vector.tolist()})


def to_chunk(id: str, properties: Mapping[str, Any]) -> Chunk:
    """The chunk of an object's properties; an empty list comes back as nothing."""
    values = {name: properties[name] for name in CHUNK_PROPERTIES if name not in (*_TEXT_LISTS, "spans")}
    values |= {name: tuple(properties.get(name) or ()) for name in _TEXT_LISTS}
    numbers = properties.get("spans") or ()
    rows = (numbers[at : at + 6] for at in range(0, len(numbers), 6))
    values["spans"] = tuple(Span(int(start), int(end), *rect) for start, end, *rect in rows)
    values["fingerprint"] = int(properties["fingerprint"])
    return Chunk(id=id, **values)


def to_hit(id: str, properties: Mapping[str, Any], score: float) -> Hit:
    """The hit of an object's light property."""
    (document, generation, page, ordinal, tokens, fingerprint), _ = _DECODE(properties[LIGHT])
    return Hit(id, score, document, generation, page, ordinal, tokens, fingerprint)
