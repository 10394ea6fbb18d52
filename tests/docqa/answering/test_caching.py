"""Answers that are given again, and when they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from docqa.events import Answered, RunStarted
from docqa.llm import Completion, Message
from ingest.library import Library
from ingest.pipeline import ingest
from tests.docqa.answering.asking import FOUND, answer, asked, looking, read
from tests.docqa.answering.conftest import Service

HEARD = (Message("user", "Hello."), Message("assistant", "Good day."))


def test_the_same_question_is_given_the_recorded_answer(service: Service, report: Library) -> None:
    answering = service.answering(FOUND)
    first = answering.start(asked())
    before = answer(first)
    again = answering.start(asked())
    events = read(again)
    assert (again.cached, [type(event) for event in events]) == (True, [RunStarted, Answered])
    assert events[-1] == before


def test_an_answer_given_again_is_a_run_that_names_the_first(service: Service) -> None:
    answering = service.answering()
    first = answering.start(asked())
    read(first)
    again = answering.start(asked())
    answering.close(0)
    row = service.registry.runs.get("acme", again.run)
    assert (row.state, row.outcome, row.cached_from) == ("completed", "not_found", first.run)
    assert [event.kind for event in service.registry.runs.events("acme", again.run)] == ["RunStarted", "Answered"]


@pytest.mark.parametrize(
    "change",
    [
        {"question": "Who paid for it?"},
        {"tenant": "globex"},
        {"user": "bea"},
        {"collections": ("harbours",)},
        {"within": ()},
        {"history": HEARD},
        {"max_steps": 3},
        {"fresh": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_question_is_answered_anew(service: Service, change: dict[str, Any]) -> None:
    answering = service.answering()
    read(answering.start(asked()))
    assert not answering.start(asked(**change)).cached


def test_a_fresh_answer_takes_the_place_of_the_old_one(service: Service) -> None:
    answering = service.answering()
    read(answering.start(asked()))
    fresh = answering.start(asked(fresh=True))
    read(fresh)
    again = answering.start(asked())
    assert service.registry.runs.get("acme", again.run).cached_from == fresh.run


def test_a_document_that_comes_makes_old_answers_useless(service: Service, report: Library, tmp_path: Path) -> None:
    answering = service.answering()
    read(answering.start(asked()))
    (tmp_path / "crane.md").write_text("# Crane\n\nThe crane of the harbour lifts 40 tonnes.\n")
    list(ingest(report, [tmp_path / "crane.md"], "harbours"))
    assert not answering.start(asked()).cached


def test_what_came_while_it_was_answered_keeps_an_answer_from_being_given_again(
    service: Service, report: Library, tmp_path: Path
) -> None:
    (tmp_path / "crane.md").write_text("# Crane\n\nThe crane of the harbour lifts 40 tonnes.\n")

    def meanwhile(messages: Any, tools: Any) -> Completion:
        list(ingest(report, [tmp_path / "crane.md"], "harbours"))
        return looking(messages, tools)

    answering = service.answering(meanwhile)
    read(answering.start(asked()))
    assert not answering.start(asked()).cached


def test_a_partial_answer_is_not_given_again(service: Service) -> None:
    answering = service.answering(lambda messages, tools: Completion("Hm."))
    assert answer(answering.start(asked())).outcome == "partial"
    assert not answering.start(asked()).cached


def test_a_run_that_was_deleted_is_not_given_again(service: Service) -> None:
    answering = service.answering()
    first = answering.start(asked())
    read(first)
    service.registry.runs.delete("acme", first.run)
    assert not answering.start(asked()).cached


def test_in_a_conversation_every_question_is_answered_anew(service: Service) -> None:
    answering = service.answering()
    conversation = answering.recalls.of("acme", "ada").conversation().conversation
    read(answering.start(asked(conversation=conversation)))
    assert not answering.start(asked(conversation=conversation)).cached


def test_it_can_be_switched_off(service: Service) -> None:
    answering = service.answering(answer_cache=False)
    read(answering.start(asked()))
    assert not answering.start(asked()).cached
