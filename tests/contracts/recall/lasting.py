"""What was said outlives the process, however it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docqa.memory.recall import Recall
from docqa.memory.recall.sql import Store
from docqa.settings import Settings
from ingest.errors import NotFoundError
from tests.contracts.recall.samples import observe, opened, say, texts

ROOT = Path(__file__).parents[3]
WRITER = """
import sys
from docqa.settings import Settings
from tests.contracts.recall.samples import opened, say

settings = Settings.model_validate_json(sys.argv[1])
with opened(settings) as store:
    conversation = store.conversation(sys.argv[2])
    for number in range(int(sys.argv[4])):
        [id] = say(conversation, f"{sys.argv[3]} {number}")
        print(id, flush=True)
"""


def writer(settings: Settings, conversation: str, name: str, messages: int) -> subprocess.Popen[str]:
    """A process that adds messages one by one and prints the id of each that it has added."""
    command = [sys.executable, "-c", WRITER, settings.model_dump_json(), conversation, name, str(messages)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


class LastingContract:
    """Inherited by ``StoreContract``."""

    def test_a_conversation_goes_on_after_reopening(self, recall: Recall, settings: Settings) -> None:
        ids = say(recall, "Who built the Lantern?", "The yard at Skerrow.")
        recall.summarise("They spoke of the Lantern.", ids[1])
        recall.write_block("user", "Ada")
        with opened(settings) as store:
            again = store.conversation(recall.conversation)
            assert texts(again, ids) == ["Who built the Lantern?", "The yard at Skerrow."]
            assert again.search("skerrow", 1) == ids[1:]
            assert (again.summary(), again.blocks()) == (("They spoke of the Lantern.", ids[1]), {"user": "Ada"})
            assert [said.id for said in again.recent(5)] == ids

    def test_conversations_are_listed_the_newest_first(self, store: Store) -> None:
        first, second, empty = store.conversation(), store.conversation(), store.conversation()
        say(first, "How deep is\nthe harbour? " + "Tell me all of it. " * 20, "Nine metres.")
        observe(first, "a result")
        say(second, "What burned?")
        assert empty.conversation not in {row.id for row in store.conversations()}
        newest, older = store.conversations()
        assert (newest.id, newest.question, newest.messages) == (second.conversation, "What burned?", 1)
        assert (older.id, older.messages) == (first.conversation, 2)
        assert older.question.startswith("How deep is the harbour? Tell me all of it.")
        assert len(older.question) <= 82
        assert older.begun <= older.last <= newest.last
        assert (store.latest(), len(store.conversations(1))) == (second.conversation, 1)
        say(first, "And the quay?")
        assert store.latest() == first.conversation

    def test_a_list_of_conversations_is_read_a_page_at_a_time(self, store: Store) -> None:
        said = [store.conversation() for _ in range(5)]
        for number, conversation in enumerate(said):
            say(conversation, f"Question {number}?")
        first = store.conversations(2)
        rest = store.conversations(9, after=first[-1])
        assert [row.id for row in [*first, *rest]] == [one.conversation for one in reversed(said)]
        assert (store.row(rest[0].id), store.conversations(9, after=rest[-1])) == (rest[0], [])

    def test_a_conversation_in_which_nothing_was_said_is_in_no_list(self, store: Store) -> None:
        with pytest.raises(NotFoundError):
            store.row(store.conversation().conversation)

    def test_a_forgotten_message_leaves_no_trace(self, store: Store) -> None:
        recall = store.conversation()
        first, second = say(recall, "Who built the Lantern?", "The yard at Skerrow.")
        (looked_up,) = observe(recall, "Skerrow is a yard.")
        (third,) = say(recall, "And the quay?")
        recall.index()
        recall.summarise("They spoke of the Lantern.", second)
        assert [recall.forget(first), recall.forget(first), recall.forget(second)] == [True, False, True]
        assert recall.fetch([first, second, looked_up, third]) == recall.recent(5)
        assert (recall.summary(), store.conversations()[0].question) == (("", 0), "And the quay?")
        assert set(recall.search("Lantern Skerrow", 5)) <= {third}
        assert store.conversations()[0].messages == 1

    def test_a_user_without_conversations_has_no_latest(self, store: Store) -> None:
        store.conversation()
        assert (store.latest(), store.conversations()) == ("", [])

    def test_ids_of_conversations_are_short_and_differ(self, store: Store) -> None:
        ids = {store.conversation().conversation for _ in range(20)}
        assert len(ids) == 20
        assert {len(id) for id in ids} == {9}

    @pytest.mark.parametrize("id", ["abcd-efgh", "'; DROP TABLE", "\udc00", "a\0b"])
    def test_an_unknown_conversation_is_named_with_what_lists_them(self, store: Store, id: str) -> None:
        with pytest.raises(NotFoundError, match=r"There is no conversation .* 'docqa chat --resume'"):
            store.conversation(id)
        with pytest.raises(NotFoundError, match="There is no conversation"):
            store.delete(id)

    def test_a_killed_process_has_kept_what_it_added(self, recall: Recall, settings: Settings) -> None:
        with writer(settings, recall.conversation, "said", 10**6) as process:
            assert process.stdout
            added = [int(process.stdout.readline()) for _ in range(50)]
            process.kill()
        assert texts(recall, added) == [f"said {number}" for number in range(50)]
        assert recall.search("said 49", 1) == [added[49]]
        assert say(recall, "after it")[0] > added[-1]
