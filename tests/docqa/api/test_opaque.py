"""Numbers shown as ids from which nobody can count."""

from __future__ import annotations

from itertools import pairwise

import pytest

from docqa.api.opaque import MOST, number_of, shown

SECRET = b"s" * 32


@pytest.mark.parametrize("number", [0, 1, 2**32 - 1, 2**32, MOST - 1])
def test_an_id_gives_its_number_back(number: int) -> None:
    assert number_of(SECRET, "entry", "job", shown(SECRET, "entry", "job", number)) == number


def test_ids_of_numbers_that_follow_each_other_have_nothing_in_common() -> None:
    ids = [int(shown(SECRET, "entry", "job", number).removeprefix("entry_"), 16) for number in range(200)]
    steps = [abs(after - before) for before, after in pairwise(ids)]
    assert len(set(ids)) == 200
    assert min(steps) > 1000


@pytest.mark.parametrize("id", ["", "entry_1", "entry_000000000000000g", "other_0000000000000000", "entry_" + "0" * 17])
def test_what_is_no_id_has_no_number(id: str) -> None:
    assert number_of(SECRET, "entry", "job", id) is None


def test_an_id_is_known_for_its_own_thing_and_secret_alone() -> None:
    id = shown(SECRET, "entry", "job", 7)
    assert number_of(SECRET, "entry", "another job", id) is None
    assert number_of(b"t" * 32, "entry", "job", id) is None
