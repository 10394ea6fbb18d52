"""The collection of an embedder: what it is called, its schema, and how a server's schema differs from it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, NamedTuple

from weaviate.classes.config import Configure, DataType, Property, StopwordsPreset, Tokenization, VectorDistances

from ingest.archive.weaviate.objects import LIGHT, VECTOR, WORDS
from ingest.settings import Settings

SCHEMA_VERSION = 1  # raised when a collection made before cannot be read or searched as it is


class Kind(NamedTuple):
    """How a property is stored and indexed."""

    type: DataType
    tokens: Tokenization | None = None
    filtered: bool = False
    searched: bool = False
    ranged: bool = False

    def __str__(self) -> str:
        marks = [name for name in ("filtered", "searched", "ranged") if getattr(self, name)]
        tokens = [f"{self.tokens.value} tokens"] if self.tokens else []
        return ", ".join([self.type.value, *tokens, *marks])


_KEY = Kind(DataType.TEXT, Tokenization.FIELD, filtered=True)
_KEYS = Kind(DataType.TEXT_ARRAY, Tokenization.FIELD, filtered=True)
_RANGED = Kind(DataType.INT, filtered=True, ranged=True)
_TEXT = Kind(DataType.TEXT, Tokenization.FIELD)  # only shown
_TEXTS = Kind(DataType.TEXT_ARRAY, Tokenization.FIELD)
_NUMBER = Kind(DataType.INT)
PROPERTIES: dict[str, Kind] = {
    **dict.fromkeys(("document", "generation", "collection"), _KEY),
    **dict.fromkeys(("names", "title_keys"), _KEYS),
    **dict.fromkeys(("page", "ordinal"), _RANGED),
    **dict.fromkeys(("title", "text", "prefix", "fingerprint", LIGHT), _TEXT),
    **dict.fromkeys(("headings", "columns"), _TEXTS),
    **dict.fromkeys(("start", "end", "tokens"), _NUMBER),
    "spans": Kind(DataType.NUMBER_ARRAY),
    WORDS: Kind(DataType.TEXT, Tokenization.WORD, searched=True),
}


class Origin(NamedTuple):
    """What a collection says of itself in its description."""

    schema: int
    embedder: str
    dimension: int

    def __str__(self) -> str:
        return f"'{self.embedder}' ({self.dimension} dimensions)"


def alias_of(prefix: str, embedder: str, dimension: int) -> str:
    """The name by which the collection of an embedder is used; it points to the collection that is current."""
    slug = re.sub(r"[^A-Za-z0-9]+", "_", embedder).strip("_")[:60]
    digest = hashlib.blake2b(f"{embedder}\0{dimension}".encode(), digest_size=4).hexdigest()
    return f"{prefix}_{slug}_{digest}"


def collection_of(alias: str, number: int) -> str:
    """The name of the collection itself: its schema version, and a number that each migration raises."""
    return f"{alias}_v{SCHEMA_VERSION}_{number}"


def number_of(alias: str, collection: str) -> int:
    """The number in a collection's name; 0 where it is not a collection of this alias."""
    found = re.fullmatch(rf"{re.escape(alias)}_v\d+_(\d+)", collection)
    return int(found[1]) if found else 0


def tenant_of(tenant: str) -> str:
    """A tenant's name as Weaviate takes it: letters, digits, '_' and '-', at most 64.

    A name with other characters is written with '-' for them and a hash, so that no two names become one. What looks
    like such a name is hashed as well.
    """
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", tenant) and not re.search(r"--[0-9a-f]{16}$", tenant):
        return tenant
    digest = hashlib.blake2b(tenant.encode(), digest_size=8).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9_-]', '-', tenant)[:46]}--{digest}"


def definition(settings: Settings, embedder: str, dimension: int) -> dict[str, Any]:
    """The arguments with which the client creates a collection."""
    quantizer = Configure.VectorIndex.Quantizer
    index = Configure.VectorIndex.hnsw(distance_metric=VectorDistances.COSINE)
    return {
        "description": json.dumps({"docqa": Origin(SCHEMA_VERSION, embedder, dimension)._asdict()}),
        "properties": [_property(name, kind) for name, kind in PROPERTIES.items()],
        "vector_config": Configure.Vectors.self_provided(
            name=VECTOR,
            vector_index_config=index,
            quantizer=quantizer.rq(bits=8) if settings.weaviate_quantization == "rq8" else quantizer.none(),
        ),
        # Words are told apart, stemmed and freed of stop words before they come here: see ``words.stems``.
        "inverted_index_config": Configure.inverted_index(stopwords_preset=StopwordsPreset.NONE),
        "multi_tenancy_config": Configure.multi_tenancy(auto_tenant_creation=True, auto_tenant_activation=True),
        "replication_config": Configure.replication(factor=settings.weaviate_replicas),
    }


def _property(name: str, kind: Kind) -> Property:
    return Property(
        name=name,
        data_type=kind.type,
        tokenization=kind.tokens,
        index_filterable=kind.filtered,
        index_searchable=kind.searched if kind.type in (DataType.TEXT, DataType.TEXT_ARRAY) else None,
        index_range_filters=kind.ranged if kind.type is DataType.INT else None,
    )


def origin_of(description: str | None) -> Origin | None:
    """What a collection's description says of it; None where docqa did not make it."""
    try:
        return Origin(**json.loads(description or "")["docqa"])
    except (ValueError, KeyError, TypeError):
        return None


def differences(found: Any, settings: Settings) -> list[str]:
    """How a collection's schema, as the client tells it, differs from what this version expects.

    What the collection has beside it is no difference.
    """
    there, wanted = _facts(found), _expected(settings)
    return [
        f"{name} is {there.get(name, 'missing')} and should be {value}"
        for name, value in wanted.items()
        if there.get(name) != value
    ]


def _expected(settings: Settings) -> dict[str, str]:
    return {
        **{f"property '{name}'": str(kind) for name, kind in PROPERTIES.items()},
        "schema version": str(SCHEMA_VERSION),
        "multi-tenancy": "on",
        "vector": "cosine",
        "quantization": settings.weaviate_quantization,
        "replicas": str(settings.weaviate_replicas),
    }


def _facts(found: Any) -> dict[str, str]:
    origin = origin_of(found.description)
    facts = {
        "schema version": str(origin.schema) if origin else "not docqa's",
        "multi-tenancy": "on" if found.multi_tenancy_config.enabled else "off",
        "replicas": str(found.replication_config.factor),
    }
    for each in found.properties:
        kind = Kind(each.data_type, each.tokenization, each.index_filterable, each.index_searchable, False)
        facts[f"property '{each.name}'"] = str(kind._replace(ranged=bool(each.index_range_filters)))
    if vector := (found.vector_config or {}).get(VECTOR):
        index = vector.vector_index_config
        facts["vector"] = str(getattr(index.distance_metric, "value", index.distance_metric))
        facts["quantization"] = f"rq{index.quantizer.bits}" if hasattr(index.quantizer, "bits") else "none"
    return facts
