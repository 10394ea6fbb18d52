"""The command line: ``docqa``. Each command is a function in a module of its own; this one puts them together.

Exit codes: 0 done, 1 an error, 2 wrong usage or some files failed, 3 the documents do not answer, 4 a partial answer,
130 interrupted.
"""

from __future__ import annotations

import io
import sys

import typer

from docqa.cli import (
    archive,
    ask,
    chat,
    doctor,
    documents,
    ingest,
    jobs,
    keys,
    replay,
    schedules,
    serve,
    trace,
    verify,
    watch,
    worker,
)
from docqa.cli.options import Json, examples
from docqa.cli.output import clean, shorten, to_json
from ingest.errors import DocqaError

app = typer.Typer(
    name="docqa",
    help="Ask questions of a library of documents and see where each answer stands.",
    epilog="Begin with: docqa ingest FOLDER, then: docqa ask 'your question'",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"max_content_width": 120},
    rich_markup_mode=None,  # plain help needs no rich, which takes longer to load than all the rest
    pretty_exceptions_enable=False,
)
app.command(epilog=ingest.EXAMPLES)(ingest.ingest)
app.command(epilog=watch.EXAMPLES)(watch.watch)
app.command(epilog=ask.EXAMPLES)(ask.ask)
app.command(epilog=chat.EXAMPLES)(chat.chat)
app.command(epilog=replay.EXAMPLES)(replay.replay)
app.command(epilog=trace.EXAMPLES)(trace.trace)
app.add_typer(documents.app, name="documents")
app.command(epilog=documents.COLLECTIONS_EXAMPLES)(documents.collections)
app.add_typer(archive.app, name="archive")
app.command(epilog=serve.EXAMPLES)(serve.serve)
app.command(epilog=worker.EXAMPLES)(worker.worker)
app.add_typer(jobs.app, name="jobs")
app.add_typer(schedules.app, name="schedules")
app.add_typer(keys.app, name="keys")
app.command(epilog=verify.EXAMPLES)(verify.verify)
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)


@app.command(epilog=examples("docqa version"))
def version(json: Json = False) -> None:
    """Print the version of docqa."""
    from importlib.metadata import version as installed

    number = installed("docqa")
    print(to_json({"version": number}) if json else number)


def main() -> None:
    """Run the command line; every foreseen error ends as one sentence on standard error.

    Typer itself ends an interrupted command with 130 and one whose reader has gone (``| head``) with 1.
    """
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # names and questions need not exist in the terminal's encoding
    try:
        app()
    except DocqaError as error:
        _complain(str(error), error.exit_code)
    except OSError as error:
        _complain(f"{error.strerror or error}: {error.filename or 'the system refused'}.", DocqaError.exit_code)
    except UnicodeError as error:
        name = getattr(error, "object", "")
        text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
        _complain(
            f"'{shorten(text, 200)}' is not valid UTF-8: docqa takes names and paths in UTF-8 only.",
            DocqaError.exit_code,
        )


def _complain(message: str, code: int) -> None:
    print(f"docqa: {clean(message)}", file=sys.stderr)
    sys.exit(code)
