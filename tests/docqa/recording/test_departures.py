"""Differences are told where they begin."""

from __future__ import annotations

from typing import Any

import pytest

from docqa.recording.departures import diff, excerpts, first_difference, in_event, in_prompt


def message(content: str, role: str = "tool") -> dict[str, Any]:
    return {"role": role, "content": content}


def what(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    return [found.what for found in in_prompt(1, {"messages": before}, {"messages": after})]


@pytest.mark.parametrize(
    ("recorded", "now", "path"),
    [
        ({"a": 1, "b": [1, {"c": "x"}]}, {"a": 1, "b": [1, {"c": "y"}]}, "b[1].c"),
        ({"a": 1}, {"a": 1, "new": 2}, "new"),
        ({"a": [1]}, {"a": [1, 2]}, "a"),
        ({"a": 1}, {"a": 1.0}, "a"),
        ({"a": True}, {"a": 1}, "a"),
        ("x", "y", "value"),
    ],
)
def test_the_first_difference_is_named_by_its_path(recorded: Any, now: Any, path: str) -> None:
    assert first_difference(recorded, now)[0] == path


def test_equal_values_have_no_difference() -> None:
    value = {"a": [1, "x", None, {"b": 1.5}]}
    assert first_difference(value, value)[0] == ""
    assert in_event(1, 1, ("Observed", value), ("Observed", value)) is None


def test_an_event_of_another_kind_is_told_as_such() -> None:
    found = in_event(2, 7, ("Observed", {"step": 2}), ("Evicted", {"step": 2}))
    assert found is not None
    assert (found.event, found.recorded, found.now) == (7, "Observed", "Evicted")


def test_excerpts_stand_around_the_place_where_texts_part() -> None:
    before, after = excerpts("a" * 100 + "one" + "b" * 200, "a" * 100 + "two" + "b" * 200)
    assert before.startswith("…" + "a" * 30 + "one")
    assert after.startswith("…" + "a" * 30 + "two")
    assert before.endswith("b…")


def test_a_diff_goes_by_sentences() -> None:
    old = "The first sentence stays. The second one goes. " * 2 + "The end is near and it is the same for both of them."
    shown = diff(old, old.replace("goes", "comes", 1))
    assert [line for line in shown if line[0] in "+-"] == ["-The second one goes.", "+The second one comes."]


def test_a_diff_has_at_most_twenty_lines() -> None:
    shown = diff("\n".join(f"old line {n}" for n in range(99)), "\n".join(f"new line {n}" for n in range(99)))
    assert len(shown) == 20
    assert shown[-1].endswith("lines more")


def test_short_texts_need_no_diff() -> None:
    assert diff("one", "two") == ()


def test_a_message_that_differs_is_told_with_its_number_and_role() -> None:
    assert what([message("a"), message("b")], [message("a"), message("c")]) == ["message 2 (tool) differs"]


def test_a_message_that_came_in_between_does_not_make_the_others_differ() -> None:
    before = [message("a"), message("b"), message("c")]
    assert what(before, [before[0], message("new", "user"), *before[1:]]) == [
        "message 2 (user) is not in the recording"
    ]
    assert what(before, [before[0], before[2]]) == ["message 2 (tool) is missing now"]


def test_another_argument_of_the_model_call_is_told() -> None:
    (found,) = in_prompt(3, {"messages": [], "only": []}, {"messages": [], "only": ["answer"]})
    assert (found.step, found.field, found.recorded, found.now) == (3, "only", "[]", '["answer"]')
