"""Periods and forms as documents and questions write them."""

from __future__ import annotations

import pytest

from ingest.names import Period, forms_in, periods_in, without_periods


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("in FY2018", Period(2018)),
        ("fiscal year 2018", Period(2018)),
        ("FY 23", Period(2023)),
        ("Q2 of FY2023", Period(2023, 2)),
        ("2023Q4_EARNINGS", Period(2023, 4)),
        ("4Q 2023", Period(2023, 4)),
        ("the second quarter of fiscal 2024", Period(2024, 2)),
        ("2022 Fourth-Quarter", Period(2022, 4)),
        ("dated 1st July 2022", Period(2022, 0, 7, 1)),
        ("as of August 30, 2023", Period(2023, 0, 8, 30)),
        ("dated-2022-07-01", Period(2022, 0, 7, 1)),
    ],
)
def test_a_period_is_read_in_the_ways_people_write_it(text: str, period: Period) -> None:
    assert periods_in(text) == [period]


def test_amounts_and_part_numbers_are_no_years() -> None:
    assert periods_in("a sum of $2,018.50, 2019% of it, part 120201") == []


def test_a_period_reads_like_people_write_it() -> None:
    assert [str(p) for p in (Period(2023), Period(2023, 2), Period(2023, 0, 8, 3))] == [
        "FY2023",
        "Q2 2023",
        "2023-08-03",
    ]


def test_forms_have_one_spelling() -> None:
    assert forms_in("the 8k filing and Form 10-k, not 4Q") == ["8-K", "10-K"]


def test_a_question_can_be_had_without_its_periods() -> None:
    assert without_periods("What was revenue in Q2 of FY2023 by the 10-Q?") == "What was revenue in by the ?"
