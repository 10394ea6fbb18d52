"""The documentation names what there is, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import reference
from tests.servers import plugin

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")] + sorted((ROOT / "docs").rglob("*.md"))
COMMANDS = dict(reference.command_help())
NAMED_TARGETS = sorted(set(re.findall(r"(?m)(?:^ +|`)make ([a-z]+)", README)))
NAMED_COMMANDS = sorted(set(re.findall(r"(?m)(?:^ +|`)docqa ([a-z]+(?: (?:list|show|delete)\b)?)", README)))


def test_the_command_reference_is_up_to_date() -> None:
    assert (ROOT / "docs/cli.md").read_text() == reference.cli_page(), "run 'make docs'"


def test_every_setting_is_described_with_its_default() -> None:
    assert reference.settings_tables() in (ROOT / "docs/settings.md").read_text(), "run 'make docs'"


def test_every_route_is_described() -> None:
    assert reference.routes_table() in (ROOT / "docs/service.md").read_text(), "run 'make docs'"


@pytest.mark.parametrize("command", [path for path in COMMANDS if path != "docqa"])
def test_every_command_says_what_it_does_and_shows_an_example(command: str) -> None:
    leaf = not any(other.startswith(f"{command} ") for other in COMMANDS)
    assert re.search(r"\n  \w.+\.", COMMANDS[command])
    assert "Example" in COMMANDS[command] or not leaf


@pytest.mark.parametrize("target", NAMED_TARGETS)
def test_every_make_target_in_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", NAMED_COMMANDS)
def test_every_command_in_the_readme_exists(command: str) -> None:
    assert f"docqa {command}" in COMMANDS


def test_every_setting_named_in_the_documentation_exists() -> None:
    known = {f"DOCQA_{name.upper()}" for name in reference.DocqaSettings.model_fields}
    known |= {"DOCQA_EVAL_DATA", plugin.URL, plugin.GRPC_URL, plugin.API_KEY}
    assert {name for page in PAGES for name in re.findall(r"DOCQA_[A-Z_]+", page.read_text())} <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_named_in_the_documentation_exists(page: Path) -> None:
    named = re.findall(r"`((?:ingest|docqa|tests|docs|benchmarks|sample_docs|\.ci)/[\w./-]*)", page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []
