"""Leads: what an answer passes over is looked up first, and an answer that covers its question is never held up."""

from __future__ import annotations

import pytest

from docqa.llm import Completion
from docqa.llm.scripted import call
from tests.docqa.agent.playing import NOTHING, SEARCH, Played, play, search, together

KEYS = ("AX-100077: BX-200088", "BX-200088: CX-300099", "CX-300099: DX-400000")
FOLLOW = "What is the value of AX-100077? Values may themselves be keys: follow them until the value is no key."
TWO = ("The Otter engine was made by Brindle Works.", "Brindle Works has the telephone number 4711.")
MAKER = "What is the telephone number of the company that made the Otter engine?"
EARLY = call("answer", text="BX-200088 [c1]", citations=["c1"])
BOTH = [{"chunk": "c1", "quote": TWO[0]}, {"chunk": "c2", "quote": TWO[1]}]
FOUND = call("answer", text="It is 4711.", citations=BOTH)


def chain(*rest: Completion) -> Played:
    return play([search("AX-100077"), *rest], KEYS, FOLLOW)


def test_the_open_leads_are_shown_with_each_step() -> None:
    played = chain(search("BX-200088"), search("CX-300099"), search("DX-400000"), NOTHING)
    assert "Not looked up yet: BX-200088." in played.last[1]
    assert "Not looked up yet: CX-300099." in played.last[2]
    assert "Not looked up yet" not in played.last[4]


def test_the_chain_found_so_far_is_before_the_eyes_of_the_model_when_it_answers() -> None:
    played = chain(search("BX-200088"), search("CX-300099"), search("DX-400000"), NOTHING)
    assert "Followed: AX-100077 → BX-200088 → CX-300099 → DX-400000. DX-400000 leads no further" in played.last[4]


def test_an_answer_over_an_open_lead_is_sent_back_with_the_lead_and_the_next_step_may_only_search() -> None:
    played = chain(EARLY, search("BX-200088"), search("CX-300099"), search("DX-400000"), NOTHING)
    assert played.told[1] == ('The answer is sent back. "BX-200088" has not been looked up yet: search for it.')
    assert played.only[2] == ("search_archive",)
    assert "In this step call search_archive" in played.last[2]


def test_a_model_that_passed_over_one_identifier_may_only_search_until_the_chain_is_at_its_end() -> None:
    end = call("answer", text="DX-400000 [c3]", citations=["c3"])
    played = chain(EARLY, search("BX-200088"), search("CX-300099"), search("DX-400000"), end)
    assert played.only == [(), (), *[("search_archive",)] * 3, ()]
    assert played.answer.text.startswith("DX-400000")


def test_an_answer_over_the_same_lead_is_sent_back_at_most_twice() -> None:
    stubborn = [completion for n in range(7) for completion in (search(f"zebra {n}"), EARLY)]
    played = play([search("AX-100077"), *stubborn], KEYS, FOLLOW)
    assert 1 <= sum("has not been looked up yet" in text for text in played.told) <= 2
    assert (played.answer.outcome, played.answer.text) == ("answered", "BX-200088 [1]")
    assert played.answer.steps <= 7


def test_a_model_that_only_repeats_its_answer_ends_all_the_same() -> None:
    played = play([search("AX-100077"), *[EARLY] * 15], KEYS, FOLLOW)
    assert played.answer.steps <= 16
    assert sum("has not been looked up yet" in text for text in played.told) <= 2


def test_not_found_over_an_open_identifier_is_sent_back() -> None:
    played = chain(NOTHING, search("BX-200088"), search("CX-300099"), search("DX-400000"), NOTHING)
    assert '"BX-200088" has not been looked up yet' in played.told[1]
    assert played.answer.outcome == "not_found"


def test_a_lead_that_is_dismissed_with_a_reason_is_dropped() -> None:
    played = chain(call("answer", text="BX-200088 [c1]", citations=["c1"], dismiss="only the first value is wanted"))
    assert (played.answer.outcome, played.answer.steps) == ("answered", 2)


