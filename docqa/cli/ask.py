"""``docqa ask``: one question."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.following import follow
from docqa.cli.options import Collections, Json, examples, known_collections, load_settings, open_library
from docqa.errors import QuestionError

if TYPE_CHECKING:
    from docqa.llm import LLM
    from docqa.memory.archival import Archival
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
Record = Annotated[
    Path | None,
    typer.Option("--record", help="Append a recording to this file, for 'docqa replay' and 'docqa trace'."),
]


def ask(
    question: Question, collection: Collections = None, quiet: Quiet = False, json: Json = False, record: Record = None
) -> None:
    """Answer a question from the documents, with quotes that were checked.

    The steps go to standard error and the answer to standard output. Ends with 0 if it was answered, 3 if the
    documents do not answer it, 4 if a limit ended the run with a partial answer. It stands for itself: no conversation
    is read, and nothing is kept of it. 'docqa chat' remembers.
    """
    from docqa.agent import Agent
    from docqa.recording import recorded

    settings = load_settings()
    text = sys.stdin.read() if question == "-" else question
    check_question(text, settings)
    with open_library(settings) as library, opened(library, settings, known_collections(library, collection)) as parts:
        run = recorded(record, *parts, settings, text) if record else Agent(*parts, settings).run(text)
        answer = follow(run, quiet=quiet, json=json)
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


@contextmanager
def opened(library: Library, settings: Settings, collections: Sequence[str]) -> Iterator[tuple[LLM, Archival]]:
    """The model of the settings, closed at the end, and these collections of a library."""
    from docqa.llm import open_llm
    from docqa.memory.archival import open_archival

    llm = open_llm(settings)
    try:
        yield llm, open_archival(library, settings, collections)
    finally:
        if close := getattr(llm, "close", None):
            close()
