"""``docqa ask``: one question."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.options import Collections, Json, examples, known_collections, load_settings, open_library
from docqa.cli.output import Screen, event_json
from docqa.cli.steps import show_answer, show_step
from docqa.errors import QuestionError
from docqa.events import Answered

if TYPE_CHECKING:
    from docqa.agent import Agent
    from docqa.llm import Message
    from docqa.settings import Settings
    from ingest.library import Library

EXIT_CODES = {"answered": 0, "not_found": 3, "partial": 4}
EXAMPLES = examples(
    'docqa ask "Who signed the lease of the Hamburg office?"',
    'docqa ask "What was the revenue of 2023?" --collection reports',
    'docqa ask --json "What was the revenue of 2023?" | tail -n 1',
    'echo "a long question" | docqa ask -',
)
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only the answer, not the steps that lead to it.")]
Question = Annotated[str, typer.Argument(help="The question; '-' reads it from standard input.", show_default=False)]


def ask(question: Question, collection: Collections = None, quiet: Quiet = False, json: Json = False) -> None:
    """Answer a question from the documents, with quotes that were checked.

    The steps go to standard error and the answer to standard output. Ends with 0 if it was answered, 3 if the
    documents do not answer it, 4 if a limit ended the run with a partial answer.
    """
    settings = load_settings()
    text = sys.stdin.read() if question == "-" else question
    check_question(text, settings)
    with open_library(settings) as library:
        agent = open_agent(library, settings, known_collections(library, collection))
        answer = follow(agent, text, quiet=quiet, json=json)
    raise typer.Exit(EXIT_CODES[answer.outcome])


def check_question(text: str, settings: Settings) -> None:
    """Refuse what cannot be asked before anything is opened.

    Raises:
        QuestionError: the question is empty or too long.
    """
    if not text.strip():
        raise QuestionError("The question is empty: write what you want to know.")
    if len(text) > settings.max_question_chars:
        raise QuestionError(
            f"The question has {len(text):,} characters, more than {settings.max_question_chars:,}: "
            "shorten it, or raise DOCQA_MAX_QUESTION_CHARS."
        )


def open_agent(library: Library, settings: Settings, collections: Sequence[str]) -> Agent:
    """The agent that answers from these collections of a library."""
    from docqa.agent import Agent
    from docqa.llm import open_llm
    from docqa.memory.archival import open_archival

    return Agent(open_llm(settings), open_archival(library, settings, collections), settings)


def follow(
    agent: Agent,
    question: str,
    history: Sequence[Message] = (),
    quiet: bool = False,
    json: bool = False,
    typed: bool = False,
) -> Answered:
    """Run a question, show it as it goes, and return the answer; one that was ``typed`` stands on the screen."""
    out, steps = Screen(sys.stdout), Screen(sys.stderr)
    for event in agent.run(question, history):
        if json:
            if not quiet or isinstance(event, Answered):
                print(event_json(event), flush=True)
        elif isinstance(event, Answered):
            show_answer(out, event)
        elif not quiet:
            show_step(steps, event, typed)
        if isinstance(event, Answered):
            return event
    raise RuntimeError("the run ended without an answer")
