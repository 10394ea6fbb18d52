"""What can be typed into ``docqa chat`` beside questions: commands, which begin with a slash."""

from __future__ import annotations

from collections.abc import Callable

from docqa.cli.output import Screen, plural, shorten, to_json
from docqa.cli.session import Session
from docqa.cli.steps import show_citations, show_evidence, show_recalled

HELP = {
    "/sources": "the quotes of the last answer",
    "/evidence": "what the last run has noted, each claim with its quote",
    "/context": "what fills the model's window now",
    "/memory": "what docqa remembers about you, the library and your task",
    "/memory forget BLOCK TEXT": "drop the lines of a block that hold a text",
    "/new": "begin a new conversation",
    "/help": "this list",
    "/quit": "end, as Ctrl-D does",
}
QUIT = ("/quit", "/exit")
BLOCKS = {"user": "about you", "library": "about the library", "task": "notes of the task"}


def command(session: Session, line: str, json: bool) -> None:
    """Run a command and put what it gives on standard output."""
    name, _, rest = line.partition(" ")
    run = COMMANDS.get(name, _unknown)
    run(session, rest.strip() if run is not _unknown else name, Out(json))


class Out:
    """Where a command puts what it gives: a JSON object, or lines on the screen."""

    def __init__(self, json: bool) -> None:
        self.json, self.screen = json, Screen()

    def record(self, **fields: object) -> None:
        """One JSON object."""
        print(to_json(fields), flush=True)

    def nothing(self, sentence: str) -> None:
        """That there is nothing to show."""
        self.screen.line(sentence, "dim")

    def problem(self, sentence: str) -> None:
        """What was wrong with the command."""
        if self.json:
            self.record(event="error", message=sentence)
        else:
            self.screen.line(sentence, "yellow")


def _sources(session: Session, _rest: str, out: Out) -> None:
    answer = session.last.answer
    citations, recalled = (answer.citations, answer.recalled) if answer else ((), ())
    if out.json:
        out.record(citations=citations, recalled=recalled)
    elif citations or recalled:
        show_citations(out.screen, citations)
        show_recalled(out.screen, recalled)
    else:
        out.nothing("There is no answer with quotes yet.")


def _evidence(session: Session, _rest: str, out: Out) -> None:
    if out.json:
        out.record(evidence=session.last.evidence)
    elif session.last.evidence:
        show_evidence(out.screen, session.last.evidence)
    else:
        out.nothing("The last run has noted nothing yet.")


def _context(session: Session, _rest: str, out: Out) -> None:
    parts, window = session.last.context(), session.settings.context_window
    budget = sum(tokens for _, tokens in parts)
    if out.json:
        out.record(context=[{"part": part, "tokens": tokens} for part, tokens in parts], budget=budget, window=window)
    elif parts:
        used = budget - parts[-1][1]
        rows = [(shorten(part, 100), f"{tokens:,}", f"{100 * tokens / budget:.0f} %") for part, tokens in parts]
        out.screen.table(("part", "tokens", "share"), rows)
        kept = f"{window - budget:,} of the window's {window:,} are kept free to write"
        out.screen.line(f"{used:,} of {budget:,} tokens are used; {kept}.", "dim")
    else:
        out.nothing("Nothing fills the window yet: ask something first.")


def _memory(session: Session, rest: str, out: Out) -> None:
    action, _, what = rest.partition(" ")
    if action == "forget":
        return _forget(session, what, out)
    if rest:
        return out.problem("Type /memory, or /memory forget BLOCK TEXT.")
    core = session.core()
    if out.json:
        return out.record(memory=core.blocks, used=core.used, limit=core.limit)
    for name, about in BLOCKS.items():
        out.screen.line(f"{name} ({about})", "bold")
        for line in core.blocks.get(name, "").splitlines() or ["(nothing)"]:
            out.screen.line(shorten(line, 1000), "" if core.blocks.get(name) else "dim", 4)
    out.screen.line(f"{core.used:,} of {plural(core.limit, 'token')} are used.", "dim")
    return None


def _forget(session: Session, what: str, out: Out) -> None:
    block, _, text = what.strip().partition(" ")
    if block not in BLOCKS or not text.strip():
        return out.problem(f"Type /memory forget BLOCK TEXT; the blocks are: {', '.join(BLOCKS)}.")
    core = session.core()
    core.heard(core.blocks.values())  # the user asks for it
    dropped, problem = core.forget(block, text)
    if problem:
        return out.problem(f"Nothing in '{block}' is like '{shorten(text, 80)}'; /memory shows what is there.")
    if out.json:
        return out.record(forgotten=dropped, block=block)
    return out.screen.line(f"Forgotten: {shorten(dropped, 500)}")


def _new(session: Session, _rest: str, out: Out) -> None:
    session.new()
    if out.json:
        out.record(conversation=None)
    else:
        out.screen.line("The next question begins a new conversation.", "dim")


def _help(_session: Session, _rest: str, out: Out) -> None:
    if out.json:
        return out.record(commands=HELP)
    for name, meaning in HELP.items():
        out.screen.line(f"{name:<27}{meaning}", "dim")
    return None


def _unknown(_session: Session, name: str, out: Out) -> None:
    out.problem(f"There is no command '{shorten(name, 40)}'; /help lists those that there are.")


COMMANDS: dict[str, Callable[[Session, str, Out], None]] = {
    "/sources": _sources,
    "/evidence": _evidence,
    "/context": _context,
    "/memory": _memory,
    "/new": _new,
    "/help": _help,
}
