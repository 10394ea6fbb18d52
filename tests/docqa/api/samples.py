"""Values of JSON schemas: what can stand where in them, an example of one, and one with something else in a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Any

Json = dict[str, Any]
Names = tuple[str | int, ...]
"""Where something stands in a value: names of fields, and 0 for an entry of a list."""
SAMPLES: Json = {"InputItem": {"role": "user", "content": "Who?"}}
"""Examples of models that have none themselves."""


class Schemas:
    """Schemas that name those of some models.

    Args:
        models: by their names.
    """

    def __init__(self, models: Mapping[str, Json]) -> None:
        self._models = models

    def alternatives(self, schema: Json) -> list[Json]:
        """The schemas of which a value fits one, without references."""
        while "$ref" in schema:
            schema = self._models[schema["$ref"].rpartition("/")[2]]
        several = [each for name in ("anyOf", "oneOf") for each in schema.get(name, ())]
        return [one for each in several for one in self.alternatives(each)] or [schema]

    def places(self, schema: Json, kind: str = "string") -> Iterator[Names]:
        """The places in a value where any text, or whatever else of a kind, can stand."""
        for each in self.alternatives(schema):
            if each.get("type") == kind and not {"enum", "const"} & each.keys():
                yield ()
            for name, inner in each.get("properties", {}).items():
                yield from ((name, *rest) for rest in self.places(inner, kind))
            if each.get("type") == "array":
                yield from ((0, *rest) for rest in self.places(each.get("items", {}), kind))

    def sample(self, schema: Json) -> Any:
        """A value: the example of the schema, or else the least that it allows."""
        first = self.alternatives(schema)[0]
        if first.get("title") in SAMPLES:
            return deepcopy(SAMPLES[first["title"]])
        for told in (schema, first):
            known = (
                told.get("examples") or told.get("enum") or [told[key] for key in ("const", "default") if key in told]
            )
            if known:
                return deepcopy(known[0])
        if first.get("type") == "object":
            return {name: self.sample(first["properties"][name]) for name in first.get("required", ())}
        if first.get("type") == "array":
            return [self.sample(first["items"]) for _ in range(first.get("minItems", 0))]
        least = {"string": "text", "integer": max(first.get("minimum", 1), 1), "number": 1.0, "boolean": False}
        return least[first["type"]]

    def planted(self, schema: Json, place: Names, value: Any) -> Any:
        """A sample in which a value stands in a place."""
        if not place:
            return value
        name, rest = place[0], place[1:]
        for each in self.alternatives(schema):
            with suppress(KeyError):  # of several kinds of lists another one may have it
                if name == 0:
                    return [self.planted(each["items"], rest, value)]
                return self.sample(each) | {name: self.planted(each["properties"][name], rest, value)}
        raise KeyError(place)
