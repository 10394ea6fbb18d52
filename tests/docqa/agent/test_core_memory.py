"""Core memory in a run: always in sight, edited by the model, kept for the user from run to run."""

from __future__ import annotations

import re

from docqa.events import Observed, Remembered
from docqa.llm import Completion
from docqa.llm.scripted import call
from docqa.memory.recall import RunRecall
from tests.docqa.agent.playing import NOTE, NOTHING, SEARCH, noise, play, search

ADA = "The user is called Ada"
ANSWER = call("answer", text="Quay Works [e1].", citations=["e1"], dismiss="only the builder is asked for")
SAID = "I am called Ada and I am interested in harbours. Who built it?"


def remember(text: str, block: str = "user") -> Completion:
    return call("remember", block=block, text=text)


def forget(text: str, block: str = "user") -> Completion:
    return call("forget", block=block, text=text)


def kept(*lines: str, block: str = "user") -> RunRecall:
    recall = RunRecall()
    recall.write_block(block, "\n".join(lines))
    return recall


def test_it_is_empty_at_first_and_shows_its_size() -> None:
    system = play([SEARCH, NOTE, ANSWER], recall=RunRecall()).model.requests[0].messages[0].content
    assert re.search(r'<memory tokens="0" limit="\d+">\n</memory>', system)


def test_what_is_remembered_is_kept_and_told() -> None:
    recall = RunRecall()
    played = play([remember(ADA), SEARCH, NOTE, ANSWER], question=SAID, recall=recall)
    assert recall.blocks()["user"] == ADA
    assert played.of(Remembered) == [Remembered(1, "user", ADA)]
    assert re.fullmatch(r"Remembered in user \(\d+ of 600 tokens used\)\.", played.told[0])


def test_it_is_seen_in_the_next_conversation_of_the_user() -> None:
    recall = RunRecall()
    play([remember(ADA), SEARCH, NOTE, ANSWER], question=SAID, recall=recall)
    recall.summarise("", 99)
    system = play([SEARCH, NOTE, ANSWER], recall=recall).model.requests[0].messages[0].content
    assert f"user: {ADA}\n</memory>" in system


def test_what_is_forgotten_is_gone_and_told() -> None:
    recall = kept(ADA, "The user likes boats")
    played = play([forget("likes boats"), SEARCH, NOTE, ANSWER], recall=recall, question="I like no boats any more.")
    assert recall.blocks()["user"] == ADA
    assert played.of(Remembered) == [Remembered(1, "user", "The user likes boats", forgotten=True)]
    assert "The user likes boats" not in played.model.requests[1].messages[0].content


def test_the_model_sees_how_much_of_it_is_used() -> None:
    def used(system: str) -> int:
        found = re.search(r'<memory tokens="(\d+)" limit="600">', system)
        assert found
        return int(found[1])

    played = play([remember(ADA), SEARCH, NOTE, ANSWER], question=SAID, recall=RunRecall())
    sizes = [used(request.messages[0].content) for request in played.model.requests]
    assert sizes[0] == 0
    assert 5 < sizes[1] == sizes[2] < 20


def test_its_limit_is_kept_and_the_model_is_told_what_to_do() -> None:
    many = [remember(f"Fact number {n} about the user: " + "boat " * 40) for n in range(20, 36)]
    asked = "Remember all of these facts about the user, each with its number, and the boat. Who built it?"
    played = play([*many, SEARCH, NOTE, ANSWER], recall=RunRecall(), max_steps=30, question=asked)
    refused = [o.text for o in played.of(Observed) if o.name == "remember" and not o.ok]
    assert refused
    assert re.fullmatch(
        r"Core memory is full \(\d+ of 600 tokens\): forget something first, or say it shorter\.", refused[0]
    )
    assert played.answer.outcome == "answered"


def test_it_never_takes_more_than_a_twelfth_of_a_window() -> None:
    system = play([SEARCH, NOTE, ANSWER], recall=RunRecall(), context_window=4096).model.requests[0].messages[0].content
    assert f'limit="{4096 // 12}"' in system


def test_what_a_larger_window_kept_is_shown_up_to_the_limit_of_a_smaller_one() -> None:
    recall = kept(*(f"The user said thing number {n}" for n in range(60)))
    played = play([SEARCH, NOTE, ANSWER], recall=recall, context_window=4096)
    memory = re.search(r"<memory .*</memory>", played.model.requests[0].messages[0].content, re.DOTALL)
    assert memory
    assert played.model.count(memory[0]) <= 4096 // 12 + 24


def test_a_window_with_no_room_for_it_is_not_made_smaller_by_it() -> None:
    recall = kept(*(f"The user said thing number {n}" for n in range(60)))
    played = play([SEARCH, NOTE, ANSWER], recall=recall, context_window=1200)
    system = played.model.requests[0].messages[0].content
    assert "<memory" not in system
    empty = play([SEARCH, NOTE, ANSWER], recall=RunRecall(), context_window=1200)
    assert system == empty.model.requests[0].messages[0].content


def test_it_outlives_every_eviction() -> None:
    pages = [search("noise", page) for page in range(1, 8)]
    played = play([*pages, NOTHING], noise(40), "What?", kept(ADA), context_window=4096)
    assert all(f"user: {ADA}" in request.messages[0].content for request in played.model.requests)


def test_a_run_of_its_own_remembers_nothing() -> None:
    played = play([remember(ADA), SEARCH, NOTE, ANSWER], question=SAID)
    assert "There is no function 'remember' to call now" in played.told[0]


def test_an_unknown_block_is_a_mistake_that_names_the_known_ones() -> None:
    played = play([remember(ADA, "secrets"), SEARCH, NOTE, ANSWER], question=SAID, recall=RunRecall())
    assert played.told[0] == "There is no block 'secrets'; there are: user, library, task."


def test_what_the_user_says_may_be_remembered_after_documents_were_read() -> None:
    recall = RunRecall()
    play([SEARCH, remember(ADA), NOTE, ANSWER], question=SAID, recall=recall)
    assert recall.blocks()["user"] == ADA


def test_what_the_user_asks_to_forget_may_be_forgotten_after_documents_were_read() -> None:
    recall = kept(ADA)
    play([SEARCH, forget(ADA), NOTE, ANSWER], question="Forget that I am called Ada. Who built it?", recall=recall)
    assert recall.blocks()["user"] == ""


def test_what_the_user_said_in_an_earlier_conversation_may_be_remembered_when_it_is_found() -> None:
    recall = RunRecall()
    play([SEARCH, NOTE, ANSWER], question="My boat Otter lies in Tarnholm. Who built it?", recall=recall)
    recall.summarise("They spoke.", 99)
    look = call("search_conversation", query="boat lies")
    script = [SEARCH, look, remember("The boat of the user, Otter, lies in Tarnholm"), NOTE, ANSWER]
    play(script, question="Remember what I told you. Who built it?", recall=recall)
    assert "Tarnholm" in recall.blocks().get("user", "")
