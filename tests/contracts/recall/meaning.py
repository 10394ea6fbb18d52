"""What was spoken is found by its meaning, with the built-in embedder."""

from __future__ import annotations

import pytest

from docqa.memory.recall import Recall, meaning
from docqa.memory.recall.sql import Store
from docqa.settings import Settings
from ingest.errors import EmbedderError
from ingest.library import Library
from tests.contracts.recall.samples import FACTS, observe, opened, say, small_talk


class MeaningContract:
    """Inherited by ``StoreContract``."""

    @pytest.fixture
    def told(self, recall: Recall) -> list[int]:
        """Ten facts among 440 messages, no fact less than 200 messages ago; the ids of the facts."""
        ids: list[int] = []
        talk = small_talk(430)
        for number, (fact, _, _) in enumerate(FACTS):
            say(recall, *talk[number * 22 : number * 22 + 22])
            ids += say(recall, fact)
        for at in range(220, 430, 10):
            say(recall, *talk[at : at + 10])
            observe(recall, f"[{at}] " + " ".join(talk[at - 10 : at]))
        recall.index()
        return ids

    def test_facts_told_200_messages_ago_are_on_the_first_page(self, recall: Recall, told: list[int]) -> None:
        by_words = [id in recall.search(words, 8) for id, (_, words, _) in zip(told, FACTS, strict=True)]
        by_meaning = [id in recall.search(other, 8) for id, (_, _, other) in zip(told, FACTS, strict=True)]
        assert sum(by_words) == 10
        assert sum(by_meaning) >= 9

    def test_a_paraphrase_is_found_without_a_word_in_common(self, recall: Recall) -> None:
        [_, id, _] = say(recall, "Steel is dear", "My daughter cannot eat peanuts", "The tide was low at noon")
        assert recall.search("allergies of the kids", 1) == [id]

    def test_the_latest_words_are_found_though_nobody_has_indexed_them(self, recall: Recall) -> None:
        [id] = say(recall, "Our vendor became insolvent")
        say(recall, *small_talk(40))
        assert recall.search("bankrupt supplier", 1) == [id]

    def test_what_was_spoken_stands_before_an_observation_of_the_same_words(self, recall: Recall) -> None:
        [spoken] = say(recall, "The lighthouse burns")
        [observed] = observe(recall, "The lighthouse burns")
        assert recall.search("lighthouse burns", 2) == [spoken, observed]

    def test_another_process_finds_by_meaning_what_this_one_has_indexed(
        self, store: Store, settings: Settings, recall: Recall
    ) -> None:
        with opened(settings) as other:
            elsewhere = other.conversation(recall.conversation)
            for text, query in [("It rained all week", "wet weather"), ("The bank refused the loan", "no credit")]:
                [id] = say(recall, text)
                recall.index()
                assert elsewhere.search(query, 1) == [id]

    def test_without_an_embedder_words_alone_are_found(
        self, recall: Recall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(_: Library) -> None:
            raise EmbedderError("The endpoint does not answer.")

        monkeypatch.setattr(meaning, "SECONDS_OF_REST", 0)
        with monkeypatch.context() as patch:
            patch.setattr(Library, "embedder", property(broken))
            [_, id] = say(recall, "Steel is dear", "My daughter cannot eat peanuts")
            recall.index()
            assert recall.search("peanuts", 5) == [id]
            assert recall.search("allergies of the kids", 5) == []
        assert "by words alone: The endpoint does not answer." in caplog.text
        assert recall.search("allergies of the kids", 1) == [id]

    def test_vectors_of_another_embedder_are_made_anew(self, recall: Recall, store: Store, settings: Settings) -> None:
        say(recall, "My daughter cannot eat peanuts", "Steel is dear")
        with Library.open(settings) as library, pytest.MonkeyPatch.context() as patch:
            recall.index()
            patch.setattr(type(library.embedder), "name", "another")
            assert len(recall.search("allergies of the kids", 5)) == 2
            [id] = say(recall, "Rain is forecast")
            assert recall.search("wet weather", 1) == [id]
        assert recall.search("wet weather", 1) == [id]
