"""What was said is kept, whole and in its order."""

from __future__ import annotations

import time

from docqa.llm import Message, ToolCall
from docqa.memory.recall import Recall
from tests.contracts.recall.samples import observe, say, texts


class KeepingContract:
    """Inherited by ``RecallContract``."""

    def test_an_empty_conversation_answers_everything(self, recall: Recall) -> None:
        assert (recall.add([]), recall.recent(5), recall.search("words", 5), recall.fetch([1])) == ([], [], [], [])
        assert (recall.summary(), recall.blocks()) == (("", 0), {})
        recall.index()

    def test_a_message_comes_back_as_it_was_added(self, recall: Recall) -> None:
        calls = (
            ToolCall("search", {"query": "a “b” 日本", "page": 2, "deep": [{"x": None}]}, "c1"),
            ToolCall("stop", {}),
        )
        added = [Message("assistant", "", calls), Message("tool", "Nächste 日本 🙂 e\u0301\n\tends ", call_id="c1")]
        before = time.time()
        first, second = recall.fetch(recall.add(added))
        assert [first.message, second.message] == added
        assert (first.conversation, first.spoken) == (recall.conversation, False)
        assert before <= first.when <= second.when <= time.time()

    def test_ids_grow_in_the_order_of_the_messages(self, recall: Recall) -> None:
        ids = [*say(recall, "one", "two", "three"), *observe(recall, "four"), *say(recall, "five")]
        assert ids == sorted(set(ids))
        assert texts(recall, ids) == ["one", "two", "three", "four", "five"]

    def test_messages_are_fetched_in_the_order_asked_and_unknown_ones_left_out(self, recall: Recall) -> None:
        first, second = say(recall, "first", "second")
        assert texts(recall, [second, 10**9, first, second, 0, -1]) == ["second", "first", "second"]

    def test_a_thousand_messages_are_added_and_fetched_at_once(self, recall: Recall) -> None:
        ids = observe(recall, *(f"number {number}" for number in range(1_001)))
        assert texts(recall, ids[::-1]) == [f"number {number}" for number in range(1_000, -1, -1)]

    def test_recent_gives_the_newest_spoken_messages_oldest_first(self, recall: Recall) -> None:
        for turn in range(3):
            say(recall, f"question {turn}")
            observe(recall, f"result {turn}")
        assert [said.message.content for said in recall.recent(2)] == ["question 1", "question 2"]
        assert len(recall.recent(50)) == 3
        assert recall.recent(0) == []

    def test_the_summary_is_the_one_written_last(self, recall: Recall) -> None:
        recall.summarise("They spoke of dues.", 3)
        recall.summarise("They spoke of dues and tides.", 8)
        assert recall.summary() == ("They spoke of dues and tides.", 8)

    def test_a_block_of_core_memory_is_replaced_alone(self, recall: Recall) -> None:
        recall.write_block("user", "Likes tables.")
        recall.write_block("notes", "Reads the report of 1987.")
        recall.write_block("user", "Likes no tables. 🙂")
        assert recall.blocks() == {"notes": "Reads the report of 1987.", "user": "Likes no tables. 🙂"}
