"""``docqa chat``: questions one after another, in a conversation that is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.ask import Quiet, Record, check_question, opened
from docqa.cli.commands import QUIT, command
from docqa.cli.following import follow
from docqa.cli.options import (
    Collections,
    Json,
    examples,
    known_collections,
    load_settings,
    no_library_yet,
    open_library,
)
from docqa.cli.output import Screen, clean, date, shorten, to_json
from ingest.errors import DocqaError

if TYPE_CHECKING:
    from docqa.cli.session import Session
    from docqa.memory.recall import Said
    from docqa.settings import Settings
    from ingest.library import Library

HELP = "Ask a question; /help lists what else can be typed, Ctrl-C stops an answer, Ctrl-D or /quit ends."
AGAIN = "Ctrl-C once more ends, as Ctrl-D and /quit do."
EXAMPLES = examples(
    "docqa chat",
    "docqa chat --collection reports",
    "docqa chat --resume",
    "docqa chat --list",
    "docqa chat --conversation 7km2-x9ph",
    "docqa chat --json < questions.txt",
)
INTERRUPTED = 130
LISTED = 100
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the conversation in which something was said last.")]
Conversation = Annotated[str, typer.Option("--conversation", help="Go on with this one; --list shows their ids.")]
List = Annotated[bool, typer.Option("--list", help=f"List the newest conversations ({LISTED} at most), and end.")]


def chat(
    collection: Collections = None,
    resume: Resume = False,
    conversation: Conversation = "",
    list_: List = False,
    quiet: Quiet = False,
    json: Json = False,
    record: Record = None,
) -> None:
    """Ask one question after another, in a conversation that is kept and can be gone on with.

    A language model sees what was said before, and finds what no longer fits its window; the extractive reader takes
    each question for itself. /help lists the commands that can be typed: /sources, /evidence, /context, /memory, /new,
    /quit. Ctrl-C stops an answer and not the chat. Without a terminal, questions are read line by line; with --json,
    only JSON is written.
    """
    settings = load_settings()
    with open_library(settings) as library:
        if list_:
            return show_conversations(settings, library, json)
        collections = known_collections(library, collection)
        return _talk(settings, library, collections, resume, conversation, Talk(quiet, json), record)


def _talk(
    settings: Settings,
    library: Library,
    collections: Sequence[str],
    resume: bool,
    conversation: str,
    talk: Talk,
    record: Record,
) -> None:
    from docqa.cli.session import Session
    from docqa.memory.recall import open_recall
    from docqa.recording import Recording

    with (
        opened(library, settings, collections) as (llm, archival),
        open_recall(settings, library) as store,
        Recording(record) if record else nullcontext() as recording,
    ):
        session = Session(llm, archival, settings, store, recording)
        wanted = conversation or (store.latest() if resume else "")
        if wanted:
            talk.greet(wanted, session.resume(wanted))
        elif resume:
            talk.note("There is no earlier conversation: this is a new one.")
        talk.questions(session)


def show_conversations(settings: Settings, library: Library, json: bool) -> None:
    """Put the newest conversations on the screen, the newest first."""
    from docqa.memory.recall import open_recall

    rows = []
    if not no_library_yet(settings) or settings.recall_url:
        with open_recall(settings, library) as store:
            rows = store.conversations(LISTED)
    if json:
        for row in rows:
            print(to_json(row))
    elif rows:
        lines = [(row.id, date(row.last), f"{row.messages:,}", clean(row.question)) for row in rows]
        Screen().table(("id", "last said", "messages", "begins with"), lines)
    else:
        Screen().line("There is no conversation yet.")


class Talk:
    """What is read and written around the answers. With ``json`` only JSON is written."""

    def __init__(self, quiet: bool, json: bool) -> None:
        self._quiet, self._json = quiet, json
        self._typed = sys.stdin.isatty() and not json
        self._screen = Screen(sys.stderr)
        self._told = ""  # the conversation whose id was written
        self._stopped = False  # by Ctrl-C, and nothing was typed since

    def greet(self, id: str, exchange: Sequence[Said]) -> None:
        """Say which conversation goes on, and how it ended."""
        self._told = id
        if self._json:
            said = [{"by": one.message.role, "when": one.when, "text": one.message.content} for one in exchange]
            print(to_json({"event": "resumed", "conversation": id, "last": said}), flush=True)
            return
        when = f", last said on {date(exchange[-1].when)}" if exchange else ", in which nothing was said yet"
        self._screen.line(f"Going on with conversation {id}{when}.", "dim")
        for one in exchange:
            if one.message.role == "user":
                self._screen.line(f"? {shorten(one.message.content, 500)}", "bold")
            else:
                for paragraph in one.message.content[:4000].splitlines():
                    self._screen.line(clean(paragraph), "dim", 2)

    def questions(self, session: Session) -> None:
        """Read questions and commands, and answer them, until the end."""
        if not self._json:
            self._screen.line(HELP, "dim")
        if self._typed:
            with suppress(ImportError):
                import readline  # noqa: F401  # editing, lines of any length, and pasted ones that have several
        code = 0
        try:
            while (line := self._read()) is not None and line not in QUIT:
                with self._guarded():
                    if line.startswith("/"):
                        command(session, line, self._json)
                    else:
                        self._answer(session, line)
        except KeyboardInterrupt:
            code = INTERRUPTED
        if session.id and self._typed:
            self._screen.line(f"docqa chat --conversation {session.id} goes on with this conversation.", "dim")
        if code:
            raise typer.Exit(code)

    def _answer(self, session: Session, question: str) -> None:
        check_question(question, session.settings)
        id = session.conversation.conversation
        if self._json and id != self._told:
            print(to_json({"event": "begun", "conversation": id}), flush=True)
        self._told = id
        follow(session.ask(question), quiet=self._quiet, json=self._json, typed=self._typed)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """An error is told, Ctrl-C ends what is under way, and the chat goes on."""
        try:
            yield
        except DocqaError as error:
            self._problem(clean(error))
        except KeyboardInterrupt:
            self._stopped = True
            self._problem("Stopped.", AGAIN)

    def note(self, sentence: str) -> None:
        """Say something beside the answers."""
        self._screen.line(sentence, "yellow")

    def _problem(self, sentence: str, more: str = "") -> None:
        if self._json:
            print(to_json({"event": "error", "message": sentence}), flush=True)
        else:
            self.note(f"{sentence} {more}" if more and self._typed else sentence)

    def _read(self) -> str | None:
        """The next line that says something; None at the end.

        Raises:
            KeyboardInterrupt: Ctrl-C, for the second time on a terminal.
        """
        while True:
            try:
                line = self._line()
            except EOFError:
                return None
            except KeyboardInterrupt:
                if not self._typed or self._stopped:
                    raise
                self._stopped = True
                self.note(f"\n{AGAIN}")
                continue
            self._stopped = False
            if line:
                return line

    def _line(self) -> str:
        if not self._typed:
            return input().strip()
        if sys.stdout.isatty():
            return input("\n? ").strip()
        self._screen.stream.write("\n? ")
        self._screen.stream.flush()
        return input().strip()
