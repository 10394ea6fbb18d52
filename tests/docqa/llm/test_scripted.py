"""The scripted model."""

from __future__ import annotations

import pytest

from docqa.errors import ModelError
from docqa.llm import Completion, Message, TextDelta, ToolSpec
from docqa.llm.scripted import ScriptedModel, call

ASKED = [Message("user", "Who?")]
TOOLS = [ToolSpec("search_archive", "Search.")]


def test_it_plays_its_completions_in_order() -> None:
    model = ScriptedModel([call("search_archive", query="harbour"), Completion("Done.")])
    assert list(model.complete(ASKED, TOOLS)) == [call("search_archive", query="harbour")]
    assert list(model.complete(ASKED, TOOLS)) == [TextDelta("Done."), Completion("Done.")]


def test_a_function_is_asked_for_each_completion() -> None:
    model = ScriptedModel(lambda messages, tools: Completion(messages[-1].content.upper()))
    assert list(model.complete(ASKED, TOOLS))[-1] == Completion("WHO?")


def test_it_keeps_what_it_was_sent() -> None:
    model = ScriptedModel([Completion("Done.")])
    list(model.complete(ASKED, TOOLS))
    assert (model.requests[0].messages, model.requests[0].tools) == (tuple(ASKED), tuple(TOOLS))


def test_it_keeps_which_functions_could_be_called() -> None:
    model = ScriptedModel([Completion("Done.")])
    list(model.complete(ASKED, TOOLS, ("answer",), seconds=3))
    assert model.requests[0].only == ("answer",)


def test_text_is_streamed_line_by_line() -> None:
    model = ScriptedModel([Completion("One.\nTwo.")])
    assert list(model.complete(ASKED, TOOLS))[:2] == [TextDelta("One.\n"), TextDelta("Two.")]


def test_where_no_function_is_offered_it_writes_its_summary_and_its_script_waits() -> None:
    model = ScriptedModel([Completion("Done.")], summary="Harbours were spoken of.")
    assert list(model.complete(ASKED, []))[-1] == Completion("Harbours were spoken of.")
    assert [request.messages for request in model.summarised] == [tuple(ASKED)]
    assert list(model.complete(ASKED, TOOLS))[-1] == Completion("Done.")


def test_the_end_of_the_script_is_an_error() -> None:
    with pytest.raises(ModelError, match="has 0 completions"):
        list(ScriptedModel([]).complete(ASKED, TOOLS))