@pytest.mark.parametrize("reason", ["", "no"])
def test_a_dismissal_without_a_reason_drops_nothing(reason: str) -> None:
    hasty = call("answer", text="BX-200088 [c1]", citations=["c1"], dismiss=reason)
    played = chain(hasty, search("BX-200088"), search("CX-300099"), search("DX-400000"), NOTHING)
    assert '"BX-200088" has not been looked up yet' in played.told[1]


def test_an_answer_that_covers_half_of_a_question_is_sent_back_to_the_name_it_brings_in() -> None:
    half = call("answer", text="Brindle Works [c1].", citations=["c1"])
    played = play([search("Otter engine maker"), half, search("Brindle Works telephone"), FOUND], TWO, MAKER)
    assert '"Brindle Works" has not been looked up yet' in played.told[1]
    assert played.only[2] == ("search_archive",)
    assert (played.answer.text, played.answer.outcome) == ("It is 4711. [1][2]", "answered")


def test_an_answer_with_both_halves_in_its_citations_is_accepted_at_once() -> None:
    played = play([search("Otter engine maker telephone"), FOUND], TWO, MAKER)
    assert (played.answer.outcome, played.answer.steps) == ("answered", 2)


def test_a_search_that_repeats_an_earlier_one_says_so() -> None:
    played = play([SEARCH, search("harbour"), call("search_archive", query="WHO built the harbour"), NOTHING])
    assert "(again, as in step 1)" in played.told[2]


def test_the_searches_and_sources_so_far_are_before_the_eyes_of_the_model() -> None:
    last = play([SEARCH, search("crane"), NOTHING]).last[2]
    assert "Searched: who built the harbour; crane." in last
    assert "Seen: Harbour report 1, 3." in last


ONE = "The harbour at Ostervik was built in 1931 by Quay Works of Selby."
PLAIN = (
    ("Who built the harbour at Ostervik?", "Quay Works [c1]."),
    ("By whom was the harbour at Ostervik built?", "By Quay Works [c1]."),
    ("When was the harbour at Ostervik built?", "In 1931 [c1]."),
    ("Who was the builder of the harbour at Ostervik?", "Quay Works [c1]."),
    ("Which company constructed the harbour at Ostervik?", "Quay Works [c1]."),
    ("In which year did they construct the Ostervik harbour?", "In 1931 [c1]."),
    ("Name the firm responsible for the construction of Ostervik's harbour.", "Quay Works [c1]."),
    ("Ostervik harbour builder", "Quay Works [c1]."),
    ("My name is Ada and I write a book on ships. Who built the harbour at Ostervik?", "Quay Works [c1]."),
    ("What did Quay Works of Selby build in 1931?", "The harbour at Ostervik [c1]."),
    ("Can you tell me which company constructed the harbour at Ostervik?", "Quay Works [c1]."),
    ("Please tell me, using the documents, who put up the harbour at Ostervik and when.", "Quay Works, 1931 [c1]."),
)


@pytest.mark.parametrize(("question", "text"), PLAIN)
def test_a_question_that_one_search_answers_takes_no_further_step(question: str, text: str) -> None:
    answer = call("answer", text=text, citations=["c1"])
    played = play([search("harbour Ostervik built"), answer, *[search("Quay Works"), answer] * 3], [ONE], question)
    assert (played.answer.outcome, played.answer.steps) == ("answered", 2)


@pytest.mark.parametrize(("question", "text"), PLAIN[:3])
def test_a_note_beside_the_search_is_no_further_step_either(question: str, text: str) -> None:
    note = call("note_evidence", claim=text, chunk="c1", quote="built in 1931 by Quay Works of Selby")
    answer = call("answer", text=text.replace("c1", "e1"), citations=["e1"])
    played = play([together(search("harbour Ostervik"), note), answer], [ONE], question)
    assert (played.answer.outcome, played.answer.steps) == ("answered", 2)


def test_the_identifiers_of_a_question_that_asks_for_one_value_are_not_followed() -> None:
    answer = call("answer", text="BX-200088 [c1]", citations=["c1"])
    played = play([search("AX-100077"), answer], KEYS, "What is the value of AX-100077?")
    assert (played.answer.outcome, played.answer.steps) == ("answered", 2)
