"""``docqa chat``: questions one after another."""

from __future__ import annotations

import sys

from docqa.cli.ask import Quiet, check_question, follow, open_agent
from docqa.cli.options import Collections, Json, examples, known_collections, load_settings, open_library
from docqa.cli.output import Screen, to_json
from docqa.cli.steps import show_citations
from docqa.errors import QuestionError
from docqa.events import Answered

HELP = "Ask a question, or type /sources for the quotes of the last answer, /quit to end."
EXAMPLES = examples("docqa chat", "docqa chat --collection reports", "docqa chat --json < questions.txt")


def chat(collection: Collections = None, quiet: Quiet = False, json: Json = False) -> None:
    """Ask one question after another; a language model sees what was said before, the extractive reader does not.

    /sources shows the quotes of the last answer again, /quit or Ctrl-D ends. With --json, questions are read line by
    line and only JSON is written.
    """
    from docqa.llm import Message

    settings = load_settings()
    screen = Screen(sys.stderr)
    with open_library(settings) as library:
        agent = open_agent(library, settings, known_collections(library, collection))
        if not json:
            screen.line(HELP, "dim")
        history: list[Message] = []
        last: Answered | None = None
        while (line := _read(json)) is not None and line not in ("/quit", "/exit"):
            if line.startswith("/"):
                _command(line, last, json)
                continue
            try:
                check_question(line, settings)
                last = follow(agent, line, history, quiet=quiet, json=json, typed=sys.stdin.isatty())
            except QuestionError as error:
                screen.line(str(error), "yellow")
            except KeyboardInterrupt:
                screen.line("Stopped. Ask another question, or /quit.", "yellow")
            else:
                history += [Message("user", line), Message("assistant", last.text)]


def _read(json: bool) -> str | None:
    """The next line that says something; None at the end."""
    while True:
        try:
            prompt = "" if json or not sys.stdin.isatty() else "\n? "
            if line := input(prompt).strip():
                return line
        except EOFError:
            return None


def _command(line: str, last: Answered | None, json: bool) -> None:
    screen = Screen()
    if json:
        print(to_json({"citations": last.citations if last and line == "/sources" else ()}))
    elif line == "/sources" and last and last.citations:
        show_citations(screen, last.citations)
    elif line == "/sources":
        screen.line("There is no answer with quotes yet.", "dim")
    else:
        screen.line(HELP, "dim")
