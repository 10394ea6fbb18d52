"""Runs as they are begun: who may ask what, what is recorded, and how they end."""

from __future__ import annotations

import pytest

from docqa.errors import ModelError, QuestionError, TooBusyError
from docqa.events import RunStarted, StepStarted
from docqa.llm import Completion
from ingest.errors import NotFoundError
from ingest.library import Library
from tests.docqa.answering.asking import FOUND, NOTHING, SEARCH, answer, asked, read, soon, threads
from tests.docqa.answering.conftest import Service


def test_a_question_is_answered_from_the_documents_of_its_tenant(service: Service, report: Library) -> None:
    answered = answer(service.answering(FOUND).start(asked()))
    assert (answered.outcome, answered.text) == ("answered", "Quay Works [1].")
    assert answered.citations[0].document == report.catalog.documents()[0].id


def test_another_tenant_finds_nothing_of_it(service: Service, report: Library) -> None:
    answered = answer(service.answering([SEARCH, NOTHING]).start(asked(tenant="globex")))
    assert answered.outcome == "not_found"
    assert service.libraries.of("globex").archive.count() == 0


def test_a_run_is_recorded_with_its_events(service: Service) -> None:
    live = service.answering().start(asked(collections=("harbours",)))
    said = [type(event).__name__ for event in read(live)]
    row = service.registry.runs.get("acme", live.run)
    assert (row.user, row.kind, row.collections, row.state) == ("ada", "chat", ("harbours",), "completed")
    assert row.outcome == "not_found"
    assert [event.kind for event in service.registry.runs.events("acme", live.run)] == said
    assert said[0] == RunStarted.__name__


def test_a_run_can_be_given_its_id(service: Service) -> None:
    assert service.answering().start(asked(), "run_0123456789abcdef").run == "run_0123456789abcdef"


def test_the_limits_of_a_question_are_those_of_its_run(service: Service) -> None:
    events = read(service.answering(lambda messages, tools: Completion("Hm.")).start(asked(max_steps=2)))
    assert len([event for event in events if isinstance(event, StepStarted)]) == 2


@pytest.mark.parametrize(("question", "said"), [("  ", "empty"), ("x" * 11, "DOCQA_MAX_QUESTION_CHARS allows 10")])
def test_a_question_that_cannot_be_asked_is_refused_at_once(service: Service, question: str, said: str) -> None:
    answering = service.answering(max_question_chars=10)
    with pytest.raises(QuestionError, match=said):
        answering.start(asked(question))
    assert service.registry.runs.page("acme") == []


def test_an_unknown_conversation_is_refused_at_once(service: Service) -> None:
    answering = service.answering()
    with pytest.raises(NotFoundError):
        answering.start(asked(conversation="2345-6789"))
    assert answering.under_way == 0


def test_there_are_as_many_runs_as_the_settings_allow(service: Service) -> None:
    answering = service.answering(pause=60, max_runs=1)
    live = answering.start(asked())
    with pytest.raises(TooBusyError, match="DOCQA_MAX_RUNS"):
        answering.start(asked("What else?"))
    live.stop()
    assert soon(lambda: answering.under_way == 0)
    answering.start(asked("What else?")).stop()


def failing(messages: object, tools: object) -> Completion:
    raise ModelError("The model is away.")


def broken(messages: object, tools: object) -> Completion:
    raise ZeroDivisionError(" ".join(("by", "accident")))


def test_what_fails_in_the_middle_reaches_the_reader_and_is_recorded(service: Service) -> None:
    live = service.answering(failing).start(asked())
    with pytest.raises(ModelError, match="is away"):
        read(live)
    row = service.registry.runs.get("acme", live.run)
    assert (row.state, row.outcome) == ("failed", "The model is away.")


def test_what_is_unforeseen_reaches_the_reader_and_its_words_neither_record_nor_log(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    live = service.answering(broken).start(asked())
    with pytest.raises(ZeroDivisionError):
        read(live)
    assert service.registry.runs.get("acme", live.run).outcome == "Something unforeseen happened."
    assert "ZeroDivisionError came unforeseen" in caplog.text
    assert "by accident" not in caplog.text


def test_a_run_that_is_over_leaves_no_thread(service: Service) -> None:
    answering = service.answering()
    live = answering.start(asked())
    read(live)
    assert soon(lambda: not threads(live.run) and answering.under_way == 0)
