"""The order of a search's hits."""

from __future__ import annotations

from docqa.memory.naming import Naming
from docqa.memory.ranking import by_page, fuse, nearest, prefer_named, without_near_duplicates
from ingest.types import Hit


def hit(name: str, document: str = "d", page: int = 1, score: float = 0.5, fingerprint: int = 0) -> Hit:
    return Hit(name, score, document, "g", page, 0, 10, fingerprint)


def test_the_best_hit_of_a_named_document_goes_before_an_unnamed_one() -> None:
    everywhere = [hit("x", "other"), hit("y", "other"), hit("a", "named")]
    ranked = prefer_named(everywhere, [everywhere[2]], [Naming("named", 1.0, "the question names it")])
    assert [h.id for h in ranked] == ["a", "x", "y"]
    assert ranked[0].reasons == ("the question names it",)


def test_a_document_that_is_not_named_is_never_shut_out() -> None:
    within = [hit(f"n{i:03}", "named") for i in range(199)]
    ranked = prefer_named([hit("x", "other"), *within], within, [Naming("named", 1.0, "")])
    assert [h.id for h in ranked].index("x") < 160


def test_several_named_documents_share_the_first_places() -> None:
    within = [hit(f"a{i}", "a") for i in range(5)] + [hit(f"b{i}", "b") for i in range(5)]
    ranked = prefer_named([], within, [Naming("a", 1.0, ""), Naming("b", 1.0, "")])
    assert [h.id for h in ranked[:4]] == ["a0", "b0", "a1", "b1"]


def test_a_pages_further_hits_yield_to_those_of_other_pages() -> None:
    hits = [hit("a", page=1, score=0.9), hit("b", page=1, score=0.8), hit("c", page=2, score=0.7)]
    assert [h.id for h in by_page(hits)] == ["a", "c", "b"]


def test_a_page_with_several_hits_goes_before_one_with_a_single_hit_that_is_hardly_better() -> None:
    hits = [hit("x", page=3, score=0.51), hit("a", page=1), hit("b", page=1), hit("c", page=1)]
    assert by_page(hits)[0].id == "a"


def test_near_duplicates_of_a_better_hit_are_left_out() -> None:
    hits = [hit("a", fingerprint=0xFF0000), hit("b", fingerprint=0xFE0000), hit("c", fingerprint=0xFF0001)]
    assert [h.id for h in without_near_duplicates(hits)] == ["a", "c"]


def test_equal_scores_are_ordered_by_id() -> None:
    assert [h.id for h in by_page([hit("b", page=1), hit("a", page=2)])] == ["a", "b"]


def test_a_hit_of_two_rankings_goes_before_one_of_a_single_ranking() -> None:
    assert [h.id for h in fuse([([hit("a"), hit("b")], 1.0), ([hit("c"), hit("b")], 1.0)])] == ["b", "a", "c"]


def test_a_ranking_of_more_weight_counts_more() -> None:
    assert [h.id for h in fuse([([hit("a")], 1.0), ([hit("b")], 2.0)])] == ["b", "a"]


def test_the_nearest_of_several_searches_is_by_each_hits_best_score() -> None:
    one, other = [hit("a", score=0.9), hit("b", score=0.1)], [hit("b", score=0.8), hit("c", score=0.7)]
    assert [h.id for h in nearest([one, other])] == ["a", "b", "c"]
