"""Nobody sees another's conversations, and what a user deletes is gone."""

from __future__ import annotations

import pytest

from docqa.memory.recall import Recall
from docqa.memory.recall.sql import Store
from docqa.settings import Settings
from ingest.errors import NotFoundError
from tests.contracts.recall.samples import observe, opened, say, texts


class OwningContract:
    """Inherited by ``StoreContract``."""

    @pytest.mark.parametrize("other", [{"user": "eve"}, {"tenant": "elsewhere"}])
    def test_another_user_or_tenant_sees_nothing(
        self, recall: Recall, settings: Settings, other: dict[str, str]
    ) -> None:
        ids = say(recall, "My secret is the lighthouse")
        ids += observe(recall, "lighthouse secret")
        recall.write_block("user", "Ada")
        recall.index()
        with opened(settings, **{name: f"{value}-{settings.tenant}" for name, value in other.items()}) as store:
            with pytest.raises(NotFoundError):
                store.conversation(recall.conversation)
            with pytest.raises(NotFoundError):
                store.delete(recall.conversation)
            theirs = store.conversation()
            [mine] = say(theirs, "Which lighthouse?")
            assert theirs.search("secret lighthouse", 9) == [mine]
            assert (theirs.fetch(ids), theirs.blocks(), len(store.conversations())) == ([], {}, 1)
        assert set(recall.search("secret lighthouse", 9)) == set(ids)

    def test_all_conversations_of_a_user_are_searched(self, store: Store, recall: Recall) -> None:
        [id] = say(recall, "The lighthouse burns")
        other = store.conversation()
        say(other, "Bread is cheap")
        assert other.search("lighthouse", 1) == [id]
        assert other.fetch([id])[0].conversation == recall.conversation
        assert [said.message.content for said in other.recent(5)] == ["Bread is cheap"]

    def test_core_memory_is_one_for_all_conversations_and_the_summary_is_not(
        self, store: Store, recall: Recall
    ) -> None:
        recall.write_block("user", "Ada")
        recall.summarise("Of dues.", 1)
        assert (store.conversation().blocks(), store.conversation().summary()) == ({"user": "Ada"}, ("", 0))

    def test_a_deleted_conversation_is_found_nowhere_and_its_neighbour_is(self, store: Store, recall: Recall) -> None:
        gone = [*say(recall, "My daughter cannot eat peanuts"), *observe(recall, "peanuts are nuts")]
        kept = store.conversation()
        [id] = say(kept, "He is allergic to peanuts too")
        kept.index()
        assert len(kept.search("peanuts allergies", 9)) == 3
        store.delete(recall.conversation)
        assert kept.search("peanuts allergies", 9) == [id]
        assert (kept.fetch([*gone, id])[0].id, [row.id for row in store.conversations()]) == (id, [kept.conversation])
        assert say(kept, "Something new")[0] > id

    def test_who_holds_a_deleted_conversation_is_told(self, store: Store, recall: Recall) -> None:
        say(recall, "something")
        store.delete(recall.conversation)
        with pytest.raises(NotFoundError):
            say(recall, "more")
        with pytest.raises(NotFoundError):
            recall.summarise("more", 1)
        assert (recall.recent(5), recall.summary(), recall.search("something more", 5)) == ([], ("", 0), [])

    def test_a_deletion_in_another_process_is_seen_by_a_search(
        self, store: Store, recall: Recall, settings: Settings
    ) -> None:
        with opened(settings) as other:
            elsewhere = other.conversation()
            [id] = say(elsewhere, "Supper is bread")
            say(recall, "My daughter cannot eat peanuts")
            recall.index()
            assert len(elsewhere.search("food of the kids", 9)) == 2
            store.delete(recall.conversation)
            assert texts(elsewhere, elsewhere.search("food of the kids", 9)) == ["Supper is bread"]
            assert elsewhere.search("food of the kids", 9) == [id]
