"""Filters in Weaviate's form."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from weaviate.classes.query import Filter as By

from ingest.archive.checks import check_condition
from ingest.types import Condition, Filter


class Selection(NamedTuple):
    """What a filter lets through: ``nothing`` of all, or what ``where`` says (None: everything)."""

    where: Any = None
    nothing: bool = False

    def also(self, other: Any) -> Selection:
        """This selection narrowed by one more of Weaviate's filters."""
        return Selection(other if self.where is None else self.where & other, self.nothing)


def select(filter: Filter) -> Selection:
    """The filter in Weaviate's form.

    Raises:
        ArchiveError: an operation does not fit its field or value.
    """
    selection = Selection()
    for condition in filter.conditions:
        check_condition(condition)
        values = _values(condition)
        if condition.op == "none_of":
            selection = selection.also(_target(condition).contains_none(values)) if values else selection
        elif not values:
            selection = Selection(nothing=True)
        else:
            selection = selection.also(_compared(condition, values))
        if selection.nothing:
            break
    return selection


def between(first: str, end: str) -> Any:
    """A filter for the ids from ``first`` on and before ``end``, in the order of their text."""
    return By.by_property("_id").greater_or_equal(first) & By.by_property("_id").less_than(end)


def everything() -> Any:
    """A filter that lets all chunks through, where Weaviate wants one."""
    return By.by_property("ordinal").greater_or_equal(-(2**53))


def countable(where: Any, replicas: int) -> Any:
    """The filter with which chunks are counted.

    Without one Weaviate asks all replicas, whatever level is set, and hangs while one is away; with one that lets
    everything through it does not, but takes several times as long.
    """
    return everything() if where is None and replicas > 1 else where


def is_id(text: str) -> bool:
    """Whether a text can be the id of an object: a UUID as it is usually written."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _values(condition: Condition) -> list[Any]:
    """The values that a condition compares with; ids that are none are equal to no id and left out."""
    value = condition.value
    values = list(value) if isinstance(value, tuple) else [value]
    compares = condition.op in ("eq", "any_of", "none_of")
    return [one for one in values if is_id(str(one))] if condition.field == "id" and compares else values


def _target(condition: Condition) -> Any:
    return By.by_property("_id" if condition.field == "id" else condition.field)


def _compared(condition: Condition, values: list[Any]) -> Any:
    target = _target(condition)
    if condition.op in ("any_of", "contains_any"):
        return target.contains_any(values)
    compare = {"eq": target.equal, "ge": target.greater_or_equal, "le": target.less_or_equal}[condition.op]
    return compare(values[0])
