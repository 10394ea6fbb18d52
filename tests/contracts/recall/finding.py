"""Messages are found by their words."""

from __future__ import annotations

import pytest

from docqa.memory.recall import Recall
from tests.contracts.recall.samples import observe, say

OPERATORS = (
    "a AND",
    "OR",
    "NOT x",
    "NEAR(a b)",
    '"open',
    "col:",
    "x*",
    "(((",
    "a & | !",
    "<->",
    "'; --",
    "\\",
    "%_",
    "^x",
)


class FindingContract:
    """Inherited by ``RecallContract``."""

    def test_what_holds_more_of_the_words_comes_first(self, recall: Recall) -> None:
        [lighthouse, keeper, _] = say(
            recall, "The lighthouse burns", "Who keeps the lighthouse lamp?", "Bread is cheap"
        )
        assert recall.search("lighthouse lamp", 2) == [keeper, lighthouse]

    def test_words_are_found_in_any_case(self, recall: Recall) -> None:
        [id] = say(recall, "The SKERROW buoy was raised")
        assert recall.search("skerrow Buoy", 1) == [id]

    def test_an_observation_is_found_by_its_words(self, recall: Recall) -> None:
        say(recall, *(f"Talk number {number} about the weather" for number in range(60)))
        [id] = observe(recall, "Page 4 says that the charter cost 1,840 guilders.")
        assert id in recall.search("guilders", 2)

    @pytest.mark.parametrize("identifier", ["KX-204", "550e8400-e29b-41d4-a716-446655440000", "RFC_2119", "v3.11.7"])
    def test_an_identifier_is_found_among_its_like(self, recall: Recall, identifier: str) -> None:
        say(
            recall,
            "KX-205 and 204-K",
            "550e8400-0000-41d4-a716-446655440001",
            "RFC_2118 of 2119 words",
            "v3.11.8 and v7",
        )
        [id] = say(recall, f"The part is {identifier}.")
        say(recall, "KX-203", "550e8400-0000-41d4-a716-446655440002", "RFC_2117", "v3.12")
        assert recall.search(f"what about {identifier}?", 8)[0] == id

    def test_an_empty_query_finds_nothing(self, recall: Recall) -> None:
        say(recall, "something")
        assert (recall.search("", 5), recall.search(" \n", 5), recall.search("something", 0)) == ([], [], [])

    @pytest.mark.parametrize("sign", OPERATORS)
    def test_signs_of_query_languages_mean_nothing(self, recall: Recall, sign: str) -> None:
        [id] = say(recall, "The harbour froze")
        assert recall.search(f"{sign} harbour {sign}", 5) == [id]
        assert set(recall.search(sign, 5)) <= {id}

    def test_a_query_as_long_as_a_book_is_answered(self, recall: Recall) -> None:
        [id] = say(recall, "The harbour froze")
        assert recall.search("harbour " + " ".join(f"word-{number}" for number in range(20_000)), 5) == [id]
        assert recall.search("harbour-" * 20_000, 5) == [id]
