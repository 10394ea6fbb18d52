"""Mistakes of the model: each comes back to it as an observation that helps, and the run goes on."""

from __future__ import annotations

import pytest

from docqa.events import Observed
from docqa.llm import Completion
from docqa.llm.scripted import call
from tests.docqa.agent.playing import ANSWER, NOTE, NOTHING, SEARCH, conversation, noise, play, search, together

NOT_CALLED = "Nothing was called. Call a function; to end, call answer."
BARE = call("answer", text="Quay Works.")
STUCK = "Nothing new for three steps: rephrase, split the question in two, or answer that it is not there."


def test_prose_without_a_call_is_sent_back() -> None:
    played = play([Completion("It was Works."), SEARCH, NOTE, ANSWER])
    assert played.told[0] == NOT_CALLED
    assert played.answer.outcome == "answered"
    seen = [message.content for message in played.model.requests[1].messages]
    assert seen[2:4] == ["It was Works.", NOT_CALLED]


def test_an_empty_message_is_sent_back() -> None:
    played = play([Completion(), SEARCH, NOTE, ANSWER])
    assert played.told[0] == NOT_CALLED
    assert played.answer.outcome == "answered"


def test_a_call_that_could_not_be_read_comes_back_with_what_was_wrong() -> None:
    broken = Completion('{"name": "search_archive", "argu', problem="the JSON ends in the middle of a name.")
    played = play([broken, SEARCH, NOTE, ANSWER])
    assert played.told[0] == "The call could not be read: the JSON ends in the middle of a name."
    assert played.of(Observed)[0].summary == "the call could not be read"
    assert broken.text in [message.content for message in played.model.requests[1].messages]


def test_an_unknown_function_comes_back_with_the_known_ones() -> None:
    played = play([call("web_search", query="harbour"), SEARCH, NOTE, ANSWER])
    assert played.told[0].startswith("There is no function 'web_search' to call now; call one of: search_archive, ")
    assert played.answer.outcome == "answered"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (call("search_archive"), "search_archive was not called: query: field required. It needs: query."),
        (call("search_archive", query=["a"]), "query: input should be a valid string"),
        (call("note_evidence", claim="x"), "chunk: field required; quote: field required"),
        (call("read_document", document="c1", pages="all"), 'give one page as "3" or several as "3-5"'),
    ],
)
def test_missing_and_wrong_arguments_come_back_with_what_is_needed(wrong: Completion, told: str) -> None:
    played = play([wrong, SEARCH, NOTE, ANSWER])
    assert told in played.told[0]
    assert not played.of(Observed)[0].ok
    assert played.answer.outcome == "answered"


def test_the_same_call_again_comes_back_with_what_it_gave_the_last_time() -> None:
    played = play([SEARCH, SEARCH, NOTE, ANSWER])
    gave = "page 1 of 1, 2 of 2 passages"
    assert played.told[1] == f"Already called in step 1, it gave: {gave}. Its result stands above. Do something else."
    assert played.shelf.searches == 1


def test_after_a_repeated_call_the_next_step_may_call_any_other_function() -> None:
    played = play([SEARCH, SEARCH, NOTE, ANSWER])
    assert played.only[:2] == [(), ()]
    assert "search_archive" not in played.only[2]
    assert {"note_evidence", "answer"} <= set(played.only[2])
    assert played.only[3] == ()


def test_arguments_in_another_order_are_the_same_call() -> None:
    first, again = (call("search_archive", query="harbour", page=1), call("search_archive", page=1, query="harbour"))
    assert play([first, again, NOTE, ANSWER]).told[1].startswith("Already called in step 1")


def test_a_call_that_failed_may_be_repeated() -> None:
    wrong = call("note_evidence", claim="x", chunk="c9", quote="built in 1931")
    played = play([wrong, wrong, SEARCH, NOTE, ANSWER])
    assert [text.startswith("There is no passage 'c9'") for text in played.told[:2]] == [True, True]


def test_a_page_whose_results_have_left_is_shown_again_without_another_search() -> None:
    script = [search("noise", n) for n in (1, 2, 3, 4, 5, 6, 1)]
    played = play([*script, NOTHING], noise(40), context_window=4096)
    first, again = played.told[0], played.told[6]
    assert again == first.replace('search "noise"', 'search "noise" (again, as in step 1)')
    assert played.shelf.searches == 1


def test_a_quote_that_stands_nowhere_comes_back_with_the_nearest_words() -> None:
    wrong = call("note_evidence", claim="x", chunk="c1", quote="built in 1932 by Quay Works")
    played = play([SEARCH, wrong, NOTE, ANSWER])
    assert 'Nearest there: "The harbour was built in 1931 by Quay Works."' in played.told[1]
    assert played.answer.outcome == "answered"


def test_a_citation_that_is_not_there_comes_back_with_the_passage_that_has_it() -> None:
    elsewhere = call("answer", text="Selby.", citations=[{"chunk": "c1", "quote": "born in Selby"}])
    played = play([search("harbour built Works"), elsewhere, NOTE, ANSWER])
    assert played.told[1] == "The answer is sent back. The quote is not in c1; it is in c2."
    assert played.answer.outcome == "answered"


