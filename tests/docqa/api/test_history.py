"""Messages of a chat as a question and what was said before it."""

from __future__ import annotations

from typing import Any

import pytest

from docqa.api.answers.history import conversation_of
from docqa.api.errors import ApiError
from docqa.api.schemas.chat import ChatMessage
from docqa.llm import Message

ASKED = {"role": "user", "content": "Who?"}


def read(*messages: dict[str, Any]) -> tuple[str, tuple[Message, ...]]:
    """Messages as a client sends them, read."""
    return conversation_of([ChatMessage.model_validate(message) for message in messages])


def refused(*messages: dict[str, Any]) -> ApiError:
    """The error for messages."""
    with pytest.raises(ApiError) as raised:
        read(*messages)
    assert raised.value.status == 400
    return raised.value


def test_the_last_message_is_the_question_and_the_others_are_the_history() -> None:
    said = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Good day."}, ASKED]
    assert read(*said) == ("Who?", (Message("user", "Hello."), Message("assistant", "Good day.")))


def test_parts_of_text_are_joined_by_lines() -> None:
    parts = [{"type": "text", "text": "Who built"}, {"type": "text", "text": "the harbour?"}]
    assert read({"role": "user", "content": parts})[0] == "Who built\nthe harbour?"


@pytest.mark.parametrize("role", ["system", "developer"])
def test_what_a_system_message_says_comes_first_as_words_of_the_user(role: str) -> None:
    _, history = read({"role": "user", "content": "Hello."}, {"role": role, "content": "Be brief."}, ASKED)
    assert history == (Message("user", "How I want to be answered: Be brief."), Message("user", "Hello."))


def test_an_answer_of_docqas_loses_its_list_of_sources() -> None:
    answer = "Norda [1].\n\nSources:\n- [1] [Report, page 3](http://127.0.0.1/v1/documents/d/pages/3.png?signature=x)"
    _, history = read({"role": "assistant", "content": answer, "annotations": [], "refusal": None}, ASKED)
    assert history == (Message("assistant", "Norda.\n(Sources: Report, page 3)"),)


def test_a_refusal_is_what_was_said_and_an_empty_message_is_nothing() -> None:
    part = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
    whole = {"role": "assistant", "content": None, "refusal": "No."}
    empty = {"role": "assistant", "content": "", "tool_calls": []}
    assert read(part, whole, empty, ASKED)[1] == (Message("assistant", "No."),) * 2


@pytest.mark.parametrize("role", ["assistant", "system", "developer"])
def test_the_last_message_has_to_be_the_users(role: str) -> None:
    error = refused(ASKED, {"role": role, "content": "Well."})
    assert (error.param, "role is 'user'" in error.message) == ("messages.1.role", True)


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "tool", "content": "7", "tool_call_id": "c"}, "messages.0.role"),
        ({"role": "function", "content": "7", "name": "f"}, "messages.0.role"),
        ({"role": "assistant", "content": None, "tool_calls": [{"id": "c"}]}, "messages.0.tool_calls"),
        ({"role": "assistant", "content": None, "function_call": {"name": "f"}}, "messages.0.function_call"),
    ],
)
def test_calls_of_a_clients_tools_are_refused(message: dict[str, Any], param: str) -> None:
    error = refused(message, ASKED)
    assert (error.param, error.code) == (param, "unsupported_parameter")
    assert "docqa calls functions of its own" in error.message


@pytest.mark.parametrize("type", ["image_url", "file"])
def test_a_picture_or_file_is_refused_with_a_word_on_uploading_it(type: str) -> None:
    parts = [{"type": "text", "text": "What is this?"}, {"type": type, type: {"url": "data:…"}}]
    error = refused({"role": "user", "content": parts})
    assert error.param == f"messages.0.content.1.{type}"
    assert "POST /v1/files" in error.message


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "user"}, "messages.0.content"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages.0.content.0.text"),
        ({"role": "user", "content": [{"type": "input_audio"}]}, "messages.0.content.0.input_audio"),
        ({"role": "assistant", "audio": {"id": "a"}}, "messages.0.audio"),
    ],
)
def test_what_has_no_text_is_refused_by_its_field(message: dict[str, Any], param: str) -> None:
    assert refused(message, ASKED).param == param
