"""Conversations that runs go on with: one run at a time, and only what belongs to their user."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event

import pytest

from docqa.llm import Completion, Message, ToolSpec
from docqa.llm.scripted import ScriptedModel, call
from ingest.errors import NotFoundError
from tests.docqa.answering.asking import answer, asked, looking, read, soon, threads
from tests.docqa.answering.conftest import Service

REMEMBER = call("remember", block="user", text="works at the harbour")


def begun(service: Service, model: ScriptedModel) -> tuple[object, str]:
    answering = service.answering_by(model)
    return answering, answering.recalls.of("acme", "ada").conversation().conversation


def test_a_question_sees_what_was_said_before_it(service: Service) -> None:
    model = ScriptedModel(looking)
    answering, id = begun(service, model)
    for question in ("Who built it?", "And when?"):
        answer(answering.start(asked(question, conversation=id)))
    said = [message.content for message in model.requests[-1].messages]
    assert any("Who built it?" in text for text in said)


def test_questions_at_once_are_answered_one_after_another(service: Service) -> None:
    hold, order = Event(), list[str]()

    def noting(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Completion:
        question = [message.content for message in messages if message.role == "user"][-1]
        order.append("second" if "And when?" in question else "first")
        hold.wait(30)
        return looking(messages, tools)

    answering, id = begun(service, ScriptedModel(noting))
    lives = [answering.start(asked(question, conversation=id)) for question in ("Who built it?", "And when?")]
    assert soon(lambda: order == ["first"])
    hold.set()
    for live in lives:
        read(live)
    assert order == sorted(order)
    recall = answering.recalls.of("acme", "ada").conversation(id)
    assert [said.message.role for said in recall.recent(10)] == ["user", "assistant"] * 2


def test_one_that_waits_for_its_turn_can_be_stopped(service: Service) -> None:
    answering, id = begun(service, ScriptedModel(looking, pause=3600))
    first, second = (answering.start(asked(conversation=id)) for _ in range(2))
    second.stop()
    assert soon(lambda: not threads(second.run))
    assert threads(first.run)


def test_when_the_first_is_stopped_the_next_goes_on(service: Service) -> None:
    answering, id = begun(service, ScriptedModel(looking, pause=0.2))
    first, second = (answering.start(asked(conversation=id)) for _ in range(2))
    first.stop()
    assert answer(second).outcome == "not_found"


@pytest.mark.parametrize("other", [{"user": "bea"}, {"tenant": "globex"}], ids=["user", "tenant"])
def test_nobody_goes_on_with_the_conversation_of_another(service: Service, other: dict[str, str]) -> None:
    answering, id = begun(service, ScriptedModel(looking))
    with pytest.raises(NotFoundError):
        answering.start(asked(conversation=id, **other))


def test_without_a_conversation_nothing_is_remembered(service: Service) -> None:
    model = ScriptedModel(looking)
    answering = service.answering_by(model)
    answer(answering.start(asked("I work at the harbour. Who built it?")))
    assert "remember" not in {tool.name for tool in model.requests[0].tools}
    assert answering.recalls.of("acme", "ada").conversations() == []


def test_core_memory_holds_in_the_conversations_of_its_user(service: Service) -> None:
    def remembering(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Completion:
        called = {call.name for message in messages for call in message.calls}
        return looking(messages, tools) if "remember" in called else REMEMBER

    answering, id = begun(service, ScriptedModel(remembering))
    answer(answering.start(asked("The user works at the harbour. Who built it?", conversation=id)))
    assert "harbour" in answering.recalls.of("acme", "ada").conversation(id).blocks()["user"]
    assert answering.recalls.of("acme", "bea").conversation().blocks() == {}
