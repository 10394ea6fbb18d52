"""Recall storage that lives as long as the process."""

from __future__ import annotations

from docqa.llm import Message
from docqa.memory.recall import RunRecall


def talk(*texts: str) -> RunRecall:
    recall = RunRecall()
    recall.add([Message("user", text) for text in texts], spoken=True)
    return recall


def test_messages_are_kept_in_order_with_ids_that_grow() -> None:
    recall = RunRecall()
    assert recall.add([Message("user", "One"), Message("assistant", "Two")]) == [1, 2]
    assert recall.add([Message("user", "Three")]) == [3]
    assert [said.message.content for said in recall.fetch([3, 1])] == ["Three", "One"]


def test_what_was_not_kept_is_left_out() -> None:
    assert [said.id for said in talk("One").fetch([0, 1, 7, -1])] == [1]


def test_the_newest_spoken_messages_are_given_oldest_first() -> None:
    recall = talk("One", "Two", "Three")
    recall.add([Message("tool", "Found", call_id="x")])
    assert [said.message.content for said in recall.recent(2)] == ["Two", "Three"]
    assert recall.recent(0) == []


def test_messages_are_found_by_the_words_they_share_the_newest_first_among_equals() -> None:
    recall = talk("My boat is Otter", "The weather is fine", "My boat is green", "My boat Otter leaks")
    assert recall.search("boat Otter", 9) == [4, 1, 3]
    assert recall.search("boat Otter", 1) == [4]
    assert recall.search("zebra", 9) == []


def test_the_summary_and_the_blocks_are_those_written_last() -> None:
    recall = talk("One")
    assert (recall.summary(), recall.blocks()) == (("", 0), {})
    recall.summarise("They spoke.", 1)
    recall.write_block("user", "Ada")
    recall.write_block("user", "Grace")
    assert (recall.summary(), recall.blocks()) == (("They spoke.", 1), {"user": "Grace"})


def test_the_blocks_it_gives_are_a_copy() -> None:
    recall = talk()
    recall.blocks()["user"] = "Mallory"
    assert recall.blocks() == {}


def test_each_message_knows_its_conversation_and_when_it_was_said() -> None:
    (said,) = talk("One").recent(1)
    assert (said.conversation, said.spoken) == ("run", True)
    assert said.when > 1.7e9
