"""What is loaded beside the first requests."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from docqa.api.responding.shape import Reply
from docqa.api.responding.typed import ResponseCompletedEvent
from docqa.api.service import Service
from docqa.api.warming import warm
from docqa.llm.scripted import ScriptedModel
from docqa.settings import Settings


@pytest.fixture(autouse=True)
def _own_collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    opened = Service.open(settings, ScriptedModel([]))
    yield opened
    opened.close()


def test_the_types_of_events_and_the_archive_are_at_hand(service: Service) -> None:
    warm(service)
    assert Reply.__pydantic_complete__
    assert ResponseCompletedEvent.__pydantic_complete__
    assert {"embedder", "archive"} <= service.library(service.settings.tenant).opened


def test_what_is_there_for_good_is_not_looked_through_again(service: Service) -> None:
    warm(service)
    assert gc.get_freeze_count() > 100_000


def test_what_cannot_be_opened_now_is_said_and_left_for_later(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (settings.root / "archive").rename(settings.root / "elsewhere")
    (settings.root / "archive").write_text("no folder")
    service = Service.open(settings, ScriptedModel([]))
    warm(service)
    assert "not everything could be opened yet" in caplog.text
    service.close()
