"""Filters as SQL, question texts as terms, and two rankings as one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ingest.errors import ArchiveError
from ingest.types import Condition, Filter

MOST_TERMS = 256
LONGEST_TERM = 40
FUSION_K = 60

_LIST_FIELDS = ("names", "title_keys")
_NUMBER_FIELDS = ("page", "ordinal")
_COMPARISONS = {"eq": "=", "ge": ">=", "le": "<="}
_WORD = re.compile(r"[^\W_]+")


def to_sql(where: Filter) -> str:
    """The filter as an SQL condition; empty where everything passes.

    Raises:
        ArchiveError: an operation does not fit its field or value.
    """
    return " AND ".join(_condition(condition) for condition in where.conditions)


def _condition(condition: Condition) -> str:
    field, op, value = condition.field, condition.op, condition.value
    is_list = field in _LIST_FIELDS
    if is_list != (op == "contains_any") or isinstance(value, tuple) != (op in ("any_of", "none_of", "contains_any")):
        raise ArchiveError(f"A filter cannot apply '{op}' with {type(value).__name__} to the field '{field}'.")
    if not isinstance(value, tuple):
        return f"{field} {_COMPARISONS[op]} {_literal(field, value)}"
    literals = ", ".join(_literal(field, one) for one in value)
    if op == "contains_any":
        return f"array_has_any({field}, make_array({literals}))" if literals else "false"
    if op == "any_of":
        return f"{field} IN ({literals})" if literals else "false"
    return f"{field} NOT IN ({literals})" if literals else "true"


def _literal(field: str, value: str | int) -> str:
    if (field in _NUMBER_FIELDS) != isinstance(value, int):
        raise ArchiveError(f"A filter compares the field '{field}' with {value!r}, which is of another type.")
    return str(int(value)) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def terms(text: str) -> str:
    """The distinct words of a question, at most 256, without any sign that a query syntax could give a meaning to."""
    found: dict[str, None] = {}
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if len(word) <= LONGEST_TERM:
            found[word] = None
        if len(found) == MOST_TERMS:
            break
    return " ".join(found)


def by_score(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with a ``score``, the highest first and equal ones by id."""
    return sorted(rows, key=lambda row: (-row["score"], row["id"]))


def fuse(rankings: Sequence[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """One ranking of several by reciprocal rank fusion: the sum of 1 / (60 + rank) (Cormack et al., 2009)."""
    fused: dict[str, dict[str, Any]] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            entry = fused.setdefault(row["id"], {**row, "score": 0.0})
            entry["score"] += 1 / (FUSION_K + rank)
    return by_score(fused.values())
