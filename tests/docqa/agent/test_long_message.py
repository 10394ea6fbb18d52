"""A user message larger than the window: stored whole, shown in part, and read in pages like a document."""

from __future__ import annotations

import pytest

from docqa.llm import Completion
from docqa.llm.scripted import call
from docqa.memory.longtext import pages
from docqa.memory.recall import RunRecall
from tests.docqa.agent.playing import ANSWER, NOTE, SEARCH, play, sizes

LONG = "Who built it? " + " ".join(f"Remark {n} of my letter." for n in range(20_000 // 5)) + " That is all I ask."


def read(number: int, name: str = "question") -> Completion:
    return call("read_document", document=name, pages=str(number))


@pytest.mark.parametrize("window", [1100, 2048, 4096, 16_000])
def test_its_beginning_and_end_are_shown_and_how_to_read_the_rest(window: int) -> None:
    played = play([SEARCH, NOTE, ANSWER], question=LONG, context_window=window)
    shown = next(m.content for m in played.model.requests[0].messages if "<question>" in m.content)
    assert shown.startswith("<question>\nWho built it? Remark 0")
    assert "That is all I ask.\n</question>" in shown
    assert f'read the {len(pages(LONG))} pages of it with read_document("question", pages)' in shown
    assert all(used <= budget for used, budget in sizes(played))
    assert played.answer.outcome == "answered"


def test_it_is_stored_whole() -> None:
    recall = RunRecall()
    play([SEARCH, NOTE, ANSWER], question=LONG, recall=recall, context_window=4096)
    assert recall.fetch([1])[0].message.content == LONG


@pytest.mark.parametrize("name", ["question", "the question", "Question"])
def test_it_is_read_in_pages_without_touching_the_archive(name: str) -> None:
    played = play([read(2, name), SEARCH, NOTE, ANSWER], question=LONG, context_window=4096)
    text = played.told[0]
    assert text.startswith(f'"{name}", page 2 of {len(pages(LONG))}:\n<message id="{name}"')
    assert pages(LONG)[1].strip() in text
    assert played.shelf.fetches == 1  # that of the search


def test_all_its_pages_together_are_the_whole() -> None:
    count = len(pages(LONG))
    steps = [read(number) for number in range(1, count + 1)]
    played = play([*steps, SEARCH, NOTE, ANSWER], question=LONG, max_steps=count + 4, max_tokens=10**7)
    read_back = "".join(text.split("\n", 2)[2].rsplit("\n</message>", 1)[0] for text in played.told[:count])
    assert read_back == LONG


def test_a_page_beyond_its_last_is_a_mistake() -> None:
    played = play([read(999), SEARCH, NOTE, ANSWER], question=LONG, context_window=4096)
    assert f"There is no page 999: pages go from 1 to {len(pages(LONG))}." in played.told[0]


def test_an_earlier_message_that_was_found_is_read_in_the_same_way() -> None:
    recall = RunRecall()
    play([SEARCH, NOTE, ANSWER], question=LONG, recall=recall, context_window=4096)
    recall.summarise("A long letter.", 8)
    script = [call("search_conversation", query="Remark 7 letter"), read(3, "m1"), SEARCH, NOTE, ANSWER]
    played = play(script, recall=recall, context_window=4096)
    assert 'id="m1"' in played.told[0]
    assert pages(LONG)[2].strip() in played.told[1]


def test_a_short_question_is_shown_whole_in_the_smallest_window() -> None:
    question = "Who built the harbour of Selby, the one by the old light and the long pier of grey stone?"
    sent = play([SEARCH, NOTE, ANSWER], question=question, context_window=1024).model.requests[0].messages
    assert sent[1].content == f"<question>\n{question}\n</question>"
