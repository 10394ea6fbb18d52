"""An agent's run on the screen: the steps as they happen, then the answer with its numbered citations."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from docqa import events
from docqa.cli.output import Screen, clean, date, plural, shorten
from docqa.events import EXTRACTIVE, OTHER_WORDS

NOT_A_MODEL = (
    "This answer was put together from quotes by the built-in extractive reader. No language model read the documents: "
    "check the quotes."
)
NO_MODEL_FOUND_NOTHING = f"The built-in extractive reader looked for this. {OTHER_WORDS}"
OWN_EVENTS = ("note_evidence", "remember", "forget")
SPEAKERS = {"user": "you", "assistant": "docqa"}
OUTCOMES = {"answered": "answered", "not_found": "not in the documents", "partial": "partial answer"}


def show_step(screen: Screen, event: events.Event, typed: bool = False) -> None:
    """Put one event of a run on the screen; a typed question stands there.

    ``Answered`` is left to ``show_answer``, and ``TextWritten``, which comes in pieces, to ``live.Paragraph``.
    """
    match event:
        case events.RunStarted(question, model):
            if not typed:
                screen.line(shorten(question, 500), "bold")
            screen.line(f"answered by: {clean(model)}", "dim", 2)
        case events.StepStarted(step, used, budget, _, only):
            screen.line(f"step {step} · context {100 * used // max(budget, 1)} % full{_narrowed(only)}", "dim", 2)
        case events.ToolCalled(_, name) | events.Observed(_, name, _, _, True) if name in OWN_EVENTS:
            pass  # what was noted, or remembered, comes as an event of its own
        case events.ToolCalled(_, "answer"):
            screen.line("→ answer", "cyan", 4)
        case events.ToolCalled(_, name, arguments):
            screen.line(f"→ {shorten(name, 64)}({_arguments(arguments)})", "cyan", 4)
        case events.Observed(_, _, _, summary, ok):
            screen.line(f"{'←' if ok else '✗'} {clean(summary)}", "" if ok else "yellow", 4)
        case events.EvidenceNoted(_, evidence):
            screen.line(f"✓ {shorten(evidence.claim, 200)} ({_place(evidence.citation)})", "green", 4)
        case events.Remembered(_, block, text, forgotten):
            done = "forgot about" if forgotten else "remembers about"
            screen.line(f"{'−' if forgotten else '+'} {done} the {clean(block)}: {shorten(text, 200)}", "green", 4)
        case events.Evicted():
            _show_evicted(screen, event)


def _narrowed(only: Collection[str]) -> str:
    """What a step may call, where that is not everything."""
    if not only:
        return ""
    if "answer" not in only:
        searches = all(name.startswith("search_") for name in only)
        return " · may only search" if searches else " · may not answer yet"
    return " · may only answer" if len(only) == 1 else f" · may only call {', '.join(only)}"


def _show_evicted(screen: Screen, gone: events.Evicted) -> None:
    by = "summarised by the model" if gone.by_model else "summarised by their first words"
    told = f"{plural(gone.messages, 'message')} left the context, {gone.tokens:,} tokens freed"
    screen.line(f"↑ {told}{f', {by}' if gone.summary else ''}", "magenta", 4)


def show_answer(screen: Screen, answer: events.Answered) -> None:
    """Put an answer on the screen: its text, where each quote stands, and what it took."""
    screen.line()
    if answer.outcome == "partial":
        screen.line(f"This answer is partial. It was stopped by a limit: {clean(answer.limit)}.", "bold yellow")
    for paragraph in answer.text.splitlines():
        screen.line(clean(paragraph), "bold" if answer.outcome == "answered" else "yellow")
    show_citations(screen, answer.citations)
    show_recalled(screen, answer.recalled)
    screen.line()
    if answer.model == EXTRACTIVE:
        screen.line(NOT_A_MODEL if answer.citations else NO_MODEL_FOUND_NOTHING, "dim")
    took = f"{plural(answer.steps, 'step')}, {answer.seconds:.1f} s{_tokens(answer)}"
    screen.line(f"{OUTCOMES[answer.outcome]} · {took} · {clean(answer.model)}", "dim")


def _tokens(answer: events.Answered) -> str:
    if not answer.prompt_tokens:
        return ""
    cached = f" ({answer.cached_tokens:,} cached)" if answer.cached_tokens else ""
    return f", {answer.prompt_tokens + answer.answer_tokens:,} tokens{cached}"


def show_citations(screen: Screen, citations: Iterable[events.Citation]) -> None:
    """Put numbered citations on the screen: document, page and quote."""
    for cited in citations:
        screen.line()
        screen.line(f"[{cited.marker}] {_place(cited)}", "cyan")
        screen.line(f"“{clean(cited.quote)}”", "", 4)


def show_recalled(screen: Screen, recalled: Iterable[events.Recalled]) -> None:
    """Put messages of the conversation that an answer rests on on the screen: when, whose and their beginnings."""
    for said in recalled:
        screen.line()
        screen.line(f"{SPEAKERS.get(said.by, 'a result')}, {date(said.when)}", "cyan")
        screen.line(f"“{shorten(said.text, 500)}”", "", 4)


def show_evidence(screen: Screen, evidence: Iterable[events.Evidence]) -> None:
    """Put the claims of a run on the screen, each with the quote that carries it."""
    for number, noted in enumerate(evidence, 1):
        screen.line(f"[e{number}] {clean(noted.claim)}", "bold")
        screen.line(f"{_place(noted.citation)}: “{clean(noted.citation.quote)}”", "", 4)


def _place(cited: events.Citation) -> str:
    return f"{shorten(cited.title, 100)}, page {cited.page}"


def _arguments(arguments: dict[str, object]) -> str:
    return ", ".join(f"{name}={shorten(repr(value), 120)}" for name, value in arguments.items())
