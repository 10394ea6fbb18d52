"""Calls as one JSON object a step, held to a JSON schema by ``response_format`` (OpenAI's structured outputs;
llama.cpp, vLLM, Ollama and others constrain the sampling by it).

``{"thought": "…", "call": {"function": "…", …its parameters}}``: the thought comes first, so that it can help the call.
Every string and list is bounded, so that the object ends within the tokens that the model may write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docqa.llm import ToolSpec

# Characters of the strings by name of the parameter, where there is room.
_LENGTHS = {"thought": 140, "query": 200, "claim": 300, "quote": 400, "text": 800, "document": 160, "title": 160}
_SHORT = {"chunk": 40, "pages": 24, "page": 24, "id": 60, "handle": 40, "block": 40}
_OTHER = 200
_ITEMS = 6  # of a list
_CHARACTERS = 2.5  # that a token holds at least, on average over an object; English has 4
_FRAME = 40  # tokens of an object besides its strings: keys, marks and the blanks that grammars allow
_LEAST = 24  # characters of a string at least
_THOUGHT_ROOM = 120  # tokens below which there is no thought
_ITEM_CHARS = 60  # of a string directly in a list

Schema = dict[str, Any]


def step(tools: Sequence[ToolSpec], only: Sequence[str], limit: int) -> Schema:
    """The schema of one step's object, for the functions of these names (all, where none is named).

    Args:
        tools: all functions.
        only: names of those that may be called.
        limit: tokens that the model may write.
    """
    allowed = [tool for tool in tools if not only or tool.name in only] or list(tools)
    room = max(0.0, (limit - _FRAME) * _CHARACTERS)
    calls = [_call(tool, room, limit >= _THOUGHT_ROOM) for tool in allowed]
    call = calls[0] if len(calls) == 1 else {"anyOf": calls}
    if limit < _THOUGHT_ROOM:
        return _object({"call": call}, ["call"])
    longest = max(_LEAST, min(_LENGTHS["thought"], int(room / 5)))
    return _object({"thought": {"type": "string", "maxLength": longest}, "call": call}, ["thought", "call"])


def plain(schema: Any) -> Any:
    """A schema without bounds of strings and lists and without ``const``, which some servers do not know."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "const" in schema:
        return {"enum": [schema["const"]]}
    return {
        key: {name: plain(of) for name, of in value.items()} if key == "properties" else plain(value)
        for key, value in schema.items()
        if key not in ("maxLength", "maxItems")
    }


def response_format(schema: Schema) -> dict[str, Any]:
    """The request's option for a schema."""
    return {"type": "json_schema", "json_schema": {"name": "step", "strict": True, "schema": schema}}


def _call(tool: ToolSpec, room: float, thought: bool) -> Schema:
    """The schema of a call: the function's name beside its parameters."""
    given = tool.parameters.get("properties") or {}
    room -= min(_LENGTHS["thought"], room / 5) if thought else 0
    wanted = sum(_wanted(name, of) for name, of in given.items())
    share = min(1.0, room / wanted) if wanted else 1.0
    properties = {name: _bounded(name, of, share) for name, of in given.items() if name != "function"}
    required = [name for name in tool.parameters.get("required") or () if name in properties]
    return _object({"function": {"const": tool.name}, **properties}, ["function", *required])


def _object(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _longest(name: str) -> int:
    return _LENGTHS.get(name) or _SHORT.get(name) or _OTHER


def _wanted(name: str, schema: Any) -> float:
    """Characters that a value of this schema may take when nothing is scaled down."""
    if not isinstance(schema, Mapping):
        return 0
    if isinstance(choices := schema.get("anyOf") or schema.get("oneOf"), list):
        return max((_wanted(name, choice) for choice in choices), default=0)
    if schema.get("type") == "array":
        return _ITEMS * (_wanted("", schema.get("items")) + 4)
    if isinstance(properties := schema.get("properties"), Mapping):
        return sum(_wanted(key, of) + len(key) + 6 for key, of in properties.items())
    return _string_length(name, schema) + len(name) + 6 if _is_text(schema) else 16


def _bounded(name: str, schema: Any, share: float) -> Any:
    """A schema with bounds for its strings and lists, scaled down to a share of what they want."""
    if not isinstance(schema, Mapping):
        return schema
    found = dict(schema)
    for key in ("anyOf", "oneOf"):
        if isinstance(found.get(key), list):
            found[key] = [_bounded(name, choice, share) for choice in found[key]]
    if found.get("type") == "array":
        most = max(1, int(_ITEMS * max(share, 1 / _ITEMS)))
        found["maxItems"] = min(most, found.get("maxItems", most))
        found["items"] = _bounded("", found.get("items", {}), min(1.0, share * _ITEMS / most))
    if isinstance(found.get("properties"), Mapping):
        found["properties"] = {key: _bounded(key, of, share) for key, of in found["properties"].items()}
        found["additionalProperties"] = False
    if _is_text(found):
        found["maxLength"] = max(min(_LEAST, _string_length(name, found)), int(_string_length(name, found) * share))
    return found


def _is_text(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "string" and not {"enum", "const", "pattern", "format"} & schema.keys()


def _string_length(name: str, schema: Mapping[str, Any]) -> int:
    longest = _longest(name) if name else _ITEM_CHARS
    return int(min(longest, schema.get("maxLength", longest)))
