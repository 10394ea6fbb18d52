"""The misbehaving server, and models in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from docqa.llm.openai import retrying
from docqa.llm.openai.model import OpenAIModel
from docqa.settings import Settings
from tests.servers.openai import ModelServer

Open = Callable[..., OpenAIModel]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are repeated without long waits."""
    monkeypatch.setattr(retrying, "FIRST", 0.01)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def opened(server: ModelServer, tmp_path: Path) -> Iterator[Open]:
    """Opens models in front of the server; they call functions natively unless another way is set."""
    with ExitStack() as models:

        def open_(**values: Any) -> OpenAIModel:
            folder = tmp_path / "library"
            folder.mkdir(exist_ok=True)
            given = {"data_dir": folder, "llm": "openai", "llm_base_url": server.url, "llm_calls": "native"}
            model = OpenAIModel(Settings(**{**given, **values}))
            models.callback(model.close)
            return model

        yield open_
