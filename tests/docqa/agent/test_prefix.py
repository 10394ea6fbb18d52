"""The beginning of a prompt stays the same from step to step, so that the server's prompt cache holds it."""

from __future__ import annotations

from itertools import pairwise

from docqa.events import Evicted, StepStarted
from docqa.llm.scripted import call
from docqa.memory.budget import message_tokens
from ingest.tokens import count
from tests.docqa.agent.playing import ANSWER, NOTE, SEARCH, conversation, noise, play, search

STEPS = [search("noise", page) for page in range(1, 6)]
END = call("answer", text="Nothing.", not_found=True)


def test_without_an_eviction_each_prompt_begins_with_the_whole_of_the_one_before_but_its_last_message() -> None:
    requests = play([SEARCH, search("crane"), NOTE, ANSWER]).model.requests
    for before, after in pairwise(requests):
        kept = len(before.messages) - 1
        assert after.messages[:kept] == before.messages[:kept]
        assert after.tools == before.tools


def test_the_last_message_holds_all_that_changes_by_itself() -> None:
    last = play([SEARCH, NOTE, ANSWER]).last[2]
    assert last.startswith("<evidence>\n[e1] Works built it")
    assert "<notes>" in last
    assert last.endswith("% full.</status>")


def test_the_share_that_is_repeated_is_told_with_each_step() -> None:
    played = play([*STEPS, END], noise(60), "What?", context_window=32_000)
    assert not played.of(Evicted)
    first, *rest = played.of(StepStarted)
    assert first.repeated == 0
    assert all(step.repeated >= 0.8 * before.used for before, step in zip([first, *rest], rest, strict=False))
    assert all(step.repeated < step.used for step in rest)


def test_what_is_repeated_is_counted_as_it_was_sent() -> None:
    played = play([SEARCH, NOTE, ANSWER])
    before, after = played.model.requests[1:]
    same = [a for a, b in zip(before.messages, after.messages, strict=False) if a == b]
    changed = sum(message_tokens(message, count) for message in after.messages[len(same) :])
    step = played.of(StepStarted)[2]
    assert step.repeated == step.used - changed


def test_an_eviction_leaves_only_the_instructions_as_they_were() -> None:
    played = play([*STEPS, END], noise(60), "What?", context_window=4096)
    gone = [event.step for event in played.of(Evicted)]
    after = next(step for step in played.of(StepStarted) if step.step > gone[0])
    assert 0 < after.repeated < 0.7 * after.used
    systems = {request.messages[0].content for request in played.model.requests}
    assert len(systems) == 1


def test_what_is_remembered_stands_in_the_instructions_from_the_next_step_on() -> None:
    remember = call("remember", block="user", text="The user is called Ada")
    played = play([remember, SEARCH, NOTE, ANSWER], recall=conversation("I am called Ada"), question="I am called Ada")
    systems = [request.messages[0].content for request in played.model.requests]
    assert "user: The user is called Ada" not in systems[0]
    assert "user: The user is called Ada" in systems[1]
    assert systems[1] == systems[2] == systems[3]


def test_the_parts_stand_in_the_order_of_the_design() -> None:
    recall = conversation("Hello", "Hello.")
    recall.write_block("user", "The user is called Ada")
    request = play([*STEPS, END], noise(60), "What?", recall, context_window=4096).model.requests[-1]
    text = "\n".join(message.content for message in request.messages)
    parts = [
        "You answer questions",
        "<library>",
        "<memory ",
        "<earlier>",
        "<question>",
        "search ",
        "<notes>",
        "<status>",
    ]
    places = [text.index(f"\n{part}" if part != parts[0] else part) for part in parts]
    assert places == sorted(places)
