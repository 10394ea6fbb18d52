"""A small library of two collections, and the service over it."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from openai import OpenAI

from docqa.settings import Settings
from ingest.library import Library
from ingest.pipeline import ingest
from tests.servers.api import client_of, serving

# The one that all of its functions share: its 5 s are few on a busy machine.
inspect.signature(httpx.get).parameters["timeout"].default.read = 60.0
PAPERS = {
    "harbours": "# The harbour of Ostervik\n\n"
    "The harbour of Ostervik was opened in 1911 by the builder Norda Shipyard.\n",
    "people": "# Norda Shipyard\n\nThe builder Norda Shipyard was born in the village of Tverrdal.\n",
}
"""The text of the one document of each collection."""


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a library that holds both documents; it is copied and never changed."""
    place = tmp_path_factory.mktemp("stocked")
    with Library.open(Settings(data_dir=place / "data")) as library:
        for collection, text in PAPERS.items():
            (place / f"{collection}.md").write_text(text)
            assert list(ingest(library, [place / f"{collection}.md"], collection))[-1].totals.finished == 1
    return place / "data"


@pytest.fixture
def settings(stocked: Path, tmp_path: Path) -> Settings:
    """The settings of a library of this test's own that holds both documents."""
    shutil.copytree(stocked, tmp_path / "library")
    return Settings(data_dir=tmp_path / "library")


@pytest.fixture(scope="module")
def base(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service over both documents, with the extractive reader, which the tests of a module share."""
    place = tmp_path_factory.mktemp("shared") / "library"
    shutil.copytree(stocked, place)
    with serving(Settings(data_dir=place)) as address:
        yield address


@pytest.fixture
def client(base: str) -> Iterator[OpenAI]:
    """The official client of the shared service."""
    with client_of(base) as client:
        yield client
