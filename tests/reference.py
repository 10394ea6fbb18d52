"""The reference pages that are made out of the code: ``make docs`` writes them and ``test_docs`` compares them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer.main
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from docqa.api.app import create_app
from docqa.cli import app
from docqa.settings import Settings as DocqaSettings
from ingest.settings import Settings as IngestSettings

DOCS = Path(__file__).parents[1] / "docs"
CLI_HEAD = """\
# Commands

Made out of the commands' own help by `make docs`.

Exit codes: 0 done · 1 an error, told in one sentence on standard error · 2 wrong usage, or an ingest in which some
files failed · 3 the documents do not answer the question · 4 a limit ended the run with a partial answer ·
130 interrupted.

`--json` prints JSON Lines: one object a line. Without a terminal there are no colours or bars.
"""
TABLES_HEAD = "## All settings\n"
ROUTES_HEAD = "## All routes\n"
WIDTH = 100


def command_help(command: object = None, path: str = "docqa") -> Iterator[tuple[str, str]]:
    """Every command with its help text, parents before children."""
    command = command or typer.main.get_command(app)
    context = command.make_context(path, [], resilient_parsing=True, terminal_width=WIDTH)  # type: ignore[attr-defined]
    yield path, command.get_help(context)  # type: ignore[attr-defined]
    for name, child in getattr(command, "commands", {}).items():
        yield from command_help(child, f"{path} {name}")


def cli_page() -> str:
    """docs/cli.md."""
    sections = [f"## {path}\n\n```text\n{text.rstrip()}\n```\n" for path, text in command_help()]
    return "\n".join([CLI_HEAD, *sections])


def settings_rows(settings: type[BaseSettings], leave_out: frozenset[str] = frozenset()) -> Iterator[str]:
    """A row of the settings table for each field: variable, default, meaning."""
    for name, field in settings.model_fields.items():
        if name not in leave_out:
            default = "" if field.default in ("", PydanticUndefined) else f"`{field.default}`"
            yield f"| `DOCQA_{name.upper()}` | {default} | {field.description} |"


def settings_tables() -> str:
    """The tables of docs/settings.md."""
    inherited = frozenset(IngestSettings.model_fields)
    head = "| variable | default | meaning |\n| --- | --- | --- |"
    ingest, docqa = settings_rows(IngestSettings), settings_rows(DocqaSettings, inherited)
    return "\n".join([TABLES_HEAD, "### Documents", "", head, *ingest, "", "### Answers", "", head, *docqa, ""])


def routes_table() -> str:
    """The table of docs/service.md: every route and what it does."""
    described = create_app(DocqaSettings(_env_file=None)).openapi()["paths"]  # type: ignore[call-arg]
    rows = (
        f"| `{method.upper()} {path}` | {operation['description'].split('. ')[0].splitlines()[0].rstrip('.')} |"
        for path, operations in described.items()
        for method, operation in operations.items()
    )
    return "\n".join([ROUTES_HEAD, "| route | what it does |\n| --- | --- |", *rows, ""])


def main() -> None:
    """Write the pages."""
    service = DOCS / "service.md"
    service.write_text(service.read_text().partition(ROUTES_HEAD)[0] + routes_table())
    (DOCS / "cli.md").write_text(cli_page())
    page = DOCS / "settings.md"
    page.write_text(page.read_text().partition(TABLES_HEAD)[0] + settings_tables())


if __name__ == "__main__":
    main()
