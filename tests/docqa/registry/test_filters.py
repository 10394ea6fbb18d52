"""OpenAI's filters: which attributes pass them, and what is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docqa.errors import QuestionError
from docqa.registry.filters import DEEPEST, MOST, check_filter, matches

HELD = {"year": 2024, "share": 0.5, "draft": True, "by": "Ada", "empty": ""}


def compare(type: str, key: str, value: object) -> dict[str, Any]:
    return {"type": type, "key": key, "value": value}


@pytest.mark.parametrize(
    "filter",
    [
        compare("eq", "year", 2024), compare("eq", "year", 2024.0), compare("eq", "draft", True),
        compare("ne", "year", 2023), compare("ne", "year", "2024"), compare("ne", "absent", 1),
        compare("gt", "year", 2023.5), compare("gte", "share", 0.5), compare("lt", "by", "Bob"),
        compare("lte", "by", "Ada"), compare("in", "by", ["Bob", "Ada"]), compare("nin", "by", ["Bob"]),
        compare("nin", "absent", [1]), compare("eq", "empty", ""),
        {"type": "and", "filters": []},
        {"type": "or", "filters": [compare("eq", "year", 1), compare("eq", "by", "Ada")]},
        {"type": "and", "filters": [{"type": "or", "filters": [compare("gt", "year", 0)]}, compare("lt", "share", 1)]},
    ],
)  # fmt: skip
def test_attributes_pass(filter: dict[str, Any]) -> None:
    check_filter(filter)
    assert matches(filter, HELD)


@pytest.mark.parametrize(
    "filter",
    [
        compare("eq", "year", 2023), compare("eq", "year", "2024"), compare("eq", "draft", 1),
        compare("eq", "absent", ""), compare("ne", "by", "Ada"), compare("gt", "year", 2024),
        compare("gt", "by", 1), compare("gte", "draft", False), compare("gte", "absent", 0), compare("in", "by", []),
        compare("in", "draft", [1]), compare("nin", "year", [2024]), {"type": "or", "filters": []},
        {"type": "and", "filters": [compare("eq", "year", 2024), compare("eq", "by", "Bob")]},
    ],
)  # fmt: skip
def test_attributes_do_not_pass(filter: dict[str, Any]) -> None:
    check_filter(filter)
    assert not matches(filter, HELD)


@pytest.mark.parametrize(
    "filter",
    [
        {}, None, [], "eq", {"type": "eq"}, compare("eq", "a", None), compare("eq", "a", [1]), compare("in", "a", "b"),
        compare("in", "a", [[]]), compare("like", "a", "b"), {"type": "eq", "key": 1, "value": 1},
        {"type": "and"}, {"type": "and", "filters": {}}, {"type": "and", "filters": [None]}, {"type": ["and"]},
        {"type": {}, "key": "a", "value": 1},
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused_with_an_example(filter: Any) -> None:
    with pytest.raises(QuestionError, match=r'A filter looks like \{"type": "eq", "key": "year"'):
        check_filter(filter)


def test_a_filter_that_is_nested_too_deeply_is_refused() -> None:
    filter = compare("eq", "a", 1)
    for _ in range(DEEPEST - 1):
        filter = {"type": "and", "filters": [filter]}
    check_filter(filter)
    with pytest.raises(QuestionError, match="nested at most 16 deep"):
        check_filter({"type": "and", "filters": [filter]})


def test_a_filter_of_too_many_parts_is_refused() -> None:
    with pytest.raises(QuestionError, match="at most 200 parts"):
        check_filter({"type": "or", "filters": [compare("eq", "a", 1)] * MOST})


VALUES = st.one_of(st.text(max_size=3), st.booleans(), st.integers(-3, 3), st.floats(-3, 3))


@given(VALUES, VALUES)
def test_each_comparison_is_the_opposite_of_another_where_both_can_be_compared(held: Any, value: Any) -> None:
    def passes(type: str) -> bool:
        return matches(compare(type, "a", value), {"a": held})

    assert passes("eq") != passes("ne")
    assert passes("gte") == (passes("gt") or (passes("eq") and not isinstance(held, bool)))
    assert not (passes("gt") and passes("lte"))
    assert matches(compare("in", "a", [value]), {"a": held}) == passes("eq")
