"""Rankings are joined, ordered and cut the same way every time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from ingest.archive.ranking import FUSION_K, best, by_score, fuse
from ingest.types import Hit

Read = Callable[[int], Iterable[Hit]]


def hit(id: str, score: float = 0.0) -> Hit:
    return Hit(id, score, "d", "g", 1, 10_000, 10, 0)


def ids(hits: Iterable[Hit]) -> str:
    return "".join(each.id for each in hits)


def backend(hits: Iterable[Hit], depths: list[int]) -> Read:
    """A backend that gives equal scores in the order of their ids backwards, and tells how deep it was read."""
    ranked = sorted(hits, key=lambda each: (each.score, each.id), reverse=True)

    def read(depth: int) -> Iterable[Hit]:
        depths.append(depth)
        return ranked[:depth]

    return read


def test_equal_scores_stand_in_the_order_of_their_ids() -> None:
    assert ids(by_score([hit("c", 1), hit("b", 2), hit("a", 1), hit("d", 2)])) == "bdac"


# Fusion


def test_what_stands_high_in_both_rankings_comes_first() -> None:
    assert ids(fuse([[hit(each) for each in "abc"], [hit(each) for each in "cbx"]])) == "cbax"


def test_a_score_is_the_sum_of_the_reciprocal_ranks() -> None:
    scores = {each.id: each.score for each in fuse([[hit("a", 9), hit("b", 8)], [hit("b", 0.1)]])}
    assert scores == {"a": 1 / (FUSION_K + 1), "b": 1 / (FUSION_K + 2) + 1 / (FUSION_K + 1)}


def test_fusion_does_not_look_at_the_scores_of_the_rankings() -> None:
    one = fuse([[hit("a", 1), hit("b", 0)], [hit("c", 1)]])
    assert one == fuse([[hit("a", 900), hit("b", 899)], [hit("c", -1)]])


def test_the_order_of_the_rankings_does_not_matter() -> None:
    words, vectors = [hit(each) for each in "abcd"], [hit(each) for each in "dxca"]
    assert fuse([words, vectors]) == fuse([vectors, words])


@pytest.mark.parametrize(("rankings", "found"), [([], ""), ([[], []], ""), ([[], [hit("b"), hit("a")]], "ba")])
def test_empty_rankings_add_nothing(rankings: list[list[Hit]], found: str) -> None:
    assert ids(fuse(rankings)) == found


# The best


def test_a_clean_cut_is_read_once_and_one_deeper_than_wanted() -> None:
    depths: list[int] = []
    assert ids(best(backend([hit(id, -n) for n, id in enumerate("abcdef")], depths), 3)) == "abc"
    assert depths == [4]


def test_a_cut_among_equal_scores_is_read_deeper_until_they_end() -> None:
    depths: list[int] = []
    hits = [hit("a", 2), *(hit(f"{n:03}", 1) for n in range(50)), hit("z", 0), hit("y", -1)]
    assert [each.id for each in best(backend(hits, depths), 3)] == ["a", "000", "001"]
    assert depths == [4, 16, 64]


def test_what_the_backend_has_ends_the_reading() -> None:
    depths: list[int] = []
    assert ids(best(backend([hit(id, 1) for id in "abcdef"], depths), 3)) == "abc"
    assert depths == [4, 16]


def test_it_is_read_no_deeper_than_the_backend_can_be() -> None:
    depths: list[int] = []
    hits = [hit(f"{n:03}", 1) for n in range(500)]
    assert len(best(backend(hits, depths), 3, most=30)) == 3
    assert depths == [4, 16, 30]


def test_a_page_deeper_than_the_backend_can_be_read_is_what_it_gives() -> None:
    depths: list[int] = []
    hits = [hit(f"{n:03}", -n) for n in range(500)]
    assert best(backend(hits, depths), 100, most=30) == hits[:30]
    assert depths == [30]


@pytest.mark.parametrize("depth", [0, -1])
def test_nothing_wanted_is_nothing_read(depth: int) -> None:
    depths: list[int] = []
    assert best(backend([hit("a")], depths), depth) == []
    assert depths == []
