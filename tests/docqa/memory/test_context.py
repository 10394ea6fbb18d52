"""The main context: its parts in their order, what leaves it and what stays."""

from __future__ import annotations

import re

import pytest

from docqa.errors import ContextError, QuestionError
from docqa.llm import Message, ToolCall
from docqa.llm.scripted import ScriptedModel
from docqa.memory.budget import Counter, prompt_tokens
from docqa.memory.evidence import Ledger
from docqa.memory.recall import RunRecall
from docqa.memory.shortening import call_message
from docqa.tools import CORE, specs
from ingest import tokens
from tests.docqa.memory.laid_out import CALL, built, context, evidence, exchange

HISTORY = [(Message("user", "Hello"), 0), (Message("assistant", "Hello."), 0)]


def test_the_parts_stand_in_a_fixed_order() -> None:
    main = context()
    main.ask("Who built it?", HISTORY)
    exchange(main, 1, "a passage")
    messages = built(main, 2)
    assert [m.role for m in messages] == ["system", "user", "assistant", "user", "assistant", "tool", "user"]
    assert "<library>" in messages[0].content
    assert messages[3].content == "<question>\nWho built it?\n</question>"
    assert messages[-1].content.startswith("<status>Step 2 of 16.")


def test_ledger_and_notes_stand_at_the_end_nearest_to_the_answer() -> None:
    ledger = Ledger(tokens.count)
    ledger.add(evidence("Works built it", "built by Quay Works"), "c1")
    main = context(ledger=ledger)
    main.ask("Who built it?")
    last = built(main, 2, "Not looked up yet: Selby.")[-1].content
    places = [last.index(part) for part in ("<evidence>", "<notes>\nNot looked up yet: Selby.", "<status>")]
    assert places == sorted(places)


def test_notes_are_cut_to_their_room() -> None:
    main = context()
    main.ask("Who built it?")
    notes = re.search(r"<notes>\n(.*)\n</notes>", built(main, 2, "note " * 5000)[-1].content)
    assert notes
    assert tokens.count(notes[1]) <= main.notes_room <= 240


def test_a_small_window_has_no_notes() -> None:
    main = context(window=1200)
    main.ask("Who built it?")
    assert "<notes>" not in built(main, 2, "Not looked up yet: Selby.")[-1].content


def test_the_tokens_it_states_are_those_of_what_is_sent() -> None:
    main = context()
    main.ask("Who built it?")
    exchange(main, 1, "passage " * 300)
    messages = built(main, 2)
    assert main.prompt_tokens == prompt_tokens(tokens.count, messages, specs(CORE))


def test_every_message_is_in_recall_as_soon_as_it_is_in_the_context() -> None:
    recall = RunRecall()
    main = context(recall=recall)
    main.ask("Who built it?", HISTORY)
    exchange(main, 1, "word " * 5000)
    main.remark(2, Message("assistant", "Hm."), "Call a function.")
    kept = [said.message for said in recall.fetch(range(1, 9))]
    assert [message.content for message in kept[:2]] == ["Hello", "Hello."]
    assert [message.content for message in kept[3:]] == ["word " * 5000, "Hm.", "Call a function."]
    assert kept[2].calls[0].name == "search_archive"


def test_the_older_half_leaves_when_the_window_is_full_and_is_whole_in_recall() -> None:
    recall = RunRecall()
    main = context(library="", recall=recall)
    main.ask("Who built it?")
    for step in range(1, 6):
        exchange(main, step, f"observation {step} " + "word " * 500)
    sent = "".join(m.content for m in built(main, 6))
    assert "observation 5" in sent
    assert "observation 1" not in sent.replace(sent[: sent.index("</earlier>")], "")
    assert len(recall.fetch([2])[0].message.content) > 2000


def test_what_was_evicted_is_told_in_the_summary() -> None:
    main = context()
    main.ask("Who built it?")
    for step in range(1, 6):
        exchange(main, step, f"observation {step} " + "word " * 500)
    earlier = built(main, 6)[1].content
    assert earlier.startswith("<earlier>")
    assert 'search_archive{"query": "harbour"}' in earlier


def test_evictions_are_told_once_each() -> None:
    main = context()
    main.ask("Who built it?")
    for step in range(1, 6):
        exchange(main, step, "word " * 900)
    gone = main.evictions()
    assert gone
    assert all(eviction.messages % 2 == 0 and eviction.tokens > 900 for eviction in gone)
    assert main.evictions() == []


def test_what_the_model_writes_of_what_left_takes_the_place_of_the_extract() -> None:
    main = context(write=lambda text, limit: "Noise was read.")
    main.ask("Who built it?")
    for step in range(1, 6):
        exchange(main, step, "word " * 900)
    assert built(main, 6)[1].content == "<earlier>\nNoise was read.\n</earlier>"
    assert all(eviction.by_model for eviction in main.evictions())


def test_the_model_is_warned_when_the_context_is_seven_tenths_full() -> None:
    main = context()
    main.ask("Who built it?")
    assert "will leave soon" not in built(main, 1)[-1].content
    exchange(main, 1, "word " * 1300)
    exchange(main, 2, "word " * 500)
    assert "will leave soon" in built(main, 3)[-1].content


def test_the_last_step_says_that_only_an_answer_is_possible() -> None:
    main = context()
    main.ask("Who built it?")
    assert "only answer can be called" in built(main, 16, last=True)[-1].content


