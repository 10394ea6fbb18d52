"""The queue of the main context."""

from __future__ import annotations

from collections.abc import Sequence

from docqa.llm import Message
from docqa.memory.queue import Entry, Queue


def entry(step: int, tokens: int = 10, **more: object) -> Entry:
    return Entry(step, (Message("user", f"step {step}"),), tokens, **more)  # type: ignore[arg-type]


def queue(*entries: Entry) -> Queue:
    made = Queue()
    for one in entries:
        made.append(one)
    return made


def steps(entries: Sequence[Entry] | Queue) -> list[int]:
    return [one.step for one in entries]


def test_the_older_half_leaves_and_the_rest_stays_in_order() -> None:
    held = queue(*(entry(n) for n in range(1, 7)))
    assert steps(held.leave(newest=6)) == [1, 2, 3]
    assert steps(held) == [4, 5, 6]


def test_of_an_odd_number_the_larger_half_leaves() -> None:
    assert steps(queue(*(entry(n) for n in range(1, 5))).leave(newest=4)) == [1, 2]


def test_the_newest_step_stays_with_all_its_entries() -> None:
    held = queue(entry(1), entry(2), entry(2), entry(2))
    assert steps(held.leave(newest=2)) == [1]
    assert held.leave(newest=2) == []


def test_what_is_pinned_stays() -> None:
    held = queue(entry(0, pinned=True), entry(1), entry(2))
    assert steps(held.leave(newest=9)) == [1]
    assert steps(held.leave(newest=9)) == [2]
    assert steps(held) == [0]


def test_the_conversation_before_the_run_leaves_first_and_its_last_message_not_while_it_is_the_newest() -> None:
    held = queue(entry(0), entry(0), entry(0))
    assert len(held.leave(newest=0)) == 1
    assert len(held.leave(newest=0)) == 1
    assert held.leave(newest=0) == []


def test_a_call_is_known_while_its_entry_and_what_it_points_to_stand_there() -> None:
    first, second = entry(1, chunks=frozenset({"c"})), entry(2, call="key", above=frozenset({"c"}))
    held = queue(first, second, entry(3))
    assert held.made("key") is second
    assert held.made("") is None
    held.leave(newest=2)
    assert held.made("key") is None


def test_tokens_ids_and_chunks_are_those_of_its_entries() -> None:
    held = queue(
        entry(0, 99, pinned=True, ids=(1,)), entry(1, 10, ids=(2, 3), chunks=frozenset("ab")), entry(2, 5, ids=(4,))
    )
    assert (held.tokens, held.ids, held.chunks) == (15, {1, 2, 3, 4}, {"a", "b"})
    assert (held.spent(1), held.spent(0), held.newest()) == (10, 0, 2)


def test_an_empty_queue_has_nothing() -> None:
    held = queue()
    assert (held.tokens, held.newest(), held.leave(newest=1)) == (0, 0, [])


def test_all_entries_are_counted_anew() -> None:
    held = queue(entry(1), entry(2))
    held.recount(lambda messages: 7 * len(messages))
    assert held.tokens == 14
