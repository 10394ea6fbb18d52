"""Filters as SQL."""

from __future__ import annotations

from ingest.archive.checks import check_condition
from ingest.types import Condition, Filter

_COMPARISONS = {"eq": "=", "ge": ">=", "le": "<="}


def to_sql(where: Filter) -> str:
    """The filter as an SQL condition; empty where everything passes.

    Raises:
        ArchiveError: an operation does not fit its field or value.
    """
    return " AND ".join(_condition(condition) for condition in where.conditions)


def _condition(condition: Condition) -> str:
    check_condition(condition)
    field, op, value = condition.field, condition.op, condition.value
    if not isinstance(value, tuple):
        return f"{field} {_COMPARISONS[op]} {_literal(value)}"
    literals = ", ".join(_literal(one) for one in value)
    if op == "contains_any":
        return f"array_has_any({field}, make_array({literals}))" if literals else "false"
    if op == "any_of":
        return f"{field} IN ({literals})" if literals else "false"
    return f"{field} NOT IN ({literals})" if literals else "true"


def _literal(value: str | int) -> str:
    return str(int(value)) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
