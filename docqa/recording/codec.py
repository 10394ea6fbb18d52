"""Records as JSON and back: any dataclass, named tuple, list or dict by its type annotations, without naming one.

Numbers and texts pass unchanged, so that what is read is what was written. Where a ``keep`` is given, long texts and
what comes again and again (chunks, messages, functions) are handed to it once and stand as ``{"$": hash}``.
"""

from __future__ import annotations

import builtins
import dataclasses
import hashlib
import json
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from docqa.errors import RecordError
from docqa.llm import Message, ToolSpec
from ingest.errors import DocqaError
from ingest.types import Chunk

Keep = Callable[[Any], str]
Kept = Mapping[str, Any]
REF = "$"
_LONG = 80  # characters; longer texts are kept once
_ONCE = (Chunk, Message, ToolSpec)
_SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(value: object) -> str:
    """A JSON value as one line; lone surrogates, which no file can hold, become U+FFFD."""
    return _well_formed(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _well_formed(text: str) -> str:
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def digest(text: str) -> str:
    """The name under which a text is known: BLAKE2b in 16 hexadecimal digits."""
    return hashlib.blake2b(_well_formed(text).encode(), digest_size=8).hexdigest()


def encode(value: object, keep: Keep | None = None) -> Any:
    """A value as JSON. Tuples and sets become lists; what JSON has no form for becomes text."""
    if isinstance(value, str):
        return {REF: keep(value)} if keep and len(value) > _LONG else value
    if value is None or isinstance(value, bool | int | float):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: encode(getattr(value, field.name), keep) for field in dataclasses.fields(value)}
        return {REF: keep(fields)} if keep and isinstance(value, _ONCE) else fields
    if isinstance(value, Mapping):
        return {_escaped(str(name)) if keep else str(name): encode(each, keep) for name, each in value.items()}
    if isinstance(value, set | frozenset):
        return [encode(each, keep) for each in sorted(value)]
    if isinstance(value, Sequence):
        return [encode(each, keep) for each in value]
    return str(value)


def _escaped(name: str) -> str:
    return f"{REF}{name}" if name.startswith(REF) else name


def expand(value: Any, kept: Kept) -> Any:
    """JSON with what was kept put back in its place.

    Raises:
        KeyError: something is not there.
    """
    if isinstance(value, list):
        return [expand(each, kept) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {REF}:
        return expand(kept[value[REF]], kept)
    return {name.removeprefix(REF): expand(each, kept) for name, each in value.items()}


def decode(kind: Any, value: Any) -> Any:
    """The value of a type that ``encode`` made this JSON of. A field that the JSON lacks takes its default.

    Raises:
        TypeError: the JSON is not of this type.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or kind is object or origin is typing.Literal:
        return value
    if origin is typing.Annotated:
        return decode(arguments[0], value)
    if origin in (typing.Union, types.UnionType):
        return _one_of(arguments, value)
    if kind is None or kind in (types.NoneType, str, bool, int, float):
        return _plain(kind, value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, value)
    base = origin or kind
    if isinstance(base, type) and issubclass(base, Mapping):
        names, values = arguments or (str, Any)
        items = _expect(dict, value).items()
        return {int(name) if names is int else name: decode(values, each) for name, each in items}
    if isinstance(base, type) and issubclass(base, Sequence | set | frozenset):
        return _several(base, arguments, _expect(list, value))
    raise TypeError(f"{kind} cannot be read")


def _expect(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} where {kind.__name__} is expected")
    return value


def _plain(kind: Any, value: Any) -> Any:
    if kind is float:
        _expect(float, float(value) if type(value) is int else value)
        return value
    if kind is int and isinstance(value, bool):
        raise TypeError("bool where int is expected")
    return _expect(kind or types.NoneType, value)


def _one_of(kinds: Sequence[Any], value: Any) -> Any:
    for kind in kinds:
        try:
            return decode(kind, value)
        except TypeError:
            continue
    raise TypeError(f"{type(value).__name__} is none of {', '.join(map(str, kinds))}")


def _record(kind: Any, value: Any) -> Any:
    given, hints = _expect(dict, value), hints_of(kind)
    fields = [field for field in dataclasses.fields(kind) if field.init and field.name in given]
    return kind(**{field.name: decode(hints[field.name], given[field.name]) for field in fields})


def _several(base: type, arguments: Sequence[Any], values: list[Any]) -> Any:
    if issubclass(base, tuple):
        if hasattr(base, "_fields"):
            hints = hints_of(base)
            return base(*(decode(hints[name], each) for name, each in zip(base._fields, values, strict=False)))
        if arguments and arguments[-1] is not Ellipsis:
            return tuple(decode(kind, each) for kind, each in zip(arguments, values, strict=False))
    of = arguments[0] if arguments else Any
    made: Iterator[Any] = (decode(of, each) for each in values)
    return base(made) if issubclass(base, tuple | set | frozenset) else list(made)


@cache
def hints_of(kind: Any) -> dict[str, Any]:
    """The annotations of a class or function, as types."""
    return typing.get_type_hints(kind)


def encode_error(error: BaseException, keep: Keep | None = None) -> dict[str, Any]:
    """An exception as JSON: its type, its message and what it carries."""
    return {"type": type(error).__name__, "args": encode(error.args, keep), "state": encode(vars(error), keep)}


def decode_error(value: Any) -> Exception:
    """The exception again, of the same type where it is docqa's or Python's own, else a ``RuntimeError``.

    Raises:
        RecordError: the JSON is no exception.
    """
    try:
        name, arguments, state = value["type"], tuple(value["args"]), dict(value["state"])
    except (KeyError, TypeError, ValueError) as problem:
        raise RecordError("A recorded exception cannot be read.") from problem
    kind = _error_types().get(name) or getattr(builtins, str(name), None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return RuntimeError(f"{name}: {', '.join(map(str, arguments))}")
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(state)
    return error


def _error_types() -> dict[str, type[Exception]]:
    found: dict[str, type[Exception]] = {}
    waiting: list[type[Exception]] = [DocqaError]
    while waiting:
        kind = waiting.pop()
        found[kind.__name__] = kind
        waiting += kind.__subclasses__()
    return found
