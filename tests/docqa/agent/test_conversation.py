"""Questions about the conversation itself, and conversations that outlive a run."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from docqa.events import Evicted
from docqa.llm import Completion, Message
from docqa.llm.scripted import ScriptedModel, call
from docqa.memory.recall import RunRecall, Said
from tests.docqa.agent.playing import ANSWER, NOTE, NOTHING, SEARCH, conversation, noise, play, search

BOAT = "My boat is called Otter and lies in Selby."
WHAT_BOAT = "What is my boat called?"


def folded(*said: str) -> RunRecall:
    """A conversation whose messages have all left the context."""
    recall = conversation(*said)
    recall.summarise("They spoke of boats.", len(said))
    return recall


def look(query: str, page: int = 1) -> Completion:
    return call("search_conversation", query=query, page=page)


def test_what_was_said_is_found_with_its_date_and_who_said_it() -> None:
    text = play([look("boat"), NOTHING, SEARCH, NOTHING], recall=folded(BOAT, "I see."), question=WHAT_BOAT).told[0]
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    assert text.startswith('conversation "boat": page 1 of 1, messages 1–')
    assert re.search(rf'<message id="m1" date="{today} \d\d:\d\d" by="user">\n{re.escape(BOAT)}\n</message>', text)


def test_a_question_about_the_conversation_does_not_touch_the_archive() -> None:
    answer = call("answer", text="It is called Otter.", citations=["m1"])
    played = play([look("boat called"), answer], recall=folded(BOAT, "I see."), question=WHAT_BOAT)
    assert (played.answer.outcome, played.answer.steps) == ("answered", 2)
    assert (played.shelf.searches, played.shelf.fetches) == (0, 0)


@pytest.mark.parametrize("citations", [["m1"], ["[m1]"], ["M1"], "m1"])
def test_an_answer_cites_messages_and_carries_them(citations: object) -> None:
    answer = call("answer", text="It is called Otter.", citations=citations)
    played = play([look("boat called"), answer], recall=folded(BOAT, "I see."), question=WHAT_BOAT)
    assert [(found.by, found.text) for found in played.answer.recalled] == [("user", BOAT)]
    assert played.answer.citations == ()


def test_the_marker_of_a_message_does_not_stay_in_the_text() -> None:
    answer = call("answer", text="It is called Otter [m1].")
    played = play([look("boat called"), answer], recall=folded(BOAT, "I see."), question=WHAT_BOAT)
    assert played.answer.outcome == "answered"
    assert "m1" not in played.answer.text


def test_a_message_that_was_not_shown_cannot_be_cited() -> None:
    answer = call("answer", text="It is called Otter.", citations=["m9"])
    played = play([look("boat called"), answer, look("boat"), NOTHING, SEARCH, NOTHING], recall=folded(BOAT, "I see."))
    assert "There is no message 'm9'; use the id of one that was shown, as m3." in played.told[1]


def test_what_stands_in_sight_is_answered_without_a_search_and_without_a_source() -> None:
    answer = call("answer", text="Your boat is called Otter.")
    played = play([answer], recall=conversation(BOAT, "I see."), question=WHAT_BOAT)
    assert (played.answer.outcome, played.answer.steps, played.answer.text) == (
        "answered",
        1,
        "Your boat is called Otter.",
    )
    assert played.shelf.searches == 0


def test_what_core_memory_says_is_answered_in_the_same_way() -> None:
    recall = RunRecall()
    recall.write_block("user", BOAT)
    answer = call("answer", text="Your boat is called Otter.")
    assert play([answer], recall=recall, question=WHAT_BOAT).answer.outcome == "answered"


def test_an_answer_that_nobody_said_is_not_taken_for_one_out_of_the_conversation() -> None:
    answer = call("answer", text="The harbour was built by Quay Works.")
    played = play([answer, SEARCH, NOTE, ANSWER], recall=conversation(BOAT, "I see."))
    assert "Search before you answer" in played.told[0]


def test_messages_that_stand_in_sight_are_not_found_again() -> None:
    recall = conversation(BOAT, "I see.", "My boat is green.", "I see.")
    recall.summarise("They spoke of a boat.", 2)
    text = play([look("boat"), NOTHING, SEARCH, NOTHING], recall=recall, question="And my boat?").told[0]
    assert BOAT in text
    assert "green" not in text


def test_many_messages_are_paged_and_none_comes_twice() -> None:
    said = [text for n in range(30) for text in (f"My boat number {n} is called Otter{n}.", "I see.")]
    pages = [look("boat", page) for page in (1, 2, 3, 4)]
    played = play([*pages, NOTHING, SEARCH, NOTHING], recall=folded(*said), question=WHAT_BOAT)
    assert [text.split("\n")[0] for text in played.told[:2]] == [
        'conversation "boat": page 1 of 4, messages 1–8 of 30',
        'conversation "boat": page 2 of 4, messages 9–16 of 30',
    ]
    assert played.told[3].endswith("This is the last page.")
    handles = [handle for text in played.told[:4] for handle in re.findall(r'id="(m\d+)"', text)]
    assert len(handles) == len(set(handles)) == 30


@pytest.mark.parametrize(("query", "page", "told"), [(" ", 1, "The query is empty"), ("boat", 7, "There is no page 7")])
def test_a_search_of_the_conversation_that_cannot_be_made_is_a_mistake(query: str, page: int, told: str) -> None:
    assert told in play([look(query, page), NOTHING, SEARCH, NOTHING], recall=folded(BOAT, "I see.")).told[0]


def test_a_search_of_the_conversation_without_hits_says_so() -> None:
    played = play([look("zebra"), NOTHING, SEARCH, NOTHING], recall=folded(BOAT, "I see."))
    assert played.told[0] == 'conversation "zebra": nothing found. Try other words.'


def test_calls_and_results_that_have_left_are_found_too() -> None:
    script = [search("noise", n) for n in range(1, 8)]
    played = play([*script, look("noise 0"), NOTHING], noise(40), recall=folded(BOAT, "I see."), context_window=4096)
    assert played.of(Evicted)
    assert 'by="tool"' in played.told[7]


def test_the_next_run_sees_the_conversation_and_its_answers_with_their_sources_in_words() -> None:
    recall = RunRecall()
    play([SEARCH, NOTE, ANSWER], recall=recall, question="Who built it?")
    sent = play([SEARCH, NOTE, ANSWER], recall=recall, question="And when?").model.requests[0].messages
    assert [(m.role, m.content) for m in sent[1:4]] == [
        ("user", "Who built it?"),
        ("assistant", "Quay Works.\n(Sources: Harbour report, page 1)"),
        ("user", "<question>\nAnd when?\n</question>"),
    ]


def test_the_evidence_of_an_earlier_run_is_not_that_of_the_next() -> None:
    recall = RunRecall()
    play([SEARCH, NOTE, ANSWER], recall=recall)
    played = play([SEARCH, call("answer", text="Works [e1].", citations=["e1"]), NOTE, ANSWER], recall=recall)
    assert "There is no evidence 'e1'." in played.told[1]


def test_a_long_conversation_is_folded_into_the_summary_and_not_shown_again() -> None:
    said = [f"Message {n} on boats. " + "word " * 200 for n in range(40)]
    recall = conversation(*said)
    model = ScriptedModel([SEARCH, NOTE, ANSWER], summary="They spoke of boats for long.")
    first = play(model, recall=recall, context_window=4096)
    assert first.of(Evicted)
    text, until = recall.summary()
    assert text == model.summary
    assert 20 < until <= 40
    again = ScriptedModel([SEARCH, NOTE, ANSWER])
    sent = play(again, recall=recall, question="And now?", context_window=4096).model.requests[0].messages
    shown = [int(m.content.split()[1]) for m in sent if m.content.startswith("Message ")]
    assert all(n >= until for n in shown)
    assert "They spoke of boats" in sent[1].content


def test_what_was_folded_in_an_earlier_run_is_not_folded_again() -> None:
    recall = conversation(*[f"Message {n} on boats. " + "word " * 200 for n in range(40)])
    play(ScriptedModel([SEARCH, NOTE, ANSWER], summary="Boats."), recall=recall, context_window=4096)
    model = ScriptedModel([SEARCH, NOTE, ANSWER], summary="Boats.")
    play(model, recall=recall, context_window=4096)
    assert "Message 0 " not in "".join(m.content for r in model.summarised for m in r.messages)


def test_a_conversation_of_100_000_messages_is_taken_up_at_its_end() -> None:
    recall = RunRecall()
    recall.add([Message("assistant" if n % 2 else "user", f"Message {n}.") for n in range(100_000)], spoken=True)
    sent = play([SEARCH, NOTE, ANSWER], recall=recall).model.requests[0].messages
    assert sent[-3].content == "Message 99999."
    assert len(sent) < 110


def test_a_failing_index_of_recall_does_not_cost_the_answer() -> None:
    from docqa.errors import RecallError

    class Broken(RunRecall):
        def index(self) -> None:
            raise RecallError("It is full.")

    assert play([SEARCH, NOTE, ANSWER], recall=Broken()).answer.outcome == "answered"


def spoken(recall: RunRecall) -> list[Said]:
    return recall.recent(99)


def test_question_and_answer_are_kept_as_spoken_and_the_steps_between_are_not() -> None:
    recall = RunRecall()
    play([SEARCH, NOTE, ANSWER], recall=recall)
    assert [said.message.role for said in spoken(recall)] == ["user", "assistant"]
    assert len(recall.fetch(range(1, 99))) == 6
