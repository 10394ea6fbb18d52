"""An agent's run on the screen: the steps as they happen, then the answer with its numbered citations."""

from __future__ import annotations

from collections.abc import Iterable

from docqa import events
from docqa.cli.output import Screen, clean, plural, shorten

EXTRACTIVE = "extractive reader"
NOT_A_MODEL = (
    "This answer was put together from quotes by the built-in extractive reader. No language model read the documents: "
    "check the quotes."
)
NO_MODEL_FOUND_NOTHING = (
    "The built-in extractive reader looked for this. No language model read the documents: an answer in other words "
    "may have been missed."
)
OUTCOMES = {"answered": "answered", "not_found": "not in the documents", "partial": "partial answer"}


def show_step(screen: Screen, event: events.Event, typed: bool = False) -> None:
    """Put one event of a run on the screen; ``Answered`` is left to ``show_answer``, a typed question stands there."""
    match event:
        case events.RunStarted(question, model):
            if not typed:
                screen.line(shorten(question, 500), "bold")
            screen.line(f"answered by: {model}", "dim", 2)
        case events.StepStarted(step, used, budget):
            screen.line(f"step {step} · context {100 * used // max(budget, 1)} % full", "dim", 2)
        case events.ToolCalled(_, "note_evidence") | events.Observed(_, "note_evidence", _, _, True):
            pass  # what was noted comes as an event of its own
        case events.ToolCalled(_, "answer"):
            screen.line("→ answer", "cyan", 4)
        case events.ToolCalled(_, name, arguments):
            screen.line(f"→ {name}({_arguments(arguments)})", "cyan", 4)
        case events.Observed(_, _, _, summary, ok):
            screen.line(f"{'←' if ok else '✗'} {clean(summary)}", "" if ok else "yellow", 4)
        case events.EvidenceNoted(_, evidence):
            cited = evidence.citation
            screen.line(f"✓ {shorten(evidence.claim, 200)} ({_place(cited)})", "green", 4)
        case events.Evicted(_, messages, tokens):
            screen.line(f"↑ {plural(messages, 'message')} left the context, {tokens:,} tokens freed", "magenta", 4)
        case events.TextWritten(text) if text.strip():
            screen.line(clean(text), "italic", 4)


def show_answer(screen: Screen, answer: events.Answered) -> None:
    """Put an answer on the screen: its text, where each quote stands, and what it took."""
    screen.line()
    if answer.outcome == "partial":
        screen.line(f"This answer is partial. It was stopped by a limit: {clean(answer.limit)}.", "bold yellow")
    for paragraph in answer.text.splitlines():
        screen.line(clean(paragraph), "bold" if answer.outcome == "answered" else "yellow")
    show_citations(screen, answer.citations)
    screen.line()
    if answer.model == EXTRACTIVE:
        screen.line(NOT_A_MODEL if answer.citations else NO_MODEL_FOUND_NOTHING, "dim")
    tokens = f", {answer.prompt_tokens + answer.answer_tokens:,} tokens" if answer.prompt_tokens else ""
    screen.line(
        f"{OUTCOMES[answer.outcome]} · {plural(answer.steps, 'step')}, {answer.seconds:.1f} s{tokens} · {answer.model}",
        "dim",
    )


def show_citations(screen: Screen, citations: Iterable[events.Citation]) -> None:
    """Put numbered citations on the screen: document, page and quote."""
    for cited in citations:
        screen.line()
        screen.line(f"[{cited.marker}] {_place(cited)}", "cyan")
        screen.line(f"“{clean(cited.quote)}”", "", 4)


def _place(cited: events.Citation) -> str:
    return f"{shorten(cited.title, 100)}, page {cited.page}"


def _arguments(arguments: dict[str, object]) -> str:
    return ", ".join(f"{name}={shorten(repr(value), 120)}" for name, value in arguments.items())
