"""Answers by a scripted model over a small library, which all tests here read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from docqa.answering import Answering
from docqa.answering.libraries import Libraries
from docqa.llm import Completion
from docqa.llm.scripted import Script, ScriptedModel
from docqa.registry import Registry, open_registry
from docqa.settings import Settings
from ingest.library import Library
from ingest.pipeline import ingest
from tests.docqa.answering.asking import looking

REPORT = "# Harbour report\n\nThe harbour was built in 1931 by Quay Works.\n"


class Service:
    """What answers need, and answering itself by any model; closed with the test."""

    def __init__(self, settings: Settings, undo: ExitStack) -> None:
        self.settings, self._undo = settings, undo
        self.libraries = Libraries(settings)
        self.registry: Registry = open_registry(settings)
        undo.callback(self.registry.close)
        undo.callback(self.libraries.close)

    def answering(
        self, script: Sequence[Completion] | Script | None = None, pause: float = 0, **settings: object
    ) -> Answering:
        """Answering by a model that plays a script; without one it finds nothing."""
        model = ScriptedModel(script or looking, pause=pause)
        return self.answering_by(model, **settings)

    def answering_by(self, model: ScriptedModel, **settings: object) -> Answering:
        """Answering by a model."""
        changed = self.settings.model_copy(update=settings)
        made = Answering(changed, model, self.libraries, self.registry)
        self._undo.callback(made.close, 0)
        return made


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    settings = Settings(data_dir=tmp_path / "library")
    with ExitStack() as undo:
        yield Service(settings, undo)


@pytest.fixture
def report(service: Service, tmp_path: Path) -> Library:
    """The library of the tenant acme, which holds one document."""
    (tmp_path / "report.md").write_text(REPORT)
    library = service.libraries.of("acme")
    list(ingest(library, [tmp_path / "report.md"], "harbours"))
    return library