def test_an_answer_before_the_first_search_is_sent_back_and_the_next_step_may_only_search() -> None:
    played = play([BARE, SEARCH, NOTE, ANSWER])
    assert "Search before you answer" in played.told[0]
    assert played.only[:3] == [(), ("search_archive",), ()]


def test_in_a_conversation_the_step_after_it_may_search_the_conversation_too() -> None:
    played = play([BARE, SEARCH, NOTE, ANSWER], recall=conversation("Hello", "Hello."))
    assert played.only[1] == ("search_archive", "search_conversation")


def test_giving_up_before_the_first_search_is_sent_back() -> None:
    played = play([NOTHING, SEARCH, NOTHING])
    assert "The archive was not searched" in played.told[0]
    assert played.only[1] == ("search_archive",)
    assert played.answer.outcome == "not_found"


def test_a_model_that_never_searches_cannot_say_that_the_documents_do_not_answer() -> None:
    played = play([NOTHING] * 8, max_steps=8)
    assert played.shelf.searches == 0
    assert played.answer.outcome == "partial"


def test_an_answer_without_evidence_is_sent_back_and_the_next_step_may_not_answer() -> None:
    played = play([SEARCH, BARE, NOTE, ANSWER])
    assert "The answer cites nothing." in played.told[1]
    assert "answer" not in played.only[2]
    assert {"search_archive", "note_evidence"} <= set(played.only[2])
    assert "In this step do not answer yet." in played.last[2]
    assert played.answer.outcome == "answered"


def test_an_answer_without_evidence_is_sent_back_twice_and_then_called_partial() -> None:
    played = play([SEARCH, BARE, search("crane"), BARE, NOTE, BARE])
    assert [o.ok for o in played.of(Observed)] == [True, False, True, False, True]
    assert (played.answer.outcome, played.answer.limit) == ("partial", "answers without a citation")
    assert played.answer.text == "Quay Works.\n\n(No passage was found that carries this answer.)"


def test_of_a_third_answer_only_the_citations_that_hold_are_kept() -> None:
    mixed = call("answer", text="Works [e1].", citations=["e1", {"chunk": "c1", "quote": "sunk in 1931"}])
    answer = play([SEARCH, NOTE, mixed, mixed, mixed]).answer
    assert answer.outcome == "answered"
    assert [c.quote for c in answer.citations] == ["built in 1931 by Quay Works"]


def test_an_answer_without_a_text_is_never_accepted() -> None:
    empty = call("answer", text=" ", citations=["e1"])
    played = play([SEARCH, NOTE, *[empty] * 4, ANSWER])
    assert all("The answer has no text." in text for text in played.told[2:])
    assert played.answer.text == "Quay Works [1]."


def test_a_model_that_only_talks_ends_after_four_steps() -> None:
    played = play([Completion(f"I think {n}.") for n in range(9)])
    assert (played.answer.outcome, played.answer.steps) == ("partial", 4)
    assert played.answer.limit == "4 steps without a call"
    assert played.answer.text == "I think 3.\n\n(No passage was found that carries this answer.)"


def test_a_model_that_calls_between_its_talk_may_go_on() -> None:
    talk = Completion("Let me think.")
    played = play([talk, talk, talk, SEARCH, talk, talk, talk, NOTE, ANSWER])
    assert (played.answer.outcome, played.answer.steps) == ("answered", 9)


@pytest.mark.parametrize("marker", ["[e1]", "[e1].", "[e1, e1]"])
def test_prose_that_cites_evidence_is_taken_as_the_answer(marker: str) -> None:
    played = play([SEARCH, NOTE, Completion(f"It was Quay Works {marker}")])
    assert (played.answer.outcome, played.answer.steps) == ("answered", 3)
    assert played.answer.text.startswith("It was Quay Works [1]")


def test_prose_that_cites_what_is_not_there_is_sent_back() -> None:
    played = play([SEARCH, NOTE, Completion("It was Quay Works [e7]."), search("crane"), ANSWER])
    assert "There is no evidence 'e7'." in played.told[2]
    assert played.answer.text == "Quay Works [1]."


def test_after_three_steps_without_anything_new_the_model_is_told_to_rephrase() -> None:
    useless = [search(f"zebra {n}") for n in range(3)]
    played = play([SEARCH, *useless, NOTE, ANSWER])
    assert [STUCK in text for text in played.last] == [False, False, False, False, True, False]


def test_steps_in_which_a_search_finds_only_what_was_seen_bring_nothing_new() -> None:
    again = [search(f"harbour built {n}") for n in range(3)]
    assert STUCK in play([SEARCH, *again, NOTE, ANSWER]).last[4]


def test_a_fault_in_one_of_several_calls_does_not_stop_the_others() -> None:
    played = play([together(call("no_such"), SEARCH, call("note_evidence"), NOTE), ANSWER])
    assert [o.ok for o in played.of(Observed)] == [False, True, False, True]
    assert played.answer.text == "Quay Works [1]."
