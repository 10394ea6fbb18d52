"""The functions as the model sees them, and its arguments as they should be: both from the methods' signatures."""

from __future__ import annotations

import inspect
import json
import re
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from docqa.llm import ToolSpec
from docqa.prompts import mistakes

NAMES = (
    "search_archive",
    "read_document",
    "list_documents",
    "note_evidence",
    "search_conversation",
    "remember",
    "forget",
    "answer",
)
CONVERSATION = ("search_conversation", "remember", "forget")
"""What only a run that belongs to a conversation is offered."""
CORE = ("search_archive", "read_document", "note_evidence", "answer")
"""What a small window is left to."""


class Quote(BaseModel):
    """A citation given by its words: the handle of a chunk and a quote from it."""

    chunk: str
    quote: str


@cache
def specs(names: tuple[str, ...] = NAMES) -> tuple[ToolSpec, ...]:
    """The functions of these names as the model sees them."""
    return tuple(ToolSpec(n, " ".join((_method(n).__doc__ or "").split()), _schema(n)) for n in names)


def arguments(name: str, given: dict[str, Any]) -> dict[str, Any] | str:
    """The arguments of a function, checked; a sentence for the model where they do not fit."""
    model = _model(name)
    try:
        checked = model.model_validate(_lenient(model, given))
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors()[:4]]
        needed = [field for field, info in model.model_fields.items() if info.is_required()]
        return mistakes.wrong_arguments(name, problems, needed)
    return {field: getattr(checked, field) for field in model.model_fields}


def _method(name: str) -> Any:
    from docqa.tools.functions import Tools

    return getattr(Tools, name)


@cache
def _model(name: str) -> type[BaseModel]:
    """A function's parameters as a pydantic model, from its signature."""
    parameters = list(inspect.signature(_method(name), eval_str=True).parameters.values())[1:]
    fields: dict[str, Any] = {
        p.name: (p.annotation, ... if p.default is inspect.Parameter.empty else p.default) for p in parameters
    }
    return create_model(name, **fields)


def _schema(name: str) -> dict[str, Any]:
    """The JSON schema of a function's parameters, without what only costs tokens: titles, defaults, references."""
    whole = _model(name).model_json_schema()
    definitions = whole.pop("$defs", {})

    def plain(node: Any) -> Any:
        if isinstance(node, list):
            return [plain(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return plain(definitions[node["$ref"].rsplit("/", 1)[-1]])
        properties = node.get("properties")
        kept = {k: plain(v) for k, v in node.items() if k not in ("title", "default", "description", "properties")}
        return {**kept, "properties": {k: plain(v) for k, v in properties.items()}} if properties else kept

    result: dict[str, Any] = plain(whole)
    return result


def _lenient(model: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    """Arguments with what models often get wrong set right: numbers for texts, a single citation or JSON text for a
    list.
    """
    result: dict[str, Any] = {}
    for key, value in given.items():
        if value is None:
            continue
        expected = model.model_fields[key].annotation if key in model.model_fields else None
        if expected is str and isinstance(value, int | float):
            value = str(value)
        elif key == "citations" and isinstance(value, str):
            value = _listed(value)
        elif key == "citations" and isinstance(value, dict):
            value = [value]
        result[key] = value
    return result


def _listed(text: str) -> list[Any]:
    """A list that came as a text: JSON, or names with commas between them."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return [part for part in re.split(r"[,;\s]+", text.strip("[] ")) if part]
    return value if isinstance(value, list) else [value]
