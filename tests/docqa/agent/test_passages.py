"""Passages in the context: paged to the room that is free, and pointed to where they stand already."""

from __future__ import annotations

import re

from docqa.events import Evicted
from docqa.llm.scripted import call
from docqa.memory.budget import message_tokens
from ingest.tokens import count
from tests.docqa.agent.playing import ANSWER, NOTE, NOTHING, SEARCH, noise, play, search


def test_a_passage_that_is_in_the_context_is_pointed_to_and_not_shown_again() -> None:
    played = play([SEARCH, search("harbour 1931"), NOTE, ANSWER])
    assert "<passage" not in played.told[1]
    assert "(c1, Harbour report, page 1: shown above)" in played.told[1]


def test_of_a_page_only_what_is_new_is_shown() -> None:
    text = play([SEARCH, search("crane Works harbour"), NOTE, ANSWER]).told[1]
    assert re.findall(r'<passage id="(c\d)"', text) == ["c3"]
    assert re.findall(r"\((c\d), .*: shown above\)", text) == ["c1", "c2"]


def test_reading_a_document_points_to_what_a_search_has_shown() -> None:
    text = play([search("harbour"), call("read_document", document="c1", pages="1-3"), NOTE, ANSWER]).told[1]
    assert "(c1, Harbour report, page 1: shown above)" in text
    assert "Quay Works was born in Selby." in text


def test_what_was_pointed_to_can_be_cited() -> None:
    cited = call("answer", text="In 1931.", citations=[{"chunk": "c1", "quote": "built in 1931"}])
    assert play([SEARCH, search("harbour 1931"), cited]).answer.outcome == "answered"


def test_a_passage_that_has_left_is_shown_again() -> None:
    script = [search("noise", n) for n in range(1, 7)]
    played = play([*script, search("noise 0"), NOTHING], noise(40), "What?", context_window=4096)
    assert played.of(Evicted)
    assert '<passage id="c1"' in played.told[6]


def test_what_is_pointed_to_stands_in_the_same_prompt() -> None:
    script = [search(f"noise {n} word", page) for n in range(8) for page in (1, 2)]
    played = play([*script, NOTHING], noise(12, 100), "What?", context_window=4096, max_steps=20)
    for step, text in enumerate(played.told):
        sent = "".join(m.content for m in played.model.requests[step + 1].messages)
        for handle in re.findall(r"\((c\d+), .*?: shown above\)", text):
            assert f'<passage id="{handle}"' in sent


def test_the_model_sees_where_a_page_stands_among_all() -> None:
    text = play([search("noise", 2), NOTHING], noise(40), "What?", context_window=4096).told[0]
    assert re.match(r'search "noise": page 2 of \d+, passages \d+–\d+ of 40\n', text)
    assert text.endswith("More: search_archive(query, page=3).")


def test_a_page_fits_the_free_room_of_any_window() -> None:
    for window in (1100, 2048, 4096, 16_000):
        played = play([search("noise"), NOTHING], noise(40), "What?", context_window=window)
        result = played.model.requests[1].messages[-2]
        assert result.content == played.told[0]
        assert message_tokens(result, count) < window * 0.5


def test_several_pages_in_one_step_share_its_room() -> None:
    three = search("noise").calls + search("noise", 2).calls + search("noise", 3).calls
    played = play([type(SEARCH)(calls=three), NOTHING], noise(40), "What?", context_window=4096)
    assert all("<passage" in text for text in played.told)
    assert sum(count(text) for text in played.told) <= 3072
