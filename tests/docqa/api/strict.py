"""Answers read as OpenAI's published types say, with no field more and none less.

The client itself is lenient: it keeps fields that it does not know, and does without those that it misses.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Model = TypeVar("Model", bound=BaseModel)
PLAIN = {str: (str,), bool: (bool,), int: (int,), float: (int, float), type(None): (type(None),)}


def strict(kind: type[Model], value: Any) -> Model:
    """A JSON object as a model.

    Raises:
        AssertionError: it has a field that the model, or one inside it, does not declare, lacks one that is required,
            or has one of another type.
    """
    wrong = list(_wrong(kind, value, kind.__name__))
    assert not wrong, "\n".join(wrong)
    return kind.model_validate(value)


def _wrong(kind: Any, value: Any, place: str) -> Iterator[str]:
    """What is wrong with a value of a type, in words."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        yield from _wrong(arguments[0], value, place)
    elif origin in (typing.Union, types.UnionType):
        yield from _none_of(arguments, value, place)
    elif origin is typing.Literal:
        if value not in arguments or type(value) not in map(type, arguments):
            yield f"{place} is {value!r}, none of {arguments}"
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from _wrong_object(kind, value, place)
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            yield f"{place} is no object"
            return
        for name, each in value.items():
            yield from _wrong(arguments[1], each, f"{place}.{name}")
    elif isinstance(origin, type) and issubclass(origin, Sequence):
        if not isinstance(value, list):
            yield f"{place} is no list"
            return
        for number, each in enumerate(value):
            yield from _wrong(arguments[0], each, f"{place}[{number}]")
    elif kind in PLAIN and type(value) not in PLAIN[kind]:
        yield f"{place} is {value!r}, no {kind.__name__}"


def _wrong_object(kind: type[BaseModel], value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place} is no object"
        return
    fields = _fields(kind)
    yield from (f"{place} has '{name}', which is unknown" for name in value if name not in fields)
    yield from (
        f"{place} lacks '{name}'" for name, field in fields.items() if field.is_required() and name not in value
    )
    for name, each in value.items():
        if name in fields:
            yield from _wrong(fields[name].annotation, each, f"{place}.{name}")


def _fields(kind: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by their names in JSON."""
    kind.model_rebuild()
    return {field.alias or name: field for name, field in kind.model_fields.items()}


def _none_of(kinds: Sequence[Any], value: Any, place: str) -> Iterator[str]:
    """What is wrong with the type that comes nearest: the one whose constants, as ``type``, are those of the value."""
    found = [(kind, list(_wrong(kind, value, place))) for kind in kinds]
    if all(wrong for _, wrong in found):
        yield from min(found, key=lambda each: (_other_constants(each[0], value), len(each[1])))[1]


def _other_constants(kind: Any, value: Any) -> int:
    """How many of a model's constants a value contradicts; many for what is no model."""
    while typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    if not (isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(value, dict)):
        return 99
    kinds = {name: field.annotation for name, field in _fields(kind).items()}
    constants = {name: typing.get_args(of) for name, of in kinds.items() if typing.get_origin(of) is typing.Literal}
    return sum(value.get(name) not in constants[name] for name in constants)
