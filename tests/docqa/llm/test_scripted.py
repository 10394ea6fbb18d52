"""The scripted model."""

from __future__ import annotations

import pytest

from docqa.errors import ModelError
from docqa.llm import Completion, Message, TextDelta
from docqa.llm.scripted import ScriptedModel, call

ASKED = [Message("user", "Who?")]


def test_it_plays_its_completions_in_order() -> None:
    model = ScriptedModel([call("search_archive", query="harbour"), Completion("Done.")])
    assert list(model.complete(ASKED, [])) == [call("search_archive", query="harbour")]
    assert list(model.complete(ASKED, [])) == [TextDelta("Done."), Completion("Done.")]


def test_a_function_is_asked_for_each_completion() -> None:
    model = ScriptedModel(lambda messages, tools: Completion(messages[-1].content.upper()))
    assert list(model.complete(ASKED, []))[-1] == Completion("WHO?")


def test_it_keeps_what_it_was_sent() -> None:
    model = ScriptedModel([Completion("Done.")])
    list(model.complete(ASKED, []))
    assert model.requests[0].messages == tuple(ASKED)


def test_the_end_of_the_script_is_an_error() -> None:
    with pytest.raises(ModelError, match="has 0 completions"):
        list(ScriptedModel([]).complete(ASKED, []))