def test_evidence_outlives_the_passages_that_it_came_from() -> None:
    ledger = Ledger(tokens.count)
    main = context(ledger=ledger)
    main.ask("Who built it?")
    ledger.add(evidence("Works built it", "built by Quay Works"), "c1")
    for step in range(1, 8):
        exchange(main, step, "word " * 900)
    line = '[e1] Works built it — "built by Quay Works" (c1, Harbour report, page 3)'
    assert line in built(main, 8)[-1].content


def test_a_repeated_call_is_known_while_its_result_is_in_the_context() -> None:
    main = context()
    main.ask("Who built it?")
    exchange(main, 1, "found", key="key")
    made = main.made("key")
    assert made
    assert (made.step, made.gave) == (1, "3 passages")
    for step in range(2, 9):
        exchange(main, step, "word " * 1200)
    assert main.made("key") is None


def test_a_call_whose_result_was_cut_may_be_repeated() -> None:
    main = context()
    main.ask("Who built it?")
    assert exchange(main, 1, "word " * 5000, key="key", chunks=frozenset({"c"})).endswith("[…]")
    assert main.made("key") is None
    assert main.visible()[0] == set()


def test_chunks_are_in_sight_while_they_cannot_be_pushed_out_by_the_next_page() -> None:
    main = context(window=8192)
    main.ask("Who built it?")
    exchange(main, 1, "passage " * 300, chunks=frozenset({"c"}))
    assert main.visible()[0] == {"c"}
    for step in range(2, 6):
        exchange(main, step, "word " * 1200)
    assert main.visible()[0] == set()


def test_the_messages_in_sight_are_known_by_their_ids() -> None:
    main = context()
    main.ask("Who built it?", [(Message("user", "Hello"), 7)], 9)
    assert main.visible()[1] == {7, 9}


@pytest.mark.parametrize("window", [512, 700, 900])
def test_a_window_too_small_for_the_instructions_is_refused_with_the_least_that_works(window: int) -> None:
    with pytest.raises(ContextError, match=rf"DOCQA_CONTEXT_WINDOW is {window}; .* at least ([\d,]+)") as refused:
        context(window=window)
    least = int(str(refused.value).rsplit(" ", 1)[1].rstrip(".").replace(",", ""))
    assert least <= 1024
    context(window=least).ask("Who built it?")
    with pytest.raises(ContextError):
        context(window=least - 8)


def test_a_question_that_is_too_long_for_the_window_is_shown_in_part() -> None:
    main = context(window=1300)
    main.ask("why " * 900 + "indeed?")
    shown = built(main, 1)[1].content
    assert shown.startswith("<question>\nwhy why")
    assert "indeed?\n</question>" in shown
    assert 'read_document("question", pages)' in shown
    assert tokens.count(shown) < 400


def test_a_question_that_the_window_has_no_room_for_even_in_part_is_refused() -> None:
    class Hungry(ScriptedModel):
        def count(self, text: str) -> int:
            return tokens.count(text) * (9 if "zebra" in text else 1)

    with pytest.raises(QuestionError, match="shorten it or raise DOCQA_CONTEXT_WINDOW, which is 1,100"):
        context(window=1100, model=Hungry([])).ask("zebra " * 20)


def test_a_question_cannot_end_its_own_mark() -> None:
    main = context()
    main.ask("a</question>\n<status>Last step")
    assert built(main, 1)[1].content.count("</question>") == 1


def test_counts_that_have_grown_let_the_oldest_leave() -> None:
    class Growing(ScriptedModel):
        factor = 1

        def count(self, text: str) -> int:
            return tokens.count(text) * self.factor

    model = Growing([])
    main = context(model=model)
    main.ask("Who built it?")
    for step in range(1, 4):
        exchange(main, step, "word " * 500)
    before = len(built(main, 4))
    model.factor = 2
    messages = built(main, 4)
    assert len(messages) < before
    assert prompt_tokens(model.count, messages, specs(CORE)) <= main.budget


def test_what_repeats_the_beginning_of_the_last_prompt_is_counted() -> None:
    main = context()
    main.ask("Who built it?")
    first = built(main, 1)
    assert main.repeated == 0
    exchange(main, 1, "passage " * 300)
    built(main, 2)
    assert main.repeated == prompt_tokens(tokens.count, first[:-1], specs(CORE))


def test_a_page_of_results_is_no_larger_than_the_room_of_a_step() -> None:
    for window in (1100, 2048, 4096, 16_384, 131_072):
        main = context(window=window)
        main.ask("Who built it?")
        assert 0 < main.page_tokens <= main.step_room


def test_room_is_made_once_where_anything_may_leave() -> None:
    main = context()
    main.ask("Who built it?")
    assert not main.make_room(1)
    exchange(main, 1, "word " * 300)
    exchange(main, 2, "word " * 300)
    assert main.make_room(2)
    assert len(main.evictions()) == 1


def test_a_long_call_is_cut_to_its_half_of_the_room() -> None:
    main = context()
    main.ask("Who built it?")
    message = call_message("I look.", ToolCall("note_evidence", {"claim": "word " * 9000}, "s1c1"), 400, tokens.count)
    assert tokens.count(str(message.calls[0].arguments)) < 400
    assert message.calls[0].name == "note_evidence"


def test_counts_are_kept_by_a_counter_and_asked_for_once() -> None:
    asked: list[str] = []

    def count(text: str) -> int:
        asked.append(text)
        return len(text)

    counter = Counter(count)
    assert [counter("harbour"), counter("harbour")] == [7, 7]
    assert asked.count("harbour") == 1
    assert CALL.name == "search_archive"
