"""Words are known in their forms, and nothing that was stored breaks the index."""

from __future__ import annotations

import pytest

from docqa.llm import Message, ToolCall
from docqa.memory.recall import Recall
from tests.contracts.recall.samples import observe, texts


class WordingContract:
    """Inherited by ``StoreContract``. Observations are asked for, since those are found by their words alone."""

    @pytest.mark.parametrize(
        ("stored", "asked"),
        [
            ("She repaired the turbines", "turbine repairs"),
            ("Das Café in Århus", "cafe arhus"),
            ("the cafe", "CAFÉ"),
            ("über", "u\u0308ber"),
            ("日本 語", "日本"),
            ("The user's choices", "user choice"),
            ("x" * 64, "X" * 64),
        ],
    )
    def test_a_word_is_found_in_another_form(self, recall: Recall, stored: str, asked: str) -> None:
        [id, _] = observe(recall, stored, "Something else entirely")
        assert recall.search(asked, 5)[:1] == [id]

    def test_a_rare_word_weighs_more_than_a_common_one(self, recall: Recall) -> None:
        observe(recall, *(f"The report, page {number}, report of the harbour" for number in range(30)))
        [rare] = observe(recall, "The zephyr came")
        observe(recall, *(f"The report, page {number}, report of the harbour" for number in range(30)))
        assert recall.search("report zephyr", 5)[0] == rare

    def test_of_equal_messages_the_newest_comes_first(self, recall: Recall) -> None:
        ids = observe(recall, *["The tide is low"] * 70)
        assert recall.search("tide", 10) == ids[:-11:-1]

    def test_what_no_database_takes_is_replaced(self, recall: Recall) -> None:
        broken = Message("assistant", "half \ud83d a \0 sign", (ToolCall("f", {"a": "\udfff"}),), "\ud800")
        [said] = recall.fetch(recall.add([broken], spoken=True))
        assert said.message == Message("assistant", "half � a � sign", (ToolCall("f", {"a": "�"}),), "�")
        recall.summarise("\udc00", said.id)
        recall.write_block("b", "\0")
        assert (recall.summary(), recall.blocks()) == (("�", said.id), {"b": "�"})
        assert recall.search("half \ud83d sign \0", 5) == [said.id]

    def test_a_message_of_megabytes_is_stored_whole_and_found(self, recall: Recall) -> None:
        long = "beginning " + " ".join(f"{number:x}" for number in range(500_000)) + " 日本語" * 100_000
        [id] = observe(recall, long)
        assert texts(recall, [id]) == [long]
        assert recall.search("beginning", 5) == [id]
