"""OpenAI's filters over the attributes of attached files: comparisons, and ``and`` and ``or`` of them.

Only values of one kind are compared: numbers with numbers, texts with texts, true and false with each other. A file
without the attribute is one whose attribute differs, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docqa.errors import QuestionError

Value = str | float | bool
DEEPEST = 16
MOST = 200  # comparisons and compounds together
COMPARISONS = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin")
COMPOUNDS = ("and", "or")
_FORM = (
    '{"type": "eq", "key": "year", "value": 2024}, with eq, ne, gt, gte, lt, lte, in or nin, '
    'or {"type": "and", "filters": […]}, with and or or'
)


def check_filter(filter: Mapping[str, Any]) -> None:
    """Refuse what is no filter.

    Raises:
        QuestionError: it has another form, or is nested too deeply or too long.
    """
    waiting: list[tuple[Any, int]] = [(filter, 1)]
    seen = 0
    while waiting:
        each, depth = waiting.pop()
        seen += 1
        if depth > DEEPEST or seen > MOST:
            raise QuestionError(f"A filter has at most {MOST} parts, nested at most {DEEPEST} deep.")
        if not isinstance(each, Mapping):
            raise QuestionError(f"A filter looks like {_FORM}.")
        if each.get("type") in COMPOUNDS and isinstance(each.get("filters"), list):
            waiting += [(inner, depth + 1) for inner in each["filters"]]
        elif not _is_comparison(each):
            raise QuestionError(f"A filter looks like {_FORM}.")


def _is_comparison(filter: Mapping[str, Any]) -> bool:
    kind, value = filter.get("type"), filter.get("value")
    if kind not in COMPARISONS or not isinstance(filter.get("key"), str):
        return False
    if kind in ("in", "nin"):
        return isinstance(value, list) and all(isinstance(each, str | int | float) for each in value)
    return isinstance(value, str | int | float)


def matches(filter: Mapping[str, Any], attributes: Mapping[str, Value]) -> bool:
    """Whether attributes pass a filter that ``check_filter`` has let through."""
    kind = filter["type"]
    if kind in COMPOUNDS:
        passed = (matches(each, attributes) for each in filter["filters"])
        return all(passed) if kind == "and" else any(passed)
    held, value = attributes.get(filter["key"]), filter["value"]
    if kind in ("eq", "ne", "in", "nin"):
        among = any(_same(held, each) for each in (value if kind in ("in", "nin") else [value]))
        return among if kind in ("eq", "in") else not among
    return _compared(kind, held, value)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _same(held: object, value: object) -> bool:
    return _kind(held) == _kind(value) and bool(held == value)


def _compared(kind: str, held: Any, value: Any) -> bool:
    if _kind(held) != _kind(value) or isinstance(held, bool):
        return False
    if kind.startswith("gt"):
        return bool(held > value or (kind == "gte" and held == value))
    return bool(held < value or (kind == "lte" and held == value))
