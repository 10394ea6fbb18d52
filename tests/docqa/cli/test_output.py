"""How text gets onto the screen."""

from __future__ import annotations

import io
import json

import pytest

from docqa.cli.output import Screen, clean, event_json, plural, shorten
from docqa.cli.steps import show_answer, show_step
from docqa.events import Answered, Citation, Event, Evicted, Observed, Recalled, Remembered, StepStarted, ToolCalled
from docqa.prompts import page_ranges

CITED = Citation(1, "d", "Annual\x1b[2J report", 12, "c", "net  sales\nwere 5 million", 0, 5, ((0.0, 1.0, 2.0, 3.0),))
ANSWER = Answered("5 million [1]", (CITED,), "answered", "extractive reader", 3, 1.25, 0, 0)


def shown(answer: Answered) -> str:
    stream = io.StringIO()
    show_answer(Screen(stream), answer)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb\tc", "a b c"),
        ("\x1b[31mred", "[31mred"),
        ("bad\udcffbyte", "bad?byte"),
        ("right\u202eleft", "right left"),
    ],
)
def test_text_of_documents_cannot_steer_the_terminal(text: str, line: str) -> None:
    assert clean(text) == line


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert shorten("a" * 20, 10) == "a" * 9 + "…"


def test_page_numbers_are_joined_into_ranges() -> None:
    assert page_ranges((1, 2, 3, 7, 9, 10)) == "1–3, 7, 9–10"


def test_one_is_singular() -> None:
    assert (plural(1, "page"), plural(2_000, "page")) == ("1 page", "2,000 pages")


def test_an_event_becomes_json_that_names_its_kind() -> None:
    record = json.loads(event_json(ToolCalled(2, "search_archive", {"query": "harbour"})))
    assert record == {"event": "tool_called", "step": 2, "name": "search_archive", "arguments": {"query": "harbour"}}


def test_a_citation_shows_document_page_and_quote_on_clean_lines() -> None:
    assert "[1] Annual [2J report, page 12\n    “net sales were 5 million”\n" in shown(ANSWER)


@pytest.mark.parametrize(("model", "said"), [("extractive reader", True), ("some-model", False)])
def test_only_the_extractive_reader_is_marked_as_one(model: str, said: bool) -> None:
    answer = Answered("5 million [1]", (CITED,), "answered", model, 3, 1.25, 0, 0)
    assert ("No language model" in shown(answer)) == said


def test_cached_tokens_and_messages_that_an_answer_rests_on_are_told() -> None:
    answer = Answered("Blue.", (), "answered", "m", 1, 1.0, 100, 20, "", (), (Recalled(0.0, "user", "I am blue"),), 80)
    assert "1 step, 1.0 s, 120 tokens (80 cached) · m" in shown(answer)
    assert "\nyou, 19" in shown(answer)
    assert "    “I am blue”\n" in shown(answer)


def test_a_partial_answer_names_the_limit() -> None:
    answer = Answered("So far: 5 million", (), "partial", "some-model", 16, 9.0, 100, 20, limit="16 steps")
    assert "This answer is partial. It was stopped by a limit: 16 steps." in shown(answer)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (StepStarted(2, 500, 1000), "  step 2 · context 50 % full\n"),
        (ToolCalled(2, "search_archive", {"query": "net\nsales"}), "    → search_archive(query='net\\nsales')\n"),
        (Observed(2, "search_archive", "…", "8 of 120 passages"), "    ← 8 of 120 passages\n"),
        (Observed(2, "search_archive", "…", "no such page", ok=False), "    ✗ no such page\n"),
        (Evicted(2, 3, 1200), "    ↑ 3 messages left the context, 1,200 tokens freed\n"),
        (
            Evicted(2, 1, 200, "It was red.", by_model=True),
            "    ↑ 1 message left the context, 200 tokens freed, summarised by the model\n",
        ),
        (
            Evicted(2, 1, 200, "It was red."),
            "    ↑ 1 message left the context, 200 tokens freed, summarised by their first words\n",
        ),
        (StepStarted(2, 1, 2, 0, ("search_archive",)), "  step 2 · context 50 % full · may only search\n"),
        (StepStarted(2, 1, 2, 0, ("answer",)), "  step 2 · context 50 % full · may only answer\n"),
        (StepStarted(2, 1, 2, 0, ("remember", "forget")), "  step 2 · context 50 % full · may not answer yet\n"),
        (Remembered(2, "user", "likes\x1b[31m tea"), "    + remembers about the user: likes [31m tea\n"),
        (Remembered(2, "user", "likes tea", forgotten=True), "    − forgot about the user: likes tea\n"),
        (ToolCalled(2, "remember", {"block": "user", "text": "likes tea"}), ""),
    ],
)
def test_a_step_is_a_line(event: Event, line: str) -> None:
    stream = io.StringIO()
    show_step(Screen(stream), event)
    assert stream.getvalue() == line


def test_a_terminal_gets_colour_and_whole_words() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    screen = Screen(stream)
    show_answer(screen, ANSWER)
    screen.table(("id", "pages"), [("[bold]x[/bold]", "3")])
    assert "Annual" in stream.getvalue()
    assert "[bold]x[/bold]" in stream.getvalue()


def test_the_extractive_reader_does_not_speak_of_quotes_where_there_are_none() -> None:
    text = shown(Answered("Nothing.", (), "not_found", "extractive reader", 3, 1.25, 0, 0))
    assert "an answer in other words may have been missed" in text
    assert "put together from quotes" not in text
