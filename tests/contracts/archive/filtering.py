"""Filters of every kind, with values of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.archive import Archive
from ingest.errors import ArchiveError
from ingest.types import Filter, FilterOp, FilterValue
from tests.contracts.archive.samples import DIMENSION, chunk, fill, found, id_of, only

AWKWARD = ["it's", 'a "b"', "back\\slash", "per%cent_", "x'; DROP TABLE chunks; --", "naïve 日本 🙂", "two\nlines", ""]


def numbers(archive: Archive, where: Filter) -> list[int]:
    """The numbers of the chunks that pass, told the same by ``ids``, ``count`` and both kinds of search."""
    ids = sorted(archive.ids(where))
    assert len(ids) == archive.count(where)
    assert sorted(found(archive, "plain", where, limit=100)) == ids
    hits = archive.search("", np.ones(DIMENSION, np.float32), 100, where, mode="vector")
    assert sorted(hit.id for hit in hits) == ids
    return [int(id[-12:]) for id in ids]


class FilteringContract:
    """Inherited by ``ArchiveContract``, which gives the fixture ``archive``."""

    @pytest.mark.parametrize(
        ("field", "op", "value", "expected"),
        [
            ("document", "eq", "d1", [3, 4, 5]),
            ("id", "any_of", (id_of(2), id_of(4), "unknown"), [2, 4]),
            ("id", "none_of", (id_of(2), "unknown"), [0, 1, 3, 4, 5]),
            ("id", "any_of", (), []),
            ("id", "none_of", (), [0, 1, 2, 3, 4, 5]),
            ("page", "eq", 2, [1, 4]),
            ("page", "any_of", (1, 3, 99), [0, 2, 3, 5]),
            ("page", "none_of", (1,), [1, 2, 4, 5]),
            ("ordinal", "ge", 20_000, [1, 2, 4, 5]),
            ("ordinal", "le", 20_000, [0, 1, 3, 4]),
            ("document", "ge", "d1", [3, 4, 5]),
            ("names", "contains_any", ("name 1", "name 4", "unknown"), [1, 4]),
            ("names", "contains_any", ("shared",), [0, 1, 2, 3, 4, 5]),
            ("names", "contains_any", (), []),
            ("title_keys", "contains_any", ("key 0",), [0, 3]),
            ("title_keys", "contains_any", ("key",), []),
        ],
    )
    def test_a_condition_lets_through(
        self, archive: Archive, field: str, op: FilterOp, value: FilterValue, expected: list[int]
    ) -> None:
        chunks = [chunk(n, names=("shared", f"name {n}"), title_keys=(f"key {n % 3}",)) for n in range(6)]
        fill(archive, chunks[:4])
        archive.optimise()
        fill(archive, chunks[4:])
        assert numbers(archive, only(field, op, value)) == expected

    def test_all_conditions_must_hold(self, archive: Archive) -> None:
        fill(archive, [chunk(n) for n in range(9)])
        where = only("page", "le", 2).where(only("document", "none_of", ("d1",)).conditions[0])
        assert numbers(archive, where) == [0, 1, 6, 7]

    @pytest.mark.parametrize("value", AWKWARD)
    def test_any_text_can_be_a_value(self, archive: Archive, value: str) -> None:
        fill(archive, [chunk(1, document=value, names=(value, "z")), chunk(2, names=("other",))])
        assert numbers(archive, only("document", "eq", value)) == [1]
        assert numbers(archive, only("document", "any_of", (value,))) == [1]
        assert numbers(archive, only("names", "contains_any", (value,))) == [1]
        assert numbers(archive, only("document", "none_of", (value,))) == [2]

    def test_thousands_of_values_are_taken(self, archive: Archive) -> None:
        fill(archive, [chunk(n, names=(f"name {n}",)) for n in range(30)])
        many = tuple(id_of(n) for n in range(10, 10_000))
        assert numbers(archive, only("id", "any_of", many)) == list(range(10, 30))
        assert numbers(archive, only("id", "none_of", many)) == list(range(10))
        names = tuple(f"name {n}" for n in range(20, 5_000))
        assert numbers(archive, only("names", "contains_any", names)) == list(range(20, 30))

    def test_hidden_generations_are_not_found_and_take_no_place_of_others(self, archive: Archive) -> None:
        fill(archive, [chunk(n, generation=f"g{n % 10}") for n in range(300)])
        visible = only("generation", "none_of", tuple(f"g{n}" for n in range(9)))
        hits = archive.search("plain", np.ones(DIMENSION, np.float32), 30, visible)
        assert len(hits) == 30
        assert {hit.generation for hit in hits} == {"g9"}

    @pytest.mark.parametrize(
        ("field", "op", "value"),
        [
            ("names", "eq", "x"), ("document", "contains_any", ("x",)), ("document", "any_of", "x"),
            ("page", "eq", "1"), ("document", "eq", 1), ("page", "eq", (1,)),
        ],
    )  # fmt: skip
    def test_a_condition_that_makes_no_sense_is_refused(
        self, archive: Archive, field: str, op: FilterOp, value: FilterValue
    ) -> None:
        with pytest.raises(ArchiveError, match=field):
            archive.count(only(field, op, value))
